// The records of an uncompressed batch as places in its bytes, for those who keep some and drop others.
// Source: reference/kafka.md B1

/// One record: where its parts are, in bytes from the start of the records.
struct RecordSpan {
    /// All of it, its length included.
    var whole: Range<Int>
    var attributes: UInt8
    var timestampDelta: Int64
    var offsetDelta: Int64
    /// From the key's length to the end.
    var rest: Range<Int>
    /// `nil` for a record without a key.
    var key: Range<Int>?
    var hasValue: Bool
}

/// Walks records without copying them. Stops at the first that does not fit its length.
struct RecordSpans {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    /// - Returns: `nil` at the end, and for a damaged record; `isAtEnd` tells which.
    mutating func next() -> RecordSpan? {
        let start = position
        var cursor = position
        guard let length = varint(&cursor), length > 0, length <= bytes.count - cursor else {
            return nil
        }
        let end = cursor + Int(length)
        let attributes = bytes[cursor]
        cursor += 1
        // Topics that are not compacted take batches whose records nobody has read: any number may come.
        guard let timestampDelta = varint(&cursor), let offsetDelta = varint(&cursor), cursor < end,
            0...Int64(Int32.max) ~= offsetDelta
        else { return nil }
        let rest = cursor..<end
        guard let keyLength = varint(&cursor), keyLength >= -1, keyLength <= end - cursor else {
            return nil
        }
        let key = keyLength < 0 ? nil : cursor..<cursor + Int(keyLength)
        cursor += max(Int(keyLength), 0)
        guard let valueLength = varint(&cursor), valueLength >= -1, valueLength <= end - cursor
        else { return nil }
        position = end
        return RecordSpan(
            whole: start..<end, attributes: attributes, timestampDelta: timestampDelta,
            offsetDelta: offsetDelta, rest: rest, key: key, hasValue: valueLength >= 0)
    }

    private func varint(_ cursor: inout Int) -> Int64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard cursor < bytes.count else { return nil }
            let byte = bytes[cursor]
            cursor += 1
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return Int64(bitPattern: value >> 1) ^ -Int64(value & 1) }
        }
        return nil
    }
}
