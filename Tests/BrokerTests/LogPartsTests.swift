// Small parts of a log: leader epochs, checkpoints, batch headers, the tail in memory.

import KafkaProtocol
import NIOCore
import Testing

@testable import MillraceBroker

@Suite("Leader epochs")
struct LeaderEpochsTests {
    private static var three: LeaderEpochs {
        var epochs = LeaderEpochs()
        epochs.begin(0, at: 0)
        epochs.begin(1, at: 10)
        epochs.begin(4, at: 25)
        return epochs
    }

    @Test func answersWhereAnEpochEnds() throws {
        let epochs = Self.three
        #expect(try #require(epochs.end(of: 0, logEnd: 40)) == (0, 10))
        #expect(try #require(epochs.end(of: 1, logEnd: 40)) == (1, 25))
        #expect(try #require(epochs.end(of: 3, logEnd: 40)) == (1, 25))
        #expect(try #require(epochs.end(of: 4, logEnd: 40)) == (4, 40))
        #expect(epochs.end(of: 5, logEnd: 40) == nil)
    }

    @Test func knowsTheEpochOfARecord() {
        #expect([0, 9, 10, 24, 25].map(Self.three.epoch(of:)) == [0, 0, 1, 1, 4])
        #expect(LeaderEpochs().epoch(of: 3) == -1)
    }

    /// Goal: an epoch in which nothing was written is replaced, not kept beside the next.
    @Test func anEmptyEpochIsReplaced() {
        var epochs = Self.three
        epochs.begin(5, at: 25)
        #expect(epochs.entries.map(\.epoch) == [0, 1, 5])
    }

    @Test func survivesTheRoundTripAsText() {
        #expect(LeaderEpochs(text: Self.three.text) == Self.three)
        #expect(Self.three.text == "0\n3\n0 0\n1 10\n4 25\n")
        for bad in ["", "0", "1\n0\n", "0\n2\n0 0\n", "0\n2\n1 0\n0 5\n", "0\n1\n0 x\n"] {
            #expect(LeaderEpochs(text: bad) == nil)
        }
    }
}

@Suite("Offset checkpoint")
struct OffsetCheckpointTests {
    @Test func survivesTheRoundTrip() {
        let offsets = [
            PartitionName(topic: "a", partition: 0): Int64(12),
            PartitionName(topic: "a-b.c", partition: 11): Int64(0),
        ]
        let bytes = OffsetCheckpoint.encode(offsets)
        #expect(String(decoding: bytes, as: UTF8.self) == "0\n2\na 0 12\na-b.c 11 0\n")
        #expect(OffsetCheckpoint.decode(bytes) == offsets)
        #expect(OffsetCheckpoint.decode(Array(bytes.dropLast(10))) == nil)
    }
}

@Suite("Batch bytes")
struct BatchBytesTests {
    /// Method: cut a good batch at every length. None may crash or pass.
    @Test func refusesABatchCutAtEveryByte() {
        let batch = BatchMaker.batch(times: [1, 2, 3])
        batch.withUnsafeReadableBytes { bytes in
            for count in 0..<bytes.count {
                let cut = UnsafeRawBufferPointer(rebasing: bytes.prefix(count))
                #expect(throws: BatchFault.cutShort) {
                    try RecordBatchHeader(whole: cut, verifying: true)
                }
            }
        }
    }

    /// Method: flip each byte that the checksum covers, and the checksum.
    @Test func refusesEveryFlippedByte() {
        let batch = BatchMaker.batch(times: [1, 2, 3])
        for position in 17..<batch.readableBytes {
            var flipped = Array(batch.readableBytesView)
            flipped[position] ^= 1
            _ = flipped.withUnsafeBytes { bytes in
                #expect(throws: BatchFault.self) {
                    try RecordBatchHeader(whole: bytes, verifying: true)
                }
            }
        }
    }

    /// Goal: the place in the log is written without spoiling the checksum; the stamp renews it.
    @Test func placesAndStamps() throws {
        var bytes = Array(BatchMaker.batch(times: [1, 2, 3]).readableBytesView)
        try bytes.withUnsafeMutableBytes { bytes in
            BatchPatch.place(bytes, baseOffset: 41, leaderEpoch: 6)
            let placed = try RecordBatchHeader(
                whole: UnsafeRawBufferPointer(bytes), verifying: true)
            #expect(placed.baseOffset == 41)
            #expect(placed.partitionLeaderEpoch == 6)
            BatchPatch.stamp(bytes, placed, milliseconds: 99)
            let stamped = try RecordBatchHeader(
                whole: UnsafeRawBufferPointer(bytes), verifying: true)
            #expect(stamped.maxTimestampMilliseconds == 99)
            #expect(stamped.attributes.isLogAppendTime)
        }
    }
}

@Suite("Log tail")
struct LogTailTests {
    /// Five blocks of one batch of two records each, offsets 10 to 19.
    private static func filled(limitBytes: Int = 1 << 20) -> (tail: LogTail, size: Int) {
        var tail = LogTail()
        var size = 0
        for base in stride(from: Int64(10), to: 20, by: 2) {
            let batch = BatchMaker.batch(at: base, times: [1, 2])
            size = batch.readableBytes
            tail.append(batch, from: base, to: base + 2, limitBytes: limitBytes)
        }
        return (tail, size)
    }

    private static func bases(_ slices: [ByteBuffer]) throws -> [Int64] {
        try slices.map { try RecordBatchHeader(reading: $0).baseOffset }
    }

    @Test func readsFromTheBatchThatHoldsTheOffset() throws {
        let (tail, _) = Self.filled()
        let all = try #require(tail.read(from: 13, bytesMax: 1 << 20, atLeastOne: true))
        #expect(try Self.bases(all) == [12, 14, 16, 18])
        #expect(tail.read(from: 9, bytesMax: 1 << 20, atLeastOne: true) == nil)
        #expect(tail.read(from: 20, bytesMax: 1 << 20, atLeastOne: true) == nil)
    }

    /// Goal: whole batches only; the first one comes even if it is too large, when asked so.
    @Test func keepsToTheLimit() throws {
        let (tail, size) = Self.filled()
        let two = try #require(tail.read(from: 10, bytesMax: 2 * size + 5, atLeastOne: true))
        #expect(try Self.bases(two) == [10, 12])
        let one = try #require(tail.read(from: 10, bytesMax: 1, atLeastOne: true))
        #expect(try Self.bases(one) == [10])
        let none = try #require(tail.read(from: 10, bytesMax: 1, atLeastOne: false))
        #expect(none.isEmpty)
    }

    @Test func givesUpItsOldestBlocks() throws {
        let (_, size) = Self.filled()
        let (tail, _) = Self.filled(limitBytes: 3 * size)
        #expect(tail.sizeBytes <= 3 * size)
        #expect(tail.read(from: 10, bytesMax: 1 << 20, atLeastOne: true) == nil)
        #expect(try #require(tail.read(from: 18, bytesMax: 1, atLeastOne: true)).count == 1)
    }

    /// Goal: a gap in the offsets empties the tail, so that no reader jumps over it.
    @Test func startsAnewAfterAGap() {
        var (tail, _) = Self.filled()
        tail.append(BatchMaker.batch(at: 30), from: 30, to: 31, limitBytes: 1 << 20)
        #expect(tail.firstOffset == 30)
    }
}
