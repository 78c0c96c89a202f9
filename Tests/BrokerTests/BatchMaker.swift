// Record batches for tests, as clients would send them.

import KafkaProtocol
import NIOCore

enum BatchMaker {
    /// - Parameter times: of the records; as many records as times.
    static func batch(
        at offset: Int64 = 0, times: [Int64] = [1], producerID: Int64 = -1, epoch: Int16 = -1,
        sequence: Int32 = -1
    ) -> ByteBuffer {
        var builder = RecordBatchBuilder(
            baseOffset: offset, producerID: producerID, producerEpoch: epoch,
            baseSequence: sequence)
        for (index, time) in times.enumerated() {
            builder.append(
                key: Array("k\(index)".utf8), value: Array("v\(index)".utf8),
                timestampMilliseconds: time)
        }
        return builder.finish()
    }

    static func header(
        sequence: Int32, count: Int32 = 1, producerID: Int64 = 7, epoch: Int16 = 0
    ) -> RecordBatchHeader {
        var header = RecordBatchHeader()
        header.producerID = producerID
        header.producerEpoch = epoch
        header.baseSequence = sequence
        header.recordCount = count
        header.lastOffsetDelta = count - 1
        header.maxTimestampMilliseconds = 5
        return header
    }
}
