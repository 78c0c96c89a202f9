// The headers of an outbox row as one column's bytes.

/// For each header: the name's length (2 bytes, big-endian), the name, the value's length (4
/// bytes), the value. No headers, no bytes.
enum OutboxHeaders {
    static func encode(_ headers: [OutboxHeader]) -> [UInt8] {
        var out: [UInt8] = []
        for header in headers {
            precondition(header.name.utf8.count <= Int(UInt16.max), "a header's name is short")
            out.append(UInt8(header.name.utf8.count >> 8))
            out.append(UInt8(header.name.utf8.count & 0xFF))
            out.append(contentsOf: header.name.utf8)
            let count = UInt32(header.value.count)
            withUnsafeBytes(of: count.bigEndian) { out.append(contentsOf: $0) }
            out.append(contentsOf: header.value)
        }
        return out
    }

    /// - Returns: `nil` for bytes that `encode` did not make.
    static func decode(_ bytes: [UInt8]) -> [OutboxHeader]? {
        var headers: [OutboxHeader] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let name = take(&rest, lengthBytes: 2), let value = take(&rest, lengthBytes: 4)
            else { return nil }
            headers.append(OutboxHeader(String(decoding: name, as: UTF8.self), Array(value)))
        }
        return headers
    }

    private static func take(_ rest: inout ArraySlice<UInt8>, lengthBytes: Int) -> ArraySlice<
        UInt8
    >? {
        guard rest.count >= lengthBytes else { return nil }
        let count = rest.prefix(lengthBytes).reduce(0) { $0 << 8 | Int($1) }
        rest = rest.dropFirst(lengthBytes)
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
