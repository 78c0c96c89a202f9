// The schema as it is kept in the `meta` family: one JSON document for each keyspace and table.

import CQLProtocol
import MillraceBase

/// Keys: `store` (format, ids, next storage id, schema version), `keyspace/NAME`,
/// `table/KEYSPACE/NAME`.
/// Names hold no slash: they are letters, digits and underscores.
enum SchemaStorage {
    /// The newest format this release reads and the one it writes.
    static let format = 1

    static let storeKey = Array("store".utf8)

    static func key(ofKeyspace name: String) -> [UInt8] { Array("keyspace/\(name)".utf8) }

    static func key(of table: CQLName) -> [UInt8] {
        Array("table/\(table.keyspace ?? "")/\(table.name)".utf8)
    }

    // MARK: Keyspaces

    static func document(_ keyspace: Keyspace) -> JSONValue {
        let types = keyspace.types.values.sorted { $0.name < $1.name }.map { type -> JSONValue in
            let fields = type.fields.map { field -> JSONValue in
                ["name": .string(field.name), "type": .string(field.type.description)]
            }
            return ["name": .string(type.name), "fields": .array(fields)]
        }
        return [
            "name": .string(keyspace.name), "replication": entries(keyspace.replication),
            "durable_writes": .bool(keyspace.durableWrites), "types": .array(types),
        ]
    }

    static func keyspace(_ document: JSONValue) throws(StatementError) -> Keyspace {
        guard let name = document["name"]?.string, let types = document["types"]?.array else {
            throw damaged
        }
        var keyspace = Keyspace(name: name, replication: entries(document["replication"]))
        keyspace.durableWrites = document["durable_writes"]?.bool ?? true
        var waiting = types
        // A type may use another one that comes later by name: go over them until all are read.
        while !waiting.isEmpty {
            let before = waiting.count
            var later: [JSONValue] = []
            for type in waiting {
                if let read = try? userType(type, keyspace) {
                    keyspace.types[read.name] = read
                } else {
                    later.append(type)
                }
            }
            guard later.count < before else { throw damaged }
            waiting = later
        }
        return keyspace
    }

    private static func userType(
        _ document: JSONValue, _ keyspace: Keyspace
    ) throws(StatementError) -> CQLUserType {
        guard let name = document["name"]?.string, let fields = document["fields"]?.array else {
            throw damaged
        }
        var type = CQLUserType(keyspace: keyspace.name, name: name, fields: [])
        for field in fields {
            guard let fieldName = field["name"]?.string, let text = field["type"]?.string else {
                throw damaged
            }
            type.fields.append(.init(fieldName, try self.type(text, keyspace)))
        }
        return type
    }

    // MARK: Tables

    static func document(_ table: Table) -> JSONValue {
        let columns = table.columns.map { column -> JSONValue in
            var document: JSONObject = [
                "name": .string(column.name), "id": .number(String(column.id)),
                "kind": .string(column.kind.rawValue), "position": .number(String(column.position)),
                "type": .string(column.type.description), "descending": .bool(column.descending),
            ]
            if let until = column.droppedUntil {
                document["dropped_until"] = .number(String(until))
            }
            if let mask = column.mask { document["mask"] = Self.document(mask) }
            return .object(document)
        }
        var options = JSONObject()
        for (name, option) in table.options.values.sorted(by: { $0.key < $1.key }) {
            switch option {
            case .text(let text): options[name] = .string(text)
            case .map(let entries): options[name] = self.entries(entries)
            }
        }
        var document: [(String, JSONValue)] = [
            ("keyspace", .string(table.keyspace)), ("name", .string(table.name)),
            ("id", .string(table.id.description)), ("storage", .number(String(table.storageID))),
            ("next_column", .number(String(table.nextColumnID))), ("columns", .array(columns)),
            ("options", .object(options)),
        ]
        if !table.indexes.isEmpty {
            document.append(("indexes", .array(table.indexes.map { Self.document($0) })))
        }
        if !table.droppedColumns.isEmpty {
            document.append(("dropped", .array(table.droppedColumns.map { Self.document($0) })))
        }
        if !table.views.isEmpty {
            document.append(("views", .array(table.views.map { Self.document($0) })))
        }
        if let view = table.view { document.append(("view", Self.document(view))) }
        if table.isCompact { document.append(("compact", .bool(true))) }
        return .object(JSONObject(document))
    }

    static func table(
        _ document: JSONValue, _ keyspace: Keyspace
    ) throws(StatementError) -> Table {
        guard let name = document["name"]?.string,
            let id = document["id"]?.string.flatMap({ CQLUUID($0) }),
            let storage = document["storage"]?.int.flatMap({ UInt32(exactly: $0) }),
            let next = document["next_column"]?.int.flatMap({ UInt16(exactly: $0) }),
            let list = document["columns"]?.array
        else { throw damaged }
        var columns: [Column] = []
        for item in list { columns.append(try column(item, keyspace, next: next)) }
        var stored: [String: CQLOption] = [:]
        for (name, value) in document["options"]?.object?.members ?? [] {
            stored[name] = value.string.map { .text($0) } ?? .map(entries(value))
        }
        var options = TableOptions.defaults
        options.restore(stored)
        var indexes: [TableIndex] = []
        for item in document["indexes"]?.array ?? [] { indexes.append(try index(item)) }
        var dropped: [DroppedColumn] = []
        for item in document["dropped"]?.array ?? [] {
            dropped.append(try droppedColumn(item, keyspace))
        }
        var views: [Table] = []
        for item in document["views"]?.array ?? [] { views.append(try table(item, keyspace)) }
        var definition: ViewDefinition?
        if let item = document["view"] { definition = try view(item) }
        return Table(
            keyspace: keyspace.name, name: name, id: id, storageID: storage, columns: columns,
            nextColumnID: next, options: options, indexes: indexes, droppedColumns: dropped,
            views: views, view: definition, isCompact: document["compact"]?.bool ?? false)
    }

    private static func column(
        _ document: JSONValue, _ keyspace: Keyspace, next: UInt16
    ) throws(StatementError) -> Column {
        guard let name = document["name"]?.string,
            let id = document["id"]?.int.flatMap({ UInt16(exactly: $0) }), id < next,
            let kind = document["kind"]?.string.flatMap({ Column.Kind(rawValue: $0) }),
            let position = document["position"]?.int, let type = document["type"]?.string
        else { throw damaged }
        return Column(
            name: name, id: id, kind: kind, position: position, type: try self.type(type, keyspace),
            descending: document["descending"]?.bool ?? false,
            droppedUntil: document["dropped_until"]?.int.map { Int64($0) },
            mask: try document["mask"].map { item throws(StatementError) in try mask(item) })
    }

    static func type(
        _ text: String, _ keyspace: Keyspace
    ) throws(StatementError) -> CQLType {
        do {
            return try CQLType.parse(text) { keyspace.types[$0] }
        } catch {
            throw .server("the stored schema names a type that is not there: \(error.description)")
        }
    }

    static func entries(_ entries: [CQLOptionEntry]) -> JSONValue {
        .object(JSONObject(entries.map { ($0.key, .string($0.value)) }))
    }

    static func entries(_ value: JSONValue?) -> [CQLOptionEntry] {
        (value?.object?.members ?? []).map {
            CQLOptionEntry(key: $0.name, value: $0.value.string ?? "")
        }
    }

    static var damaged: StatementError { .server("the stored schema is damaged") }
}
