// Whole batches in a buffer: their checksum, what may be appended, and what a broker writes anew.
// Source: ../shared/reference/kafka.md, A5 traps 9 and 15, B1

import CHash
package import MillraceBase
package import NIOCore

package enum RecordBatch {
    /// The CRC-32C that the first batch in `buffer` should have. `sizeBytes` is its header's.
    package static func checksum(of buffer: ByteBuffer, sizeBytes: Int) -> UInt32 {
        buffer.withUnsafeReadableBytes { bytes in
            checksum(of: UnsafeRawBufferPointer(rebasing: bytes.prefix(sizeBytes)))
        }
    }

    /// The CRC-32C that a batch should have. `bytes` are the whole batch and nothing more.
    package static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
        let start = RecordBatchHeader.attributesPosition
        guard let base = bytes.baseAddress, bytes.count > start else { return 0 }
        return chash_crc32c(0, base + start, bytes.count - start)
    }

    /// Takes the first batch off `buffer`, as a slice.
    ///
    /// - Returns: `nil` when nothing is left, or when the batch goes on past the end: a fetch may
    ///   end inside a batch.
    package static func next(
        in buffer: inout ByteBuffer
    ) throws(WireError) -> (header: RecordBatchHeader, batch: ByteBuffer)? {
        guard buffer.readableBytes >= RecordBatchHeader.byteCount else { return nil }
        let header = try RecordBatchHeader(reading: buffer)
        guard let batch = buffer.readSlice(length: header.sizeBytes) else { return nil }
        return (header, batch)
    }

    /// What is wrong with the records of a produce request, as Kafka's validator sees it.
    package enum Fault: Error, Equatable, Sendable {
        /// Bytes that are no batch, more than one batch, or a wrong checksum: CORRUPT_MESSAGE.
        case corrupt(String)
        /// A well-formed batch that no client may append: INVALID_RECORD.
        case invalid(String)
        /// A codec that does not exist, or an old format: UNSUPPORTED_COMPRESSION_TYPE and so on.
        case unsupportedFormat
        case tooLarge(bytes: Int)

        package var errorCode: KafkaErrorCode {
            switch self {
            case .corrupt: .corruptMessage
            case .invalid: .invalidRecord
            case .unsupportedFormat: .unsupportedForMessageFormat
            case .tooLarge: .messageTooLarge
            }
        }
    }

    /// Checks the records of one partition of a produce request: exactly one sound batch.
    ///
    /// The records of an uncompressed batch are walked: their sizes must fill it, and their offset
    /// deltas must count up from 0. Those of a compressed one are trusted as far as the header says.
    ///
    /// - Complexity: a pass of CRC-32C, and a few varints a record.
    package static func checkForAppend(
        _ records: ByteBuffer, bytesMax: Int
    ) throws(Fault) -> RecordBatchHeader {
        let header: RecordBatchHeader
        do throws(WireError) {
            header = try RecordBatchHeader(reading: records)
        } catch {
            if case .unsupported = error.reason { throw .unsupportedFormat }
            throw .corrupt("\(error)")
        }
        guard header.sizeBytes == records.readableBytes else {
            throw header.sizeBytes > records.readableBytes
                ? .corrupt("the batch is cut short")
                : .invalid("a partition takes one batch a request")
        }
        guard header.sizeBytes <= bytesMax else { throw .tooLarge(bytes: header.sizeBytes) }
        guard checksum(of: records, sizeBytes: header.sizeBytes) == header.crc else {
            throw .corrupt("the checksum is wrong")
        }
        guard header.recordCount > 0, header.lastOffsetDelta == header.recordCount - 1 else {
            throw .invalid("the record count does not fit the last offset delta")
        }
        guard !header.attributes.isControl else { throw .invalid("only brokers write markers") }
        guard header.producerID < 0 || header.baseSequence >= 0 else {
            throw .invalid("a producer id without a sequence number")
        }
        guard let compression = header.attributes.compression else { throw .unsupportedFormat }
        if compression == .none {
            do throws(WireError) {
                var reader = try RecordReader(records)
                while try reader.skip() {}
            } catch {
                throw .invalid("\(error)")
            }
        }
        return header
    }

    /// Writes what a broker decides into the first batch of `buffer`; the CRC stays right.
    ///
    /// Copies the bytes first when somebody else holds them. To avoid that, write the header with
    /// `RecordBatchHeader.write(into:)` and the rest as it is.
    package static func assign(
        baseOffset: Int64, leaderEpoch: Int32, in buffer: inout ByteBuffer
    ) {
        buffer.setInteger(baseOffset, at: buffer.readerIndex)
        buffer.setInteger(leaderEpoch, at: buffer.readerIndex + 12)
    }

    /// Makes the time of the append the timestamp of all records, and the CRC anew (trap 9).
    package static func assign(
        appendTimeMilliseconds: Int64, in buffer: inout ByteBuffer
    ) throws(WireError) {
        var header = try RecordBatchHeader(reading: buffer)
        header.attributes.isLogAppendTime = true
        let start = buffer.readerIndex
        buffer.setInteger(header.attributes.rawValue, at: start + 21)
        buffer.setInteger(appendTimeMilliseconds, at: start + 35)
        buffer.setInteger(checksum(of: buffer, sizeBytes: header.sizeBytes), at: start + 17)
    }
}
