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
    /// that the topic's `compression.type` has compressed anew.
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
        if configuration.isCompacted { try checkRecords(bytes, batch) }
        if let wanted = configuration.compression, wanted != codec {
            return try recompressed(checked, wanted)
        }
        return checked
    }

    /// `compression.type` of the topic is not what the producer chose.
    private func recompressed(
        _ old: CheckedBatch, _ codec: RecordBatchAttributes.Compression
    ) throws(AppendFault) -> CheckedBatch {
        let checked: CheckedBatch
        do throws(WireError) {
            let bytes = try RecordBatch.recompressed(old.bytes, codec: codec)
            checked = CheckedBatch(header: try RecordBatchHeader(reading: bytes), bytes: bytes)
        } catch {
            throw .notABatch("the batch cannot be compressed anew: \(error)")
        }
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

    /// Each record has a key and its place in the batch.
    private func checkRecords(
        _ bytes: ByteBuffer, _ batch: RecordBatchHeader
    ) throws(AppendFault) {
        let records: [Record]
        do { records = try RecordBatch.decoded(bytes) } catch {
            throw .notABatch("a record of the batch is damaged: \(error)")
        }
        let missing = records.indices.filter { records[$0].key == nil }
        if !missing.isEmpty { throw .withoutKey(missing.map { Int32($0) }) }
        for (index, record) in records.enumerated()
        where record.offset != batch.baseOffset + Int64(index) {
            throw .notABatch("record \(index) of the batch has another's offset")
        }
    }
}
