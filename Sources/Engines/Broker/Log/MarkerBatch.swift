// Control batches that end a transaction: one record that says commit or abort.
// Source: reference/kafka.md B2; apache/kafka ControlRecordType.java, EndTransactionMarker.java

import KafkaProtocol
import NIOCore

enum MarkerBatch {
    /// Header, a record's seven bytes of lengths and deltas, key and value.
    static let sizeBytes = 78
    private static let abort: Int16 = 0
    private static let commit: Int16 = 1

    static func bytes(_ marker: TransactionMarker, milliseconds: Int64) -> ByteBuffer {
        var builder = RecordBatchBuilder(
            producerID: marker.producerID, producerEpoch: marker.producerEpoch, baseSequence: -1)
        builder.header.attributes.isTransactional = true
        builder.header.attributes.isControl = true
        var key = ByteBuffer()
        key.writeMultipleIntegers(Int16(0), marker.isCommit ? commit : abort)
        var value = ByteBuffer()
        value.writeMultipleIntegers(Int16(0), marker.coordinatorEpoch)
        builder.append(key: key, value: value, timestampMilliseconds: milliseconds)
        return builder.finish()
    }

    /// What a control batch says.
    /// - Parameter batch: all of its bytes.
    /// - Returns: `nil` for control batches of another kind, and for emptied ones.
    static func marker(in batch: ByteBuffer) -> TransactionMarker? {
        guard var reader = try? RecordReader(batch), reader.header.attributes.isControl,
            reader.header.producerID >= 0, let record = try? reader.next(), let key = record.key,
            let kind = key.getInteger(at: key.readerIndex + 2, as: Int16.self),
            kind == abort || kind == commit, let value = record.value,
            let epoch = value.getInteger(at: value.readerIndex + 2, as: Int32.self)
        else { return nil }
        return TransactionMarker(
            producerID: reader.header.producerID, producerEpoch: reader.header.producerEpoch,
            coordinatorEpoch: epoch, isCommit: kind == commit)
    }
}
