// Makes record batches, uncompressed: for internal topics, and for tests.
// Source: ../shared/reference/kafka.md, B1

package import NIOCore

/// Collects records and writes them as one batch.
package struct RecordBatchBuilder: Sendable {
    /// Everything but lengths, count, deltas, timestamps and CRC, which `finish` fills in.
    package var header: RecordBatchHeader
    private var records = ByteBuffer()
    private var count: Int32 = 0

    package init(
        baseOffset: Int64 = 0, producerID: Int64 = -1, producerEpoch: Int16 = -1,
        baseSequence: Int32 = -1
    ) {
        header = RecordBatchHeader()
        header.baseOffset = baseOffset
        header.producerID = producerID
        header.producerEpoch = producerEpoch
        header.baseSequence = baseSequence
    }

    package var isEmpty: Bool { count == 0 }
    /// The size of the batch if it ended here.
    package var sizeBytes: Int { RecordBatchHeader.byteCount + records.readableBytes }

    package mutating func append(
        key: ByteBuffer?, value: ByteBuffer?, headers: [RecordHeader] = [],
        timestampMilliseconds: Int64
    ) {
        if count == 0 {
            header.baseTimestampMilliseconds = timestampMilliseconds
            header.maxTimestampMilliseconds = timestampMilliseconds
        }
        header.maxTimestampMilliseconds = max(
            header.maxTimestampMilliseconds, timestampMilliseconds)
        var body = ByteBuffer()
        body.writeInteger(0, as: Int8.self)
        body.writeVarint(timestampMilliseconds &- header.baseTimestampMilliseconds)
        body.writeVarint(Int64(count))
        body.writeVarintBytes(key)
        body.writeVarintBytes(value)
        body.writeVarint(Int64(headers.count))
        for header in headers {
            body.writeVarintBytes(ByteBuffer(string: header.name))
            body.writeVarintBytes(header.value)
        }
        records.writeVarintBytes(body)
        count += 1
    }

    package mutating func append(
        key: [UInt8]?, value: [UInt8]?, headers: [RecordHeader] = [], timestampMilliseconds: Int64
    ) {
        append(
            key: key.map(ByteBuffer.init(bytes:)), value: value.map(ByteBuffer.init(bytes:)),
            headers: headers, timestampMilliseconds: timestampMilliseconds)
    }

    /// The batch. With no records it is a batch that says so.
    package func finish() -> ByteBuffer {
        var header = header
        header.batchLengthBytes = Int32(sizeBytes - RecordBatchHeader.lengthOverheadBytes)
        header.lastOffsetDelta = max(0, count - 1)
        header.recordCount = count
        var batch = ByteBuffer()
        batch.reserveCapacity(sizeBytes)
        header.write(into: &batch)
        batch.writeImmutableBuffer(records)
        batch.setInteger(RecordBatch.checksum(of: batch, sizeBytes: sizeBytes), at: 17)
        return batch
    }
}
