// `INSERT INTO t JSON …`: a document as the values of a row's columns. Source: Cassandra's Json.

import CQLProtocol
import MillraceBase

/// One column's part of the document that a marker is bound to.
struct JSONColumn: Sendable {
    var marker: Int
    var column: String
    var type: CQLType
    /// All columns that a document may name.
    var columns: Set<String>
    /// `DEFAULT UNSET` otherwise.
    var missingIsNull: Bool

    func evaluate(_ values: BoundValues, now: Int64) throws(StatementError) -> Evaluated {
        guard case .bytes(let bytes) = try values.value(marker, .text) else {
            throw .invalid("Got null for INSERT JSON values")
        }
        let members = try JSONDocument.members(
            String(decoding: bytes, as: UTF8.self), columns: columns)
        return try JSONDocument.value(members, column, type, missingIsNull, now: now)
    }
}

enum JSONDocument {
    /// The value that a text begins with. What stands behind it is not looked at, as in Cassandra; a
    /// number or a word has to end there.
    static func first(_ text: String) throws(JSONError) -> JSONValue {
        let bytes = Array(text.utf8)
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            guard error.position > 0, error.position < bytes.count else { throw error }
            let front = bytes[..<error.position]
            guard let last = front.last, Self.ends.contains(last) else { throw error }
            do { return try JSONValue(parsing: front) } catch _ { throw error }
        }
    }

    /// The ends of objects, arrays and strings, and white space.
    private static let ends: Set<UInt8> = [0x7D, 0x5D, 0x22, 0x20, 0x09, 0x0A, 0x0D]

    /// A document's members by column.
    static func members(
        _ text: String, columns: Set<String>
    ) throws(StatementError) -> [String: JSONValue] {
        let json: JSONValue
        do {
            json = try first(text)
        } catch {
            throw .invalid(
                "Could not decode JSON string as a map: \(error). (String was: \(text))")
        }
        if json.isNull { throw .invalid("Got null for INSERT JSON values") }
        guard case .object(let object) = json else {
            throw .invalid("Could not decode JSON string as a map: (String was: \(text))")
        }
        let members = JSONReader.named(object)
        if let unknown = members.keys.sorted().first(where: { !columns.contains($0) }) {
            throw .invalid("JSON values map contains unrecognized column: \(unknown)")
        }
        return members
    }

    static func value(
        _ members: [String: JSONValue], _ column: String, _ type: CQLType, _ missingIsNull: Bool,
        now: Int64
    ) throws(StatementError) -> Evaluated {
        guard let json = members[column] else { return missingIsNull ? .null : .unset }
        do throws(JSONMismatch) {
            return try JSONReader(now: now).bytes(json, type).map { .bytes($0) } ?? .null
        } catch {
            throw .invalid(
                error.isWholeAnswer
                    ? error.why : "Error decoding JSON value for \(column): \(error.why)")
        }
    }

    /// The columns' values, as terms of an INSERT.
    static func expressions(
        _ term: CQLTerm, missingIsNull: Bool, _ table: Table, _ terms: inout TermCompiler
    ) throws(StatementError) -> [(column: Column, value: Expression)] {
        let names = Set(table.columns.map(\.name))
        switch term {
        case .marker(let marker):
            terms.markers.add(marker, name: "[json]", type: .text)
            return table.columns.map { column in
                (
                    column,
                    .json(
                        JSONColumn(
                            marker: marker.index, column: column.name, type: column.type,
                            columns: names, missingIsNull: missingIsNull))
                )
            }
        case .string(let text):
            let members = try members(text, columns: names)
            var out: [(column: Column, value: Expression)] = []
            for column in table.columns {
                switch try value(
                    members, column.name, column.type, missingIsNull,
                    now: terms.context.nowMilliseconds)
                {
                case .unset:
                    guard !column.isKey else {
                        throw .invalid("Invalid unset value for column \(column.name)")
                    }
                case .null: out.append((column, .constant(nil)))
                case .bytes(let bytes): out.append((column, .constant(bytes)))
                }
            }
            return out
        default: throw .invalid("INSERT JSON takes a string or a marker")
        }
    }
}
