// Transactions in a partition's log on disk: what readers see, what a crash keeps, who is refused.

import Foundation
import KafkaProtocol
import NIOCore
import Testing

@testable import MillraceBroker

@Suite("Kafka log's transactions")
struct KafkaLogTransactionTests {
    /// Two transactions interleaved, one of which aborts, a plain batch, and one left open:
    /// 0 a, 1 b, 2 a, 3 plain, 4 b aborts, 5 a commits, 6 c (open), 7 plain.
    private static func filled(_ log: PartitionLog) async throws {
        _ = try await log.appendInTransaction(1, sequence: 0)
        _ = try await log.appendInTransaction(2, sequence: 0)
        _ = try await log.appendInTransaction(1, sequence: 1)
        _ = await log.append(try KafkaLogBatches.batch([("k", "plain")]))
        _ = await log.appendMarker(KafkaLogBatches.marker(2, isCommit: false))
        _ = await log.appendMarker(KafkaLogBatches.marker(1, isCommit: true))
        _ = try await log.appendInTransaction(3, sequence: 0)
        _ = await log.append(try KafkaLogBatches.batch([("k", "late")]))
    }

    private static let committed = ["1/0", "1/1", "plain"]
    private static let all = ["1/0", "2/0", "1/1", "plain", "3/0", "late"]

