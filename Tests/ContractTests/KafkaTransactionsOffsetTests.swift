// Offsets committed in transactions, and what tools see and do.

import KafkaProtocol
import MillraceBroker
import NIOCore
import Testing

@Suite("Kafka transactions, offsets and tools")
struct KafkaTransactionsOffsetTests {
    private typealias Producer = KafkaTransactionsProducer

    @Test(arguments: KafkaTransactionsProtocol.allCases)
    func offsetsCountWhenTheTransactionDoes(spoken: KafkaTransactionsProtocol) async throws {
        let stage = KafkaBrokerStage()
        let crashed = try await stage.run { wire, _ async throws in
            _ = try await wire.createTopic("a")
            var producer = Producer(wire, "t", spoken)
            _ = try await producer.begin()
            #expect(try await producer.commit(5, of: "a", group: "g") == .none)
            #expect(try await wire.offset(of: "a", group: "g", stable: false).offset == -1)
            #expect(
                try await wire.offset(of: "a", group: "g", stable: true).error
                    == .unstableOffsetCommit)
            #expect(try await producer.send(["x"], to: "a") == .none)
            #expect(try await producer.end(true) == .none)
            try await wire.wait(for: "CompleteCommit", ofTransaction: "t")
            let kept = try await wire.offset(of: "a", group: "g", stable: true)
            #expect(kept.offset == 5 && kept.error == .none)
            #expect(try await producer.commit(9, of: "a", group: "g") == .none)
            #expect(try await producer.end(false) == .none)
            try await wire.wait(for: "CompleteAbort", ofTransaction: "t")
            let same = try await wire.offset(of: "a", group: "g", stable: true)
            #expect(same.offset == 5 && same.error == .none)
            // And one that a crash leaves open.
            #expect(try await producer.commit(11, of: "a", group: "g") == .none)
            return try stage.copy()
        }
        try await crashed.run { wire, _ async throws in
            #expect(
                try await wire.offset(of: "a", group: "g", stable: true).error
                    == .unstableOffsetCommit)
            #expect(try await wire.offset(of: "a", group: "g", stable: false).offset == 5)
            var successor = Producer(wire, "t", spoken)
            #expect(try await successor.begin() == .none)
            let kept = try await wire.offset(of: "a", group: "g", stable: true)
            #expect(kept.offset == 5 && kept.error == .none)
        }
    }

    @Test func toolsSeeTransactionsAndTheirProducers() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("a")
            var producer = Producer(wire, "t", .first)
            _ = try await producer.begin()
            _ = try await producer.send(["x", "y"], to: "a")
            var other = Producer(wire, "u", .second)
            _ = try await other.begin()
            let all = try await wire.ask(ListTransactionsRequest(), version: 2)
            #expect(all.transactionStates.map(\.transactionalID) == ["t", "u"])
            #expect(all.transactionStates.map(\.transactionState) == ["Ongoing", "Empty"])
            let long = try await wire.ask(
                ListTransactionsRequest {
                    $0.stateFilters = ["Ongoing"]
                    $0.durationFilter = 3_600_000
                }, version: 1)
            #expect(long.transactionStates.isEmpty)
            let described = try await wire.ask(
                DescribeTransactionsRequest { $0.transactionalIDs = ["t", "nobody"] }, version: 0)
            #expect(described.transactionStates[0].topics.map(\.topic) == ["a"])
            #expect(described.transactionStates[0].transactionTimeoutMilliseconds == 60_000)
            #expect(described.transactionStates[1].errorCode == .transactionalIDNotFound)
            let producers = try await wire.ask(
                DescribeProducersRequest {
                    $0.topics = [
                        DescribeProducersRequest.Topic {
                            $0.name = "a"
                            $0.partitionIndexes = [0, 7]
                        }
                    ]
                }, version: 0)
            let partition = producers.topics[0].partitions[0]
            #expect(partition.activeProducers.map(\.producerID) == [producer.producerID])
            #expect(partition.activeProducers[0].currentTxnStartOffset == 0)
            #expect(partition.activeProducers[0].lastSequence == 1)
            #expect(producers.topics[0].partitions[1].errorCode == .unknownTopicOrPartition)
        }
    }

    /// What `kafka-transactions abort` does to a transaction that hangs in a partition.
    @Test func aHangingTransactionIsAbortedByATool() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("a")
            var producer = Producer(wire, "t", .first)
            _ = try await producer.begin()
            _ = try await producer.send(["x"], to: "a")
            func abort(_ topic: String, epoch: Int16, coordinator: Int32) async throws
                -> KafkaErrorCode
            {
                let request = WriteTxnMarkersRequest {
                    $0.markers = [
                        WriteTxnMarkersRequest.Marker {
                            $0.producerID = producer.producerID
                            $0.producerEpoch = epoch
                            $0.coordinatorEpoch = coordinator
                            $0.topics = [
                                WriteTxnMarkersRequest.Marker.Topic {
                                    $0.name = topic
                                    $0.partitionIndexes = [0]
                                }
                            ]
                        }
                    ]
                }
                let answer = try await wire.ask(request, version: 1)
                return answer.markers[0].topics[0].partitions[0].errorCode
            }
            #expect(
                try await abort("nowhere", epoch: producer.epoch, coordinator: 0)
                    == .unknownTopicOrPartition)
            #expect(try await abort("a", epoch: producer.epoch, coordinator: 4) == .none)
            var request = KafkaBrokerRequests.fetch("a", from: 0)
            request.isolationLevel = 1
            let data = try await wire.ask(request, version: 12).responses[0].partitions[0]
            #expect(data.lastStableOffset == 2)
            #expect(try await wire.committed("a") == [])
            #expect(
                try await abort("a", epoch: producer.epoch, coordinator: 3)
                    == .transactionCoordinatorFenced)
        }
    }

    /// Goal: where nothing is allowed, each API says so with Kafka's own code.
    @Test func whoMayNotIsRefused() async throws {
        let deny: (inout BrokerConfiguration) -> Void = {
            $0.authorizer = .acls(superUsers: [], allowEveryoneIfNoAcl: false)
        }
        try await KafkaBrokerStage().run(set: deny) { wire, _ in
            var producer = Producer(wire, "t", .first)
            #expect(try await producer.begin() == .transactionalIDAuthorizationFailed)
            let plain = try await wire.ask(InitProducerIDRequest(), version: 4)
            #expect(plain.errorCode == .clusterAuthorizationFailed)
            #expect(try await producer.add("a") == .transactionalIDAuthorizationFailed)
            #expect(try await producer.end(true) == .transactionalIDAuthorizationFailed)
            #expect(
                try await producer.commit(1, of: "a", group: "g")
                    == .transactionalIDAuthorizationFailed)
            let batched = try await wire.ask(AddPartitionsToTxnRequest(), version: 4)
            #expect(batched.errorCode == .clusterAuthorizationFailed)
            let described = try await wire.ask(
                DescribeTransactionsRequest { $0.transactionalIDs = ["t"] }, version: 0)
            #expect(
                described.transactionStates[0].errorCode == .transactionalIDAuthorizationFailed)
            let markers = try await wire.ask(
                WriteTxnMarkersRequest {
                    $0.markers = [
                        WriteTxnMarkersRequest.Marker {
                            $0.topics = [
                                WriteTxnMarkersRequest.Marker.Topic {
                                    $0.name = "a"
                                    $0.partitionIndexes = [0]
                                }
                            ]
                        }
                    ]
                }, version: 1)
            #expect(
                markers.markers[0].topics[0].partitions[0].errorCode == .clusterAuthorizationFailed)
        }
    }
}
