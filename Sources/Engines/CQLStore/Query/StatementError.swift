// Why a statement is refused or failed, in the classes that Cassandra's drivers tell apart.

/// An answer of kind ERROR. Texts follow Cassandra's own, since people search for them.
enum StatementError: Error, Sendable, Equatable {
    case server(String)
    case protocolViolation(String)
    case badCredentials(String)
    case overloaded(String)
    case syntax(String)
    case unauthorized(String)
    case invalid(String)
    case configuration(String)
    /// `table` is empty when the keyspace is what exists.
    case alreadyExists(keyspace: String, table: String)
    case unprepared(id: [UInt8])
    /// The disk refused a write; whether it was applied is not known.
    case writeFailed(String)
    case readFailed(String)
    /// Table; the read met more than `StoreLimits.tombstonesMax`.
    case tooManyTombstones(String)
    /// A function or operation that its arguments made fail.
    case functionFailed(keyspace: String, function: String, arguments: [String], String)

    static let answerTooLong = StatementError.readFailed(
        "Operation failed - received 0 responses and 1 failures: READ_SIZE from this node: the answer "
            + "has more than \(StoreLimits.answerBytesMax >> 20) MiB; ask for it in pages, or with LIMIT"
    )

    var message: String {
        switch self {
        case .server(let text), .protocolViolation(let text), .badCredentials(let text),
            .overloaded(let text), .syntax(let text), .unauthorized(let text), .invalid(let text),
            .configuration(let text), .writeFailed(let text), .readFailed(let text),
            .functionFailed(_, _, _, let text):
            text
        case .tooManyTombstones(let table):
            "Operation failed - received 0 responses and 1 failures: READ_TOO_MANY_TOMBSTONES from "
                + "this node, reading \(table): more than \(StoreLimits.tombstonesMax) "
                + "(see tombstone_failure_threshold)"
        case .alreadyExists(let keyspace, let table):
            table.isEmpty
                ? "Cannot add existing keyspace \"\(keyspace)\""
                : "Cannot add already existing table \"\(table)\" to keyspace \"\(keyspace)\""
        case .unprepared(let id):
            "Prepared query with ID \(id.hexText) not found (either the query was not prepared "
                + "on this host (maybe the host has been restarted?) or you have prepared too many "
                + "queries and it has been evicted from the internal cache)"
        }
    }
}

extension Collection where Element == UInt8 {
    /// In lower-case hexadecimal digits.
    var hexText: String {
        let digits = Array("0123456789abcdef".utf8)
        var out: [UInt8] = []
        out.reserveCapacity(count * 2)
        for byte in self {
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
        return String(decoding: out, as: UTF8.self)
    }
}