    private static func expectFilled(_ log: PartitionLog) throws {
        #expect(log.lastStableOffset == 6)
        #expect(log.view.with { $0.highWatermark } == 8)
        #expect(try log.values(.readCommitted) == committed)
        #expect(try log.values(.readUncommitted) == all)
        for start in Int64(0)..<8 {
            _ = try log.values(.readCommitted, from: start)
        }
        #expect(
            log.openTransactions
                == [OpenTransaction(producerID: 3, producerEpoch: 0, firstOffset: 6)])
        let states = log.producers()
        #expect(states.map(\.producerID) == [1, 2, 3])
        #expect(states.map(\.transactionStartOffset) == [-1, -1, 6])
        #expect(states.map(\.coordinatorEpoch) == [0, 0, -1])
        #expect(states.map(\.lastSequence) == [1, 0, 0])
    }

    /// Method: the same log looked at when it was written, after a stop, after a crash without and with
    /// a checkpoint in the middle, and in segments of a batch each.
    @Test(arguments: [1 << 20, 100]) func everyStartSeesTheSame(segmentBytes: Int) async throws {
        try await KafkaLogStage.run { stage in
            let set: (inout LogConfiguration) -> Void = { $0.segmentBytes = segmentBytes }
            var log = try stage.open(set: set)
            try await Self.filled(log)
            try Self.expectFilled(log)
            let crashed = try stage.copy()
            try Self.expectFilled(try crashed.open(isClean: false, set: set))
            _ = try log.checkpointIfGrown(force: true)
            let later = try stage.copy()
            try Self.expectFilled(try later.open(isClean: false, recoveryPoint: 8, set: set))
            _ = try log.close()
            log = try stage.open(set: set)
            try Self.expectFilled(log)
            let ended = await log.appendMarker(KafkaLogBatches.marker(3, isCommit: false))
            #expect(ended.offset == 8)
            #expect(log.lastStableOffset == 9)
            #expect(try log.values(.readCommitted) == Self.committed + ["late"])
            _ = try log.close()
            log = try stage.open(set: set)
            #expect(try log.values(.readCommitted) == Self.committed + ["late"])
        }
    }

    /// Goal: a lost or damaged `.txnindex` or `.snapshot` is made again from the batches after a crash.
    @Test(arguments: ["txnindex", "snapshot"]) func lostFilesAreMadeAgain(
        suffix: String
    ) async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open()
            try await Self.filled(log)
            _ = try log.checkpointIfGrown(force: true)
            let manager = FileManager.default
            let names = try manager.contentsOfDirectory(atPath: stage.folder)
                .filter { $0.hasSuffix(suffix) }
            #expect(!names.isEmpty)
            for name in names {
                try Data([1, 2, 3]).write(to: URL(filePath: stage.folder + "/" + name))
            }
            let crashed = try stage.copy()
            try Self.expectFilled(try crashed.open(isClean: false, recoveryPoint: 8))
            // The damage is gone from the disk, too.
            try Self.expectFilled(try crashed.open(isClean: false, recoveryPoint: 8))
            try Self.expectFilled(try stage.open())
        }
    }

    @Test func aFirstBatchNeedsTheCoordinatorsWord() async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open()
            let batch = try KafkaLogBatches.batch(
                [("k", "v")], producer: 1, sequence: 0, isTransactional: true)
            #expect(await log.append(batch) == .refused(.invalidTransaction))
            let token = try #require(log.beginVerification(producerID: 1, epoch: 0))
            #expect(await log.append(batch, verification: token).offset == 0)
            // Now it is open: nobody is asked.
            #expect(log.beginVerification(producerID: 1, epoch: 0) == nil)
            let second = try KafkaLogBatches.batch(
                [("k", "v")], producer: 1, sequence: 1, isTransactional: true)
            #expect(await log.append(second).offset == 1)
            // A repeat is answered as before, token or not.
            #expect(await log.append(second).offset == 1)
            // The broker's own batches have been judged by the broker.
            let own = try KafkaLogBatches.batch(
                [("k", "v")], producer: 9, epoch: 4, sequence: -1, isTransactional: true)
            #expect(await log.append(own, origin: .broker).offset == 2)
            #expect(log.openTransactions.map(\.producerID) == [1, 9])
        }
    }

    /// Goal: a marker between the coordinator's word and the batch refuses the batch (KIP-890).
    @Test func aLateBatchOpensNothing() async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open()
            let batch = try KafkaLogBatches.batch(
                [("k", "v")], producer: 1, sequence: 0, isTransactional: true)
            let token = log.beginVerification(producerID: 1, epoch: 0)
            _ = await log.appendMarker(KafkaLogBatches.marker(1, isCommit: false))
            let late = await log.append(batch, verification: token)
            #expect(late == .refused(.invalidTransaction))
            #expect(log.lastStableOffset == 1)
        }
    }

    /// Goal: what waits behind an earlier batch does not come before it.
    @Test func theLowestSequenceComesFirst() async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open()
            let token = log.beginVerification(producerID: 1, epoch: 0, sequence: 0)
            #expect(log.beginVerification(producerID: 1, epoch: 0, sequence: 1) == token)
            let second = try KafkaLogBatches.batch(
                [("k", "v")], producer: 1, sequence: 1, isTransactional: true)
            let result = await log.append(second, verification: token)
            #expect(result == .refused(.outOfOrderSequence))
        }
    }

    @Test func markersAreIdempotentAndFence() async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open()
            _ = try await log.appendInTransaction(1, epoch: 3, sequence: 0)
            let marker = KafkaLogBatches.marker(
                1, epoch: 4, isCommit: true, coordinatorEpoch: 5)
            #expect(await log.appendMarker(marker).offset == 1)
            #expect(await log.appendMarker(marker).offset != nil)
            #expect(log.view.with { $0.highWatermark } == 2)
            let older = KafkaLogBatches.marker(1, epoch: 3, isCommit: true, coordinatorEpoch: 5)
            #expect(await log.appendMarker(older) == .refused(.staleProducerEpoch))
            let replaced = KafkaLogBatches.marker(1, epoch: 4, isCommit: true, coordinatorEpoch: 4)
            #expect(await log.appendMarker(replaced) == .refused(.coordinatorFenced))
            let zombie = try await log.appendInTransaction(1, epoch: 3, sequence: 1)
            #expect(zombie == .refused(.staleProducerEpoch))
            #expect(try await log.appendInTransaction(1, epoch: 4, sequence: 0).offset == 2)
        }
    }

    /// Goal: a reader of committed records is woken by the marker, not by other batches.
    @Test func committedReadersWakeWhenTheyCanRead() async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open()
            _ = try await log.appendInTransaction(1, sequence: 0)
            let (woken, wake) = AsyncStream.makeStream(of: String.self)
            let committed = LogWaiter { wake.yield("committed") }
            let all = LogWaiter { wake.yield("all") }
            #expect(log.wait(committed, seen: 0, .readCommitted))
            #expect(log.wait(all, seen: 1))
            _ = await log.append(try KafkaLogBatches.batch([("k", "v")]))
            var names = woken.makeAsyncIterator()
            #expect(await names.next() == "all")
            #expect(log.wait(all, seen: 2))
            _ = await log.appendMarker(KafkaLogBatches.marker(1, isCommit: true))
            let both = [await names.next(), await names.next()]
            #expect(Set(both) == ["all", "committed"])
            #expect(!log.wait(committed, seen: 0, .readCommitted))
        }
    }
}
