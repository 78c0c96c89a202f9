// Whole batches in and out of compression: the records change, all else but length and checksum stays.

package import MillraceBase
package import NIOCore

extension RecordBatch {
    /// The records of a batch of any codec. Bounded by `CompressionLimits.recordsBytesMax`.
    ///
    /// - Parameter batch: begins with a whole batch.
    package static func decoded(_ batch: ByteBuffer) throws(WireError) -> [Record] {
        try RecordReader.all(in: uncompressed(batch))
    }

    /// The batch with its records as they are without compression, and a checksum that fits.
    ///
    /// - Parameter batch: begins with a whole batch. Comes back as it is when it is not compressed.
    package static func uncompressed(
        _ batch: ByteBuffer, limitBytes: Int = CompressionLimits.recordsBytesMax
    ) throws(WireError) -> ByteBuffer {
        let (header, records) = try parts(batch)
        guard let codec = header.attributes.compression else {
            throw WireError(.unsupported(Int(header.attributes.rawValue & 7)), in: "compression")
        }
        if codec == .none { return batch }
        var plain = try RecordCodec.decompress(
            records, codec: codec, limitBytes: limitBytes, headBytes: RecordBatchHeader.byteCount)
        try finish(&plain, header, .none)
        return plain
    }

    /// The batch with its records compressed by `codec`, whatever they were before.
    package static func recompressed(
        _ batch: ByteBuffer, codec: RecordBatchAttributes.Compression, level: Int32? = nil
    ) throws(WireError) -> ByteBuffer {
        try compressed(uncompressed(batch), codec: codec, level: level)
    }

    /// A batch whose records are not compressed, with its records compressed by `codec`.
    package static func compressed(
        _ plain: ByteBuffer, codec: RecordBatchAttributes.Compression, level: Int32? = nil
    ) throws(WireError) -> ByteBuffer {
        if codec == .none { return plain }
        let (header, records) = try parts(plain)
        let packed = try RecordCodec.compress(records, codec: codec, level: level)
        return try assembled(header, packed, codec)
    }

    private static func parts(
        _ batch: ByteBuffer
    ) throws(WireError) -> (RecordBatchHeader, records: ByteBuffer) {
        let header = try RecordBatchHeader(reading: batch)
        let records = batch.getSlice(
            at: batch.readerIndex + RecordBatchHeader.byteCount,
            length: header.sizeBytes - RecordBatchHeader.byteCount)
        guard let records else { throw WireError(.cutShort, in: "record batch") }
        return (header, records)
    }

    private static func assembled(
        _ header: RecordBatchHeader, _ records: ByteBuffer,
        _ codec: RecordBatchAttributes.Compression
    ) throws(WireError) -> ByteBuffer {
        var batch = ByteBuffer()
        batch.reserveCapacity(RecordBatchHeader.byteCount + records.readableBytes)
        batch.writeRepeatingByte(0, count: RecordBatchHeader.byteCount)
        batch.writeImmutableBuffer(records)
        try finish(&batch, header, codec)
        return batch
    }

    /// Writes the header in front of records, over the zeros that were left for it.
    private static func finish(
        _ batch: inout ByteBuffer, _ old: RecordBatchHeader,
        _ codec: RecordBatchAttributes.Compression
    ) throws(WireError) {
        var header = old
        let sizeBytes = batch.readableBytes
        guard let length = Int32(exactly: sizeBytes - RecordBatchHeader.lengthOverheadBytes) else {
            throw WireError(.badLength(Int64(sizeBytes)), in: "batch length")
        }
        header.batchLengthBytes = length
        header.attributes.rawValue = header.attributes.rawValue & ~7 | codec.rawValue
        var head = ByteBuffer()
        header.write(into: &head)
        batch.setBuffer(head, at: batch.readerIndex)
        batch.setInteger(
            checksum(of: batch, sizeBytes: sizeBytes), at: batch.readerIndex + 17)
    }
}
