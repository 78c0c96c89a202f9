// Walks the records of an uncompressed batch.
// Source: ../shared/reference/kafka.md, B1; apache/kafka DefaultRecord.java

package import MillraceBase
package import NIOCore

/// One record; key, value and header values are slices of the batch.
package struct Record: Equatable, Sendable {
    package var offset: Int64
    package var timestampMilliseconds: Int64
    package var key: ByteBuffer?
    package var value: ByteBuffer?
    package var headers: [RecordHeader]
}

/// A header of a record. Names may repeat.
package struct RecordHeader: Equatable, Sendable {
    package var name: String
    package var value: ByteBuffer?

    package init(_ name: String, _ value: ByteBuffer?) {
        self.name = name
        self.value = value
    }
}

/// What is known of a record without keeping anything of it.
package struct RecordOutline: Equatable, Sendable {
    package var offset: Int64
    package var timestampMilliseconds: Int64
    package var hasKey: Bool
}

/// Reads a batch record by record. Each must fill the size it claims, and all of them the batch.
package struct RecordReader {
    package let header: RecordBatchHeader
    private var records: ByteBuffer
    private var index: Int32 = 0

    /// - Parameter batch: begins with a whole batch; what follows is not looked at.
    /// - Throws: also for a compressed batch, whose records cannot be walked here.
    package init(_ batch: ByteBuffer) throws(WireError) {
        header = try RecordBatchHeader(reading: batch)
        guard header.attributes.compression == RecordBatchAttributes.Compression.none else {
            throw WireError(.unsupported(Int(header.attributes.rawValue & 7)), in: "compression")
        }
        let length = header.sizeBytes - RecordBatchHeader.byteCount
        let start = batch.readerIndex + RecordBatchHeader.byteCount
        guard let records = batch.getSlice(at: start, length: length) else {
            throw WireError(.cutShort, in: "record batch")
        }
        self.records = records
    }

    /// All records of a batch.
    package static func all(in batch: ByteBuffer) throws(WireError) -> [Record] {
        var reader = try RecordReader(batch)
        var records: [Record] = []
        while let record = try reader.next() { records.append(record) }
        return records
    }

    /// - Returns: the next record; `nil` after the last.
    package mutating func next() throws(WireError) -> Record? {
        guard let (start, timestampDelta, offsetDelta) = try begin() else { return nil }
        var body = start
        let key = try body.readVarintSlice("key")
        let value = try body.readVarintSlice("value")
        let count = try body.readVarint("header count")
        guard count >= 0, count <= body.readableBytes else {
            throw WireError(.badLength(count), in: "header count")
        }
        var headers: [RecordHeader] = []
        for _ in 0..<count {
            guard let name = try body.readVarintSlice("header key") else {
                throw WireError(.invalid("is null"), in: "header key")
            }
            headers.append(
                RecordHeader(String(buffer: name), try body.readVarintSlice("header value")))
        }
        guard body.readableBytes == 0 else {
            throw WireError(.leftOver(body.readableBytes), in: "record")
        }
        return Record(
            offset: header.baseOffset &+ offsetDelta,
            timestampMilliseconds: timestamp(timestampDelta), key: key, value: value,
            headers: headers)
    }

    /// Passes over a record, checked in all its parts as `next` does.
    ///
    /// It takes no memory, whatever the record claims: a header of two bytes would become one of fifty.
    ///
    /// - Returns: `nil` after the last record.
    package mutating func outline() throws(WireError) -> RecordOutline? {
        guard let (start, timestampDelta, offsetDelta) = try begin() else { return nil }
        var body = start
        let hasKey = try body.readVarintSlice("key") != nil
        _ = try body.readVarintSlice("value")
        let count = try body.readVarint("header count")
        guard count >= 0, count <= body.readableBytes else {
            throw WireError(.badLength(count), in: "header count")
        }
        for _ in 0..<count {
            guard try body.readVarintSlice("header key") != nil else {
                throw WireError(.invalid("is null"), in: "header key")
            }
            _ = try body.readVarintSlice("header value")
        }
        guard body.readableBytes == 0 else {
            throw WireError(.leftOver(body.readableBytes), in: "record")
        }
        return RecordOutline(
            offset: header.baseOffset &+ offsetDelta,
            timestampMilliseconds: timestamp(timestampDelta), hasKey: hasKey)
    }

    private func timestamp(_ delta: Int64) -> Int64 {
        header.attributes.isLogAppendTime
            ? header.maxTimestampMilliseconds : header.baseTimestampMilliseconds &+ delta
    }

    /// Passes over a record, with its size and offset delta checked against its place in a batch
    /// that was never compacted.
    ///
    /// - Returns: whether there was one.
    package mutating func skip() throws(WireError) -> Bool {
        let expected = Int64(index)
        guard let (_, _, offsetDelta) = try begin() else { return false }
        guard offsetDelta == expected else {
            throw WireError(
                .invalid("is \(offsetDelta) for record \(expected)"), in: "offset delta")
        }
        return true
    }

    /// Reads the front of a record: its body after the deltas, and the deltas.
    private mutating func begin() throws(WireError) -> (ByteBuffer, Int64, Int64)? {
        guard index < header.recordCount else {
            guard records.readableBytes == 0 else {
                throw WireError(.leftOver(records.readableBytes), in: "records")
            }
            return nil
        }
        index += 1
        guard var body = try records.readVarintSlice("record length") else {
            throw WireError(.badLength(-1), in: "record length")
        }
        guard body.readInteger(as: Int8.self) != nil else {
            throw WireError(.cutShort, in: "record attributes")
        }
        let timestampDelta = try body.readVarint("timestamp delta")
        let offsetDelta = try body.readVarint("offset delta")
        return (body, timestampDelta, offsetDelta)
    }
}
