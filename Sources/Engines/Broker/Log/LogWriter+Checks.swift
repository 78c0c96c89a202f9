// What a log's writer looks at before it takes a batch.

import KafkaProtocol
import MillraceBase
import NIOCore

/// A batch that may be appended, as it will be.
struct CheckedBatch {
    var header: RecordBatchHeader
    var bytes: ByteBuffer
}

extension LogWriter {
    /// What is wrong with a batch no matter what the log holds.
    ///
    /// Of a plain topic only the 61 bytes of the header and the checksum are looked at: records are
    /// neither walked nor decompressed, so that what a client claims about them is what its readers get.
    /// Batches of a compacted topic are read record by record (keys, count, offsets), and so are those
    /// that the topic's `compression.type` has compressed anew, within `BatchUnpacking`'s budget.
    func check(
        _ bytes: ByteBuffer, _ origin: AppendOrigin, now: Int64
    ) throws(AppendFault) -> CheckedBatch {
        let batch: RecordBatchHeader
        let read = bytes.withUnsafeReadableBytes { bytes in
            Result { () throws(BatchFault) in
                try RecordBatchHeader(whole: bytes, verifying: true)
            }
        }
        do { batch = try read.get() } catch {
            throw error == .badChecksum
                ? .badChecksum : .notABatch("the records are no whole batch of format 2")
        }
        guard batch.sizeBytes == bytes.readableBytes else {
            throw .notABatch("a partition takes exactly one batch in a request")
        }
        guard batch.recordCount > 0, batch.lastOffsetDelta == batch.recordCount - 1 else {
            throw .notABatch("the batch's record count and offsets disagree")
        }
        if batch.sizeBytes > configuration.messageBytesMax {
            throw .tooLarge(sizeBytes: batch.sizeBytes, bytesMax: configuration.messageBytesMax)
        }
        guard origin == .broker || !batch.attributes.isControl else {
            throw .notABatch("clients do not write control batches")
        }
        let hasSequence = batch.baseSequence >= 0 || origin == .broker
        guard !batch.hasProducer || (hasSequence && batch.producerEpoch >= 0) else {
            throw .notABatch("the batch has a producer id and no sequence")
        }
        guard batch.hasProducer || !batch.attributes.isTransactional else {
            throw .notABatch("a transactional batch needs a producer id")
        }
        guard let codec = batch.attributes.compression else {
            throw .notABatch("the batch has a codec that does not exist")
        }
        let checked = CheckedBatch(header: batch, bytes: bytes)
        if batch.attributes.isControl { return checked }
        if !configuration.stampsAppendTime { try checkTimes(batch, now: now) }
        let other = configuration.compression.flatMap { $0 == codec ? nil : $0 }
        guard configuration.isCompacted || other != nil else { return checked }
        return try unpacked(checked, compressedBy: other)
    }

    /// Reads each record of a batch.
    ///
    /// - Parameter codec: what the topic's `compression.type` wants instead of the producer's choice.
    private func unpacked(
        _ old: CheckedBatch, compressedBy codec: RecordBatchAttributes.Compression?
    ) throws(AppendFault) -> CheckedBatch {
        let read: Result<CheckedBatch, AppendFault>
        do throws(WireError) {
            read = try BatchUnpacking.withPlain(old.bytes) { plain throws(WireError) in
                if let fault = try recordFault(plain, old.header) { return .failure(fault) }
                guard let codec else { return .success(old) }
                let bytes = try RecordBatch.compressed(plain, codec: codec)
                return .success(
                    CheckedBatch(header: try RecordBatchHeader(reading: bytes), bytes: bytes))
            }
        } catch {
            throw .notABatch("the records of the batch cannot be read: \(error)")
        }
        let checked = try read.get()
        if checked.header.sizeBytes > configuration.messageBytesMax {
            throw .tooLarge(
                sizeBytes: checked.header.sizeBytes, bytesMax: configuration.messageBytesMax)
        }
        return checked
    }

    private func checkTimes(_ batch: RecordBatchHeader, now: Int64) throws(AppendFault) {
        let (late, overflow) = batch.maxTimestampMilliseconds.subtractingReportingOverflow(now)
        if overflow || late > configuration.timestampAfterMax {
            throw .invalidTimestamp(batch.maxTimestampMilliseconds)
        }
        guard configuration.timestampBeforeMax != .max, batch.baseTimestampMilliseconds >= 0 else {
            return
        }
        if now - batch.baseTimestampMilliseconds > configuration.timestampBeforeMax {
            throw .invalidTimestamp(batch.baseTimestampMilliseconds)
        }
    }

    /// Whether each record has its place in the batch, and in a compacted topic a key.
    private func recordFault(
        _ plain: ByteBuffer, _ batch: RecordBatchHeader
    ) throws(WireError) -> AppendFault? {
        var reader = try RecordReader(plain)
        var withoutKey: [Int32] = []
        var index: Int32 = 0
        while let record = try reader.outline() {
            if record.offset != batch.baseOffset &+ Int64(index) {
                return .notABatch("record \(index) of the batch has another's offset")
            }
            if configuration.isCompacted, !record.hasKey,
                withoutKey.count < Limits.recordErrorsMax
            {
                withoutKey.append(index)
            }
            index += 1
        }
        return withoutKey.isEmpty ? nil : .withoutKey(withoutKey)
    }
}
