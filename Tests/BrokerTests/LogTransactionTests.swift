// Transactions in a partition's state: who has one open, what is aborted, where stable records end.

import KafkaProtocol
import NIOCore
import Testing

@testable import MillraceBroker

@Suite("Transactions of a partition")
struct LogTransactionTests {
    private static func data(
        _ producerID: Int64, sequence: Int32, epoch: Int16 = 0, isTransactional: Bool = true
    ) -> RecordBatchHeader {
        var header = BatchMaker.header(sequence: sequence, producerID: producerID, epoch: epoch)
        header.attributes.isTransactional = isTransactional
        return header
    }

    private static func marker(
        _ producerID: Int64, epoch: Int16 = 0, coordinatorEpoch: Int32 = 0, isCommit: Bool = true
    ) -> TransactionMarker {
        TransactionMarker(
            producerID: producerID, producerEpoch: epoch, coordinatorEpoch: coordinatorEpoch,
            isCommit: isCommit)
    }

    @Test func theOldestOpenTransactionIsUnstable() {
        var table = ProducerTable()
        table.appended(Self.data(1, sequence: 0), at: 10, now: 0)
        table.appended(Self.data(2, sequence: 0), at: 11, now: 0)
        table.appended(Self.data(1, sequence: 1), at: 12, now: 0)
        #expect(table.firstUnstableOffset == 10)
        let committed = table.ended(Self.marker(1), at: 13, now: 0)
        #expect(committed.aborted == nil)
        #expect(table.firstUnstableOffset == 11)
        let aborted = table.ended(Self.marker(2, isCommit: false), at: 14, now: 0).aborted
        #expect(
            aborted
                == AbortedTransaction(
                    producerID: 2, firstOffset: 11, lastOffset: 14, lastStableOffset: 15))
        #expect(table.firstUnstableOffset == nil)
        #expect(table.open.isEmpty)
    }

    /// Goal: a marker neither counts as a batch nor ends the row of sequences.
    @Test func aMarkerDoesNotDisturbTheSequence() {
        var table = ProducerTable()
        table.appended(Self.data(1, sequence: 0), at: 0, now: 0)
        table.ended(Self.marker(1), at: 1, now: 0)
        #expect(table.judge(Self.data(1, sequence: 1)) == .new)
        #expect(table.judge(Self.data(1, sequence: 2)) == .outOfOrder)
        guard case .repeated = table.judge(Self.data(1, sequence: 0)) else {
            Issue.record("the batch before the marker was forgotten")
            return
        }
    }

    /// Goal: with transactions of version 2 the marker carries the next epoch, which begins at 0.
    @Test func aMarkerOfALaterEpochFencesTheOlder() {
        var table = ProducerTable()
        table.appended(Self.data(1, sequence: 0), at: 0, now: 0)
        table.ended(Self.marker(1, epoch: 1), at: 1, now: 0)
        #expect(table.judge(Self.data(1, sequence: 1)) == .staleEpoch)
        #expect(table.judge(Self.data(1, sequence: 1, epoch: 1)) == .outOfOrder)
        #expect(table.judge(Self.data(1, sequence: 0, epoch: 1)) == .new)
        #expect(table.judge(Self.marker(1, epoch: 0)) == .staleEpoch)
    }

    @Test func markersAreJudged() {
        var table = ProducerTable()
        #expect(table.judge(Self.marker(1)) == .new)
        table.appended(Self.data(1, sequence: 0), at: 0, now: 0)
        table.ended(Self.marker(1, coordinatorEpoch: 3), at: 1, now: 0)
        #expect(table.judge(Self.marker(1, coordinatorEpoch: 3)) == .repeated)
        #expect(table.judge(Self.marker(1, coordinatorEpoch: 2)) == .coordinatorFenced)
        #expect(table.judge(Self.marker(1, coordinatorEpoch: 4)) == .new)
        table.appended(Self.data(1, sequence: 1), at: 2, now: 0)
        #expect(table.judge(Self.marker(1, coordinatorEpoch: 3)) == .new)
    }

    @Test func plainBatchesStayOutOfTransactions() {
        var table = ProducerTable()
        table.appended(Self.data(1, sequence: 0), at: 0, now: 0)
        let plain = Self.data(1, sequence: 1, isTransactional: false)
        #expect(table.judge(plain) == .outsideTransaction)
        table.ended(Self.marker(1), at: 1, now: 0)
        #expect(table.judge(plain) == .new)
    }

    @Test func openTransactionsAreNotForgotten() {
        var table = ProducerTable()
        table.appended(Self.data(1, sequence: 0), at: 0, now: 0)
        table.expire(before: 1_000)
        #expect(table.firstUnstableOffset == 0)
    }

    @Test func whatWasNotWrittenIsTakenBack() {
        var table = ProducerTable()
        table.appended(Self.data(1, sequence: 0), at: 0, now: 0)
        let before = table
        let entry = table.ended(Self.marker(1, epoch: 1, isCommit: false), at: 1, now: 9).before
        #expect(table.open.isEmpty)
        table.restore(1, to: entry)
        #expect(table == before)
        let none = table.appended(Self.data(2, sequence: 0), at: 1, now: 0)
        table.restore(2, to: none)
        #expect(table == before)
    }

    @Test func snapshotsKeepTransactions() {
        var table = ProducerTable()
        table.appended(Self.data(1, sequence: 0), at: 5, now: 0)
        table.appended(Self.data(2, sequence: 0), at: 6, now: 0)
        table.ended(Self.marker(2, epoch: 1, coordinatorEpoch: 7), at: 7, now: 0)
        #expect(ProducerSnapshot.decode(ProducerSnapshot.encode(table)) == table)
    }

    @Test func aMarkerIsReadAsItWasWritten() throws {
        for isCommit in [true, false] {
            let marker = Self.marker(77, epoch: 3, coordinatorEpoch: 9, isCommit: isCommit)
            let bytes = MarkerBatch.bytes(marker, milliseconds: 5)
            #expect(bytes.readableBytes == MarkerBatch.sizeBytes)
            #expect(MarkerBatch.marker(in: bytes) == marker)
            let header = try RecordBatchHeader(reading: bytes)
            #expect(header.attributes.rawValue == 0x30 && header.baseSequence == -1)
        }
        #expect(MarkerBatch.marker(in: BatchMaker.batch(producerID: 1)) == nil)
    }
}

