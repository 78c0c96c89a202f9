// Indexes, dropped columns and views in the stored schema.

import CQLProtocol
import MillraceBase

extension SchemaStorage {
    static func document(_ index: TableIndex) -> JSONValue {
        [
            "name": .string(index.name), "kind": .string(index.kind.rawValue),
            "options": entries(index.options), "storage": .number(String(index.storageID)),
            "built": .bool(index.isBuilt),
        ]
    }

    static func index(_ document: JSONValue) throws(StatementError) -> TableIndex {
        guard let name = document["name"]?.string,
            let kind = document["kind"]?.string.flatMap({ TableIndex.Kind(rawValue: $0) }),
            let storage = document["storage"]?.int.flatMap({ UInt32(exactly: $0) })
        else { throw damaged }
        return TableIndex(
            name: name, kind: kind, options: entries(document["options"]), storageID: storage,
            isBuilt: document["built"]?.bool ?? true)
    }

    /// Arguments in hexadecimal, which no text is in JSON.
    static func document(_ mask: ColumnMask) -> JSONValue {
        [
            "function": .string(mask.function),
            "arguments": .array(mask.arguments.map { $0.map { .string($0.hexText) } ?? .null }),
        ]
    }

    static func mask(_ document: JSONValue) throws(StatementError) -> ColumnMask {
        guard let function = document["function"]?.string,
            let list = document["arguments"]?.array
        else { throw damaged }
        var arguments: [[UInt8]?] = []
        for item in list {
            guard let text = item.string else {
                arguments.append(nil)
                continue
            }
            guard let bytes = Literals.bytes(hex: text) else { throw damaged }
            arguments.append(bytes)
        }
        return ColumnMask(function: function, arguments: arguments)
    }

    static func document(_ column: DroppedColumn) -> JSONValue {
        var document: JSONObject = [
            "name": .string(column.name), "kind": .string(column.kind.rawValue),
            "type": .string(column.type.description), "time": .number(String(column.droppedTime)),
        ]
        if let id = column.id { document["id"] = .number(String(id)) }
        return .object(document)
    }

    static func droppedColumn(
        _ document: JSONValue, _ keyspace: Keyspace
    ) throws(StatementError) -> DroppedColumn {
        guard let name = document["name"]?.string,
            let kind = document["kind"]?.string.flatMap({ Column.Kind(rawValue: $0) }),
            let type = document["type"]?.string, let time = document["time"]?.int
        else { throw damaged }
        return DroppedColumn(
            name: name, kind: kind, type: try self.type(type, keyspace), droppedTime: Int64(time),
            id: document["id"]?.int.flatMap { UInt16(exactly: $0) })
    }

    static func document(_ view: ViewDefinition) -> JSONValue {
        [
            "base": .string(view.baseTable), "base_id": .string(view.baseID.description),
            "all": .bool(view.includesAllColumns), "where": .string(view.whereClause),
            "needs_marker": .bool(view.needsMarker), "built": .bool(view.isBuilt),
        ]
    }

    static func view(_ document: JSONValue) throws(StatementError) -> ViewDefinition {
        guard let base = document["base"]?.string, let whereClause = document["where"]?.string,
            let id = document["base_id"]?.string.flatMap({ CQLUUID($0) })
        else { throw damaged }
        do throws(CQLSyntaxError) {
            return ViewDefinition(
                baseTable: base, baseID: id, includesAllColumns: document["all"]?.bool ?? false,
                relations: try CQLParser.parseRelations(whereClause),
                needsMarker: document["needs_marker"]?.bool ?? false,
                isBuilt: document["built"]?.bool ?? true)
        } catch {
            throw damaged
        }
    }
}
