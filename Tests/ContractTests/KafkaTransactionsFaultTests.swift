// Transactions when things go wrong: late requests, producers that vanish, kill -9 in every state.

import Foundation
import KafkaProtocol
import MillraceBroker
import NIOCore
import Testing

@Suite("Kafka transactions and faults")
struct KafkaTransactionsFaultTests {
    private typealias Producer = KafkaTransactionsProducer

    /// Reference F, test 8: an EndTxn that a proxy held is delivered after the next transaction began.
    /// By the second protocol it is refused; the first one cannot tell it from the next one's end.
    @Test(arguments: [true, false])
    func aStaleEndDoesNotEndTheNextTransaction(isCommit: Bool) async throws {
        try await KafkaBrokerStage().run { wire, server in
            _ = try await wire.createTopic("a")
            let proxy = try await KafkaTransactionsProxy(to: server.port)
            let delayed = try await KafkaBrokerWire(port: proxy.port)
            var producer = Producer(wire, "t", .second)
            _ = try await producer.begin()
            #expect(try await producer.send(["first"], to: "a") == .none)
            // The end is sent, held, given up, and sent again another way.
            proxy.hold(.endTxn)
            try await delayed.send(producer.endRequest(isCommit), version: 5, correlationID: 7)
            try await proxy.waitForHeld()
            #expect(try await producer.end(isCommit) == .none)
            #expect(try await producer.send(["second"], to: "a") == .none)
            try await proxy.release()
            let late = try await delayed.answer(EndTxnRequest.self, version: 5)
            #expect(late.correlationID == 7)
            #expect(late.response.errorCode == .producerFenced)
            #expect(late.response.producerID == -1 && late.response.producerEpoch == -1)
            #expect(try await wire.state(ofTransaction: "t") == "Ongoing")
            #expect(try await producer.send(["third"], to: "a") == .none)
            #expect(try await producer.end(true) == .none)
            try await wire.wait(for: "CompleteCommit", ofTransaction: "t")
            let seen = isCommit ? ["first", "second", "third"] : ["second", "third"]
            #expect(try await wire.committed("a") == seen)
            await delayed.close()
            await proxy.close()
        }
    }