@Suite("Verifications")
struct VerificationsTests {
    @Test func batchesThatWaitTogetherShareAToken() {
        var table = Verifications()
        let first = table.begin(producerID: 1, epoch: 0, sequence: 5)
        let again = table.begin(producerID: 1, epoch: 0, sequence: 3)
        let other = table.begin(producerID: 2, epoch: 0, sequence: nil)
        #expect(again == first && other != first)
        #expect(table.entry(of: 1, epoch: 0, token: first)?.lowestSequence == 3)
    }

    @Test func aMarkerMakesTheTokenWorthless() {
        var table = Verifications()
        let token = table.begin(producerID: 1, epoch: 0, sequence: 0)
        table.end(producerID: 1)
        #expect(table.entry(of: 1, epoch: 0, token: token) == nil)
        let next = table.begin(producerID: 1, epoch: 0, sequence: 0)
        #expect(next != token)
        #expect(table.entry(of: 1, epoch: 0, token: token) == nil)
        #expect(table.entry(of: 1, epoch: 0, token: nil) == nil)
    }

    /// Goal: a write that ends late does not use up the token of the next transaction.
    @Test func onlyTheOwnTokenIsUsedUp() {
        var table = Verifications()
        let token = table.begin(producerID: 1, epoch: 0, sequence: 0)
        table.end(producerID: 1)
        let next = table.begin(producerID: 1, epoch: 0, sequence: 0)
        table.use(token, producerID: 1)
        #expect(table.entry(of: 1, epoch: 0, token: next) != nil)
        table.use(next, producerID: 1)
        #expect(table.entry(of: 1, epoch: 0, token: next) == nil)
    }

    @Test func anotherEpochNeedsAnotherToken() {
        var table = Verifications()
        let token = table.begin(producerID: 1, epoch: 0, sequence: 0)
        let next = table.begin(producerID: 1, epoch: 1, sequence: 0)
        #expect(next != token)
        #expect(table.entry(of: 1, epoch: 0, token: token) == nil)
    }
}

@Suite("Aborted index")
struct AbortedIndexTests {
    private static func index(_ entries: [(Int64, Int64, Int64, Int64)]) -> AbortedIndex {
        var index = AbortedIndex()
        for (producer, first, last, stable) in entries {
            index.append(
                AbortedTransaction(
                    producerID: producer, firstOffset: first, lastOffset: last,
                    lastStableOffset: stable))
        }
        return index
    }

    private static let three = index([(1, 0, 5, 2), (2, 2, 9, 10), (3, 12, 15, 16)])

    @Test func findsWhatOverlaps() {
        var found: [AbortedTransaction] = []
        #expect(Self.three.collect(from: 6, to: 12, into: &found))
        #expect(found.map(\.producerID) == [2])
        found = []
        #expect(Self.three.collect(from: 0, to: 3, into: &found))
        #expect(found.map(\.producerID) == [1, 2])
        found = []
        #expect(!Self.three.collect(from: 16, to: 20, into: &found))
        #expect(found.isEmpty)
    }

