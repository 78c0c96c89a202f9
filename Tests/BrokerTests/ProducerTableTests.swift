// Idempotent producers: which batches are new, repeated, late or out of order.

import KafkaProtocol
import Testing

@testable import MillraceBroker

@Suite("Producer table")
struct ProducerTableTests {
    private static func table(_ batches: Int, count: Int32 = 2) -> ProducerTable {
        var table = ProducerTable()
        for number in 0..<Int32(batches) {
            let header = BatchMaker.header(sequence: number * count, count: count)
            table.appended(header, at: Int64(number * count) + 100, now: 0)
        }
        return table
    }

    /// Goal: a producer nobody knows may begin anywhere (KIP-360).
    @Test func takesAnUnknownProducerAtAnySequence() {
        #expect(ProducerTable().judge(BatchMaker.header(sequence: 42)) == .new)
    }

    @Test func takesTheNextSequenceOnly() {
        let table = Self.table(1)
        #expect(table.judge(BatchMaker.header(sequence: 2)) == .new)
        #expect(table.judge(BatchMaker.header(sequence: 3)) == .outOfOrder)
        #expect(table.judge(BatchMaker.header(sequence: 1)) == .outOfOrder)
    }

    /// Goal: each of the last five batches is known again, with its first offset; the sixth is not.
    @Test func recognisesTheLastFiveBatches() {
        let table = Self.table(7)
        for number in Int32(2)..<7 {
            let verdict = table.judge(BatchMaker.header(sequence: number * 2, count: 2))
            guard case .repeated(let batch) = verdict else {
                Issue.record("batch \(number) was not recognised: \(verdict)")
                continue
            }
            #expect(batch.firstOffset == Int64(number * 2) + 100)
        }
        #expect(table.judge(BatchMaker.header(sequence: 2, count: 2)) == .outOfOrder)
    }

    /// Goal: the same first sequence with another length is no repeat.
    @Test func comparesBothEnds() {
        #expect(Self.table(2).judge(BatchMaker.header(sequence: 2, count: 1)) == .outOfOrder)
    }

    @Test func aNewEpochBeginsAtZero() {
        var table = Self.table(3)
        #expect(table.judge(BatchMaker.header(sequence: 6, epoch: 1)) == .outOfOrder)
        let first = BatchMaker.header(sequence: 0, epoch: 1)
        #expect(table.judge(first) == .new)
        table.appended(first, at: 200, now: 0)
        #expect(table.judge(BatchMaker.header(sequence: 6, epoch: 0)) == .staleEpoch)
    }

    /// Goal: sequences go on with 0 after 2^31 - 1, inside a batch too.
    @Test func sequencesWrap() {
        var table = ProducerTable()
        let last = BatchMaker.header(sequence: .max - 1, count: 3)
        table.appended(last, at: 0, now: 0)
        #expect(table.entries[7]?.batches.last?.lastSequence == 0)
        #expect(table.judge(BatchMaker.header(sequence: 1)) == .new)
        guard case .repeated = table.judge(last) else {
            Issue.record("a batch over the wrap was not recognised")
            return
        }
    }

    @Test func takesBackWhatWasNotWritten() {
        var table = Self.table(1)
        let before = table
        let entry = table.appended(BatchMaker.header(sequence: 2), at: 102, now: 9)
        table.restore(7, to: entry)
        #expect(table == before)
    }

    @Test func forgetsSilentProducers() {
        var table = ProducerTable()
        table.appended(BatchMaker.header(sequence: 0, producerID: 1), at: 0, now: 10)
        table.appended(BatchMaker.header(sequence: 0, producerID: 2), at: 1, now: 20)
        table.expire(before: 20)
        #expect(table.entries.keys.sorted() == [2])
    }

    // MARK: Batches that were not written

    /// Goal: what follows a refused batch waits for it, of an unknown producer and of a known one.
    @Test(arguments: [0, 3])
    func whatFollowsARefusedBatchWaits(known: Int) {
        var table = Self.table(known)
        let first = Int32(known) * 2
        for sequence in [first, first + 1, first] {
            table.refused(BatchMaker.header(sequence: sequence), now: 1)
        }
        for later in [first + 1, first + 2, first + 1_000] {
            #expect(table.judge(BatchMaker.header(sequence: later)) == .behindRefused)
        }
        #expect(table.judge(BatchMaker.header(sequence: first)) == .new)
        #expect(table.judge(BatchMaker.header(sequence: 5, producerID: 8)) == .new)
        table.appended(BatchMaker.header(sequence: first), at: 200, now: 2)
        #expect(table.judge(BatchMaker.header(sequence: first + 1)) == .new)
        #expect(table.judge(BatchMaker.header(sequence: first + 2)) == .outOfOrder)
    }

    /// Goal: a producer that begins anew, in another epoch, owes nothing; nor one that a marker stopped.
    @Test func anotherEpochAndAMarkerForgetARefusal() {
        var table = ProducerTable()
        table.refused(BatchMaker.header(sequence: 0), now: 1)
        #expect(table.judge(BatchMaker.header(sequence: 1, epoch: 1)) == .new)
        table.refused(BatchMaker.header(sequence: 4, epoch: 1), now: 1)
        table.refused(BatchMaker.header(sequence: 0), now: 1)
        #expect(table.judge(BatchMaker.header(sequence: 5, epoch: 1)) == .behindRefused)
        let marker = TransactionMarker(
            producerID: 7, producerEpoch: 1, coordinatorEpoch: 0, isCommit: false)
        table.ended(marker, at: 0, now: 2)
        #expect(table.judge(BatchMaker.header(sequence: 5, epoch: 1)) == .outOfOrder)
    }

    @Test func refusalsWrapWithTheSequences() {
        var table = ProducerTable()
        table.refused(BatchMaker.header(sequence: .max), now: 1)
        #expect(table.judge(BatchMaker.header(sequence: 0)) == .behindRefused)
        #expect(table.judge(BatchMaker.header(sequence: .max - 1)) == .new)
    }

    /// Goal: refusals go with the producer's time, and there are never more than the limit.
    @Test func refusalsAreForgottenInTheEnd() {
        var table = ProducerTable()
        let limit = Int64(Limits.refusedProducersPerPartitionMax)
        for producer in 0...limit {
            table.refused(BatchMaker.header(sequence: 0, producerID: producer), now: producer)
        }
        func waits(_ producer: Int64) -> Bool {
            table.judge(BatchMaker.header(sequence: 1, producerID: producer)) == .behindRefused
        }
        #expect(!waits(0) && !waits(limit / 10 - 1) && waits(limit / 10) && waits(limit))
        table.expire(before: limit)
        #expect(!waits(limit - 1) && waits(limit))
        table.expire(before: limit + 1)
        #expect(table == ProducerTable())
    }

    // MARK: Snapshots

    @Test func snapshotsSurviveTheRoundTrip() {
        let table = Self.table(7)
        #expect(ProducerSnapshot.decode(ProducerSnapshot.encode(table)) == table)
        #expect(
            ProducerSnapshot.decode(ProducerSnapshot.encode(ProducerTable())) == ProducerTable())
    }

    /// Method: cut a good snapshot at every length, and flip every byte. None may pass.
    @Test func damagedSnapshotsAreRefused() {
        let bytes = ProducerSnapshot.encode(Self.table(3))
        for count in bytes.indices {
            #expect(ProducerSnapshot.decode(Array(bytes.prefix(count))) == nil)
            var flipped = bytes
            flipped[count] ^= 0x40
            #expect(ProducerSnapshot.decode(flipped) == nil)
        }
    }
}