    /// Goal: a late batch of an ended transaction opens none (KIP-890).
    @Test(arguments: KafkaTransactionsProtocol.allCases)
    func aLateBatchOpensNoTransaction(spoken: KafkaTransactionsProtocol) async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("a")
            var producer = Producer(wire, "t", spoken)
            _ = try await producer.begin()
            #expect(try await producer.send(["x"], to: "a") == .none)
            let late = producer.request(["late"], "a", 0, sequence: 1)
            #expect(try await producer.end(true) == .none)
            try await wire.wait(for: "CompleteCommit", ofTransaction: "t")
            let answer = try await wire.ask(late, version: spoken == .first ? 11 : 12)
            #expect(
                answer.responses[0].partitionResponses[0].errorCode
                    == (spoken == .first ? .transactionAbortable : .invalidProducerEpoch))
            #expect(try await wire.committed("a") == ["x"])
            var request = KafkaBrokerRequests.fetch("a", from: 0)
            request.isolationLevel = 1
            let data = try await wire.ask(request, version: 12).responses[0].partitions[0]
            #expect(data.lastStableOffset == data.highWatermark)
        }
    }

    /// Reference A5, trap 12: what nobody ends is ended by the broker.
    @Test(arguments: KafkaTransactionsProtocol.allCases)
    func aTransactionWhoseTimeIsOverIsAborted(spoken: KafkaTransactionsProtocol) async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("a")
            var producer = Producer(wire, "t", spoken)
            _ = try await producer.begin(timeout: 800)
            #expect(try await producer.send(["lost"], to: "a") == .none)
            try await wire.wait(for: "CompleteAbort", ofTransaction: "t")
            #expect(try await producer.end(true) != .none)
            #expect(try await producer.send(["late"], to: "a") == .invalidProducerEpoch)
            #expect(try await wire.committed("a") == [])
            // It is the same producer: it may go on.
            #expect(try await producer.begin(keeps: true) == .none)
            #expect(try await producer.send(["x"], to: "a") == .none)
            #expect(try await producer.end(true) == .none)
            try await wire.wait(for: "CompleteCommit", ofTransaction: "t")
            #expect(try await wire.committed("a") == ["x"])
        }
    }

    // MARK: Restarts

    /// Where a crash leaves the files: behind which record of `__transaction_state`, and whether the
    /// partition had its marker.
    struct Cut: Sendable, CustomStringConvertible {
        var description: String
        /// Records of the transaction that are left: Empty, Ongoing, Prepare…, Complete….
        var records: Int
        var hasMarker: Bool
        var isCommit: Bool
        var spoken: KafkaTransactionsProtocol

        static let all: [Cut] = KafkaTransactionsProtocol.allCases.flatMap { spoken in
            [true, false].flatMap { isCommit in
                [
                    (2, false, "Ongoing"), (3, false, "Prepare"), (3, true, "Prepare and marker"),
                    (4, true, "Complete"),
                ].map { records, hasMarker, name in
                    Cut(
                        description: "\(name), \(isCommit ? "commit" : "abort"), \(spoken)",
                        records: records, hasMarker: hasMarker, isCommit: isCommit, spoken: spoken)
                }
            }
        }
    }

    @Test(arguments: Cut.all) func aRestartInEachState(cut: Cut) async throws {
        let stage = KafkaBrokerStage()
        let (crashed, producer) = try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("a")
            var producer = Producer(wire, "t", cut.spoken)
            _ = try await producer.begin()
            _ = try await producer.send(["x", "y"], to: "a")
            let before = producer
            _ = try await producer.end(cut.isCommit)
            try await wire.wait(
                for: cut.isCommit ? "CompleteCommit" : "CompleteAbort", ofTransaction: "t")
            return (try stage.copy(), before)
        }
        try cutLog(crashed, "__transaction_state-\(statePartition("t"))", after: cut.records)
        if !cut.hasMarker { try cutLog(crashed, "a-0", after: 1) }
        try await crashed.run { wire, _ async throws in
            var resumed = Producer(wire, "t", cut.spoken)
            resumed.producerID = producer.producerID
            resumed.epoch = producer.epoch
            if cut.records == 2 {
                // Nothing was decided: the transaction is open, and its producer may end it.
                #expect(try await wire.state(ofTransaction: "t") == "Ongoing")
                #expect(try await wire.committed("a") == [])
            }
            #expect(try await resumed.end(cut.isCommit) == .none)
            try await wire.wait(
                for: cut.isCommit ? "CompleteCommit" : "CompleteAbort", ofTransaction: "t")
            #expect(try await wire.committed("a") == (cut.isCommit ? ["x", "y"] : []))
            // A marker may be written twice, by coordinators of two epochs; it does no harm.
            #expect((3...4).contains(try await wire.endOffset("a")))
            #expect(try await resumed.begin() == .none)
            #expect(try await resumed.send(["z"], to: "a") == .none)
            #expect(try await resumed.end(true) == .none)
            try await wire.wait(for: "CompleteCommit", ofTransaction: "t")
            #expect(try await wire.committed("a") == (cut.isCommit ? ["x", "y", "z"] : ["z"]))
            var zombie = Producer(wire, "t", cut.spoken)
            zombie.producerID = producer.producerID
            zombie.epoch = producer.epoch
            #expect(try await zombie.end(cut.isCommit) == .producerFenced)
        }
    }

    private func statePartition(_ id: String) -> Int32 {
        GroupCoordinator.partition(of: id, count: Limits.transactionPartitions)
    }

    /// Cuts a partition's log behind so many batches, as if the rest had not been written.
    private func cutLog(_ stage: KafkaBrokerStage, _ partition: String, after count: Int) throws {
        let path = stage.directory + "/" + partition
        let file = URL(filePath: path + "/00000000000000000000.log")
        var bytes = ByteBuffer(bytes: [UInt8](try Data(contentsOf: file)))
        let whole = bytes.readableBytes
        for _ in 0..<count { _ = try #require(try RecordBatch.next(in: &bytes)) }
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: UInt64(whole - bytes.readableBytes))
        try handle.close()
    }

    /// Goal: open transactions outlive a restart, and nobody's turn into another's.
    @Test(arguments: KafkaTransactionsProtocol.allCases)
    func anOpenTransactionGoesOnAfterAnOrderlyStop(spoken: KafkaTransactionsProtocol) async throws {
        let stage = KafkaBrokerStage()
        let (id, epoch) = try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("a")
            var producer = Producer(wire, "t", spoken)
            _ = try await producer.begin()
            _ = try await producer.send(["x"], to: "a")
            return (producer.producerID, producer.epoch)
        }
        try await stage.run { wire, _ async throws in
            var producer = Producer(wire, "t", spoken)
            (producer.producerID, producer.epoch) = (id, epoch)
            #expect(try await wire.committed("a") == [])
            let more = try await wire.ask(
                producer.request(["y"], "a", 0, sequence: 1), version: spoken == .first ? 11 : 12)
            #expect(more.responses[0].partitionResponses[0].errorCode == .none)
            #expect(try await producer.end(true) == .none)
            try await wire.wait(for: "CompleteCommit", ofTransaction: "t")
            #expect(try await wire.committed("a") == ["x", "y"])
        }
    }

    /// Goal: the timer of an open transaction goes on over a restart.
    @Test func anOpenTransactionTimesOutAfterARestart() async throws {
        let stage = KafkaBrokerStage()
        let crashed = try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("a")
            var producer = Producer(wire, "t", .first)
            _ = try await producer.begin(timeout: 300)
            _ = try await producer.send(["x"], to: "a")
            return try stage.copy()
        }
        try await crashed.run { wire, _ async throws in
            try await wire.wait(for: "CompleteAbort", ofTransaction: "t")
            #expect(try await wire.committed("a") == [])
        }
    }
}