    @Test func survivesTheRoundTrip() {
        #expect(AbortedIndex(decoding: Self.three.encoded()) == Self.three)
        #expect(Self.three.encoded().count == 3 * 34)
        #expect(AbortedIndex(decoding: []) == AbortedIndex())
        #expect(AbortedIndex(decoding: Array(Self.three.encoded().dropLast())) == nil)
        #expect(AbortedIndex(decoding: [1] + Self.three.encoded().dropFirst()) == nil)
    }
}

@Suite("What readers of committed records see")
struct StableOffsetTests {
    @Test func aViewEndsAtTheOldestOpenTransaction() {
        var view = LogView(configuration: LogConfiguration())
        view.highWatermark = 20
        var table = ProducerTable()
        view.show(table)
        #expect(view.end(.readCommitted) == 20)
        var batch = BatchMaker.header(sequence: 0)
        batch.attributes.isTransactional = true
        table.appended(batch, at: 12, now: 0)
        view.show(table)
        #expect(view.end(.readCommitted) == 12 && view.end(.readUncommitted) == 20)
        view.startOffset = 15
        view.settleStableOffset()
        #expect(view.lastStableOffset == 15)
    }

    @Test func theTailIsCutAtAnOffset() throws {
        var tail = LogTail()
        var block = BatchMaker.batch(at: 0, times: [1, 2])
        block.writeImmutableBuffer(BatchMaker.batch(at: 2, times: [1]))
        tail.append(block, from: 0, to: 3, limitBytes: 1 << 20)
        tail.append(BatchMaker.batch(at: 3, times: [1]), from: 3, to: 4, limitBytes: 1 << 20)
        func offsets(to end: Int64) throws -> [Int64] {
            let slices = tail.read(from: 0, to: end, bytesMax: 1 << 20, atLeastOne: true) ?? []
            return try slices.flatMap { slice -> [Int64] in
                var rest = slice
                var found: [Int64] = []
                while let (header, _) = try RecordBatch.next(in: &rest) {
                    found.append(header.baseOffset)
                }
                return found
            }
        }
        #expect(try offsets(to: 2) == [0])
        #expect(try offsets(to: 3) == [0, 2])
        #expect(try offsets(to: .max) == [0, 2, 3])
    }
}

@Suite("Bytes that need no checksum")
struct TrustedBytesTests {
    private static func stamp(_ nanoseconds: Int) -> FileStamp {
        FileStamp(seconds: 1, nanoseconds: nanoseconds)
    }

    @Test func whatWasWrittenIsTrustedUntilTheFileChanges() {
        var trusted = TrustedBytes()
        trusted.willWrite(stamp: Self.stamp(0))
        #expect(!trusted.covers(0..<10, stamp: Self.stamp(5)))
        trusted.wrote(0..<10, stamp: Self.stamp(1))
        trusted.willWrite(stamp: Self.stamp(1))
        // The time moves while we write.
        #expect(trusted.covers(0..<10, stamp: Self.stamp(2)))
        trusted.wrote(10..<20, stamp: Self.stamp(2))
        #expect(trusted.covers(0..<20, stamp: Self.stamp(2)))
        #expect(!trusted.covers(0..<21, stamp: Self.stamp(2)))
        #expect(!trusted.covers(0..<20, stamp: Self.stamp(3)))
        trusted.willWrite(stamp: Self.stamp(3))
        trusted.wrote(20..<30, stamp: Self.stamp(4))
        #expect(!trusted.covers(0..<20, stamp: Self.stamp(4)))
        #expect(trusted.covers(20..<30, stamp: Self.stamp(4)))
    }

    @Test func aFailedWriteEndsTheTrust() {
        var trusted = TrustedBytes()
        trusted.willWrite(stamp: Self.stamp(0))
        trusted.wrote(0..<10, stamp: Self.stamp(1))
        trusted.willWrite(stamp: Self.stamp(1))
        trusted.wrote(nil, stamp: nil)
        #expect(!trusted.covers(0..<10, stamp: Self.stamp(1)))
    }

    @Test func rangesJoin() {
        var trusted = TrustedBytes()
        for range in [0..<10, 30..<40, 20..<25, 10..<20, 60..<70] {
            trusted.verified(range, stamp: Self.stamp(1))
        }
        #expect(trusted.ranges == [0..<25, 30..<40, 60..<70])
        trusted.verified(5..<65, stamp: Self.stamp(1))
        #expect(trusted.ranges == [0..<70])
        for start in 0..<20 {
            trusted.verified(100 + start * 10..<101 + start * 10, stamp: Self.stamp(1))
        }
        #expect(trusted.ranges.count == 8 && trusted.ranges[0] == 0..<70)
    }
}
