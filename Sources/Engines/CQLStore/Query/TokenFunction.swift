// token(): of constants in WHERE, of the row's own key in SELECT.

import CQLProtocol

enum TokenFunction {
    /// What a token is compared with: a number, a marker, or `token(1, 'a')`.
    static func compile(
        _ term: CQLTerm, _ table: Table, _ terms: inout TermCompiler
    ) throws(StatementError) -> Expression {
        guard case .function(let name, let arguments) = term, name.name == "token" else {
            return try terms.compile(term, as: .bigint, receiver: "partition key token")
        }
        guard arguments.count == table.partitionKey.count else {
            throw .invalid(
                "Invalid number of arguments in call to function system.token: "
                    + "\(table.partitionKey.count) required but \(arguments.count) provided")
        }
        var parts: [Expression] = []
        for (index, (argument, column)) in zip(arguments, table.partitionKey).enumerated() {
            parts.append(
                try terms.compile(
                    argument, as: column.type, receiver: "arg\(index)(system.token)"))
        }
        return .call(function(for: table), parts)
    }

    /// `token` of any values that have the types of the partition key.
    static let family: FunctionFamily = { request throws(StatementError) in
        guard let table = request.table else {
            throw .invalid("The token function needs a table")
        }
        return [function(for: table)]
    }

    static func function(for table: Table) -> ScalarFunction {
        ScalarFunction(
            name: "token", parameters: table.partitionKey.map(\.type), result: .bigint
        ) { arguments, _ in
            var key = RawBytes()
            var present: [[UInt8]] = []
            for argument in arguments {
                guard let argument else { return nil }
                present.append(argument)
            }
            PartitionKey.append(present, to: &key)
            return StorageKey.token(of: key.bytes).bigBytes
        }
    }
}

/// Cassandra's serialisation of partition keys: one value as it is, several with length and a zero.
enum PartitionKey {
    static func append(_ parts: [[UInt8]], to out: inout RawBytes) {
        guard parts.count != 1 else { return out.append(parts[0]) }
        for part in parts {
            part.withUnsafeBytes { appendPart($0, to: &out) }
        }
    }

    /// One of several parts.
    @inline(__always)
    static func appendPart(_ part: UnsafeRawBufferPointer, to out: inout RawBytes) {
        out.appendBig(UInt16(truncatingIfNeeded: part.count))
        out.append(part)
        out.append(0)
    }

    /// The parts of a serialised key; fewer when it is damaged.
    static func parts(
        _ key: UnsafeRawBufferPointer, count: Int
    ) -> [UnsafeRawBufferPointer] {
        guard count != 1 else { return [key] }
        var parts: [UnsafeRawBufferPointer] = []
        var at = 0
        while parts.count < count, at + 2 <= key.count {
            let length = Int(key.big(at, as: UInt16.self))
            guard at + 2 + length <= key.count else { break }
            parts.append(key.part(at + 2..<at + 2 + length))
            at += 3 + length
        }
        return parts
    }
}
