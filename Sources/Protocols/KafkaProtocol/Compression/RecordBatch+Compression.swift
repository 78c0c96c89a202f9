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
        let plain = try RecordCodec.decompress(records, codec: codec, limitBytes: limitBytes)
        return try assembled(header, plain, .none)
    }

    /// The batch with its records compressed by `codec`, whatever they were before.
    package static func recompressed(
        _ batch: ByteBuffer, codec: RecordBatchAttributes.Compression, level: Int32? = nil
    ) throws(WireError) -> ByteBuffer {
        let plain = try uncompressed(batch)
        let (header, records) = try parts(plain)
        if codec == .none { return plain }
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
        _ old: RecordBatchHeader, _ records: ByteBuffer,
        _ codec: RecordBatchAttributes.Compression
    ) throws(WireError) -> ByteBuffer {
        var header = old
        let sizeBytes = RecordBatchHeader.byteCount + records.readableBytes
        guard let length = Int32(exactly: sizeBytes - RecordBatchHeader.lengthOverheadBytes) else {
            throw WireError(.badLength(Int64(sizeBytes)), in: "batch length")
        }
        header.batchLengthBytes = length
        header.attributes.rawValue = header.attributes.rawValue & ~7 | codec.rawValue
        var batch = ByteBuffer()
        batch.reserveCapacity(sizeBytes)
        header.write(into: &batch)
        batch.writeImmutableBuffer(records)
        batch.setInteger(checksum(of: batch, sizeBytes: sizeBytes), at: 17)
        return batch
    }
}
