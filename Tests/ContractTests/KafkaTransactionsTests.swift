// Transactions over the wire, by both protocols: what readers see, who is fenced, what may be repeated.

import KafkaProtocol
import MillraceBroker
import NIOCore
import Testing

@Suite("Kafka transactions")
struct KafkaTransactionsTests {
    private typealias Producer = KafkaTransactionsProducer

    @Test(arguments: KafkaTransactionsProtocol.allCases)
    func whatIsCommittedIsSeenAndWhatIsAbortedIsNot(spoken: KafkaTransactionsProtocol) async throws
    {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("a", partitions: 2)
            var producer = Producer(wire, "t", spoken)
            #expect(try await producer.begin() == .none)
            for round in 0..<4 {
                #expect(try await producer.send(["\(round)-a", "\(round)-b"], to: "a") == .none)
                #expect(try await producer.send(["\(round)-c"], to: "a", 1) == .none)
                #expect(try await producer.send(["\(round)-d"], to: "a") == .none)
                #expect(try await producer.end(round % 2 == 0) == .none)
            }
            try await wire.wait(for: "CompleteAbort", ofTransaction: "t")
            #expect(try await wire.committed("a") == ["0-a", "0-b", "0-d", "2-a", "2-b", "2-d"])
            #expect(try await wire.committed("a", 1) == ["0-c", "2-c"])
            // Markers have offsets: four records and one marker for each round.
            #expect(try await wire.endOffset("a") == 16)
        }
    }

    @Test(arguments: KafkaTransactionsProtocol.allCases)
    func anOpenTransactionHoldsReadersBack(spoken: KafkaTransactionsProtocol) async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("a")
            var producer = Producer(wire, "t", spoken)
            _ = try await producer.begin()
            #expect(try await producer.send(["x"], to: "a") == .none)
            _ = try await wire.produce(KafkaBrokerRequests.batch(["plain"]), to: "a")
            var request = KafkaBrokerRequests.fetch("a", from: 0)
            request.isolationLevel = 1
            let data = try await wire.ask(request, version: 12).responses[0].partitions[0]
            #expect(data.lastStableOffset == 0)
            #expect(data.highWatermark == 2)
            #expect(data.records?.readableBytes ?? 0 == 0)
            #expect(try await producer.end(true) == .none)
            try await wire.wait(for: "CompleteCommit", ofTransaction: "t")
            #expect(try await wire.committed("a") == ["x", "plain"])
        }
    }

    /// Reference F, test 9: the older of two producers is refused for ever.
    @Test(arguments: KafkaTransactionsProtocol.allCases)
    func aZombieIsFencedForEver(spoken: KafkaTransactionsProtocol) async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("a", partitions: 2)
            var zombie = Producer(wire, "t", spoken)
            _ = try await zombie.begin()
            #expect(try await zombie.send(["lost"], to: "a") == .none)
            var successor = Producer(wire, "t", spoken)
            #expect(try await successor.begin() == .none)
            #expect(successor.producerID == zombie.producerID)
            for round in 0..<5 {
                // Its own partition knows the fence; another one is told by the coordinator.
                #expect(try await zombie.send(["z"], to: "a") == .invalidProducerEpoch)
                #expect(
                    try await zombie.send(["z"], to: "a", 1)
                        == (spoken == .first ? .producerFenced : .invalidProducerEpoch))
                #expect(try await zombie.add("a", version: 3) == .producerFenced)
                #expect(try await zombie.add("a", version: 1) == .invalidProducerEpoch)
                #expect(try await zombie.end(true) == .producerFenced)
                #expect(try await zombie.end(true, version: 1) == .invalidProducerEpoch)
                #expect(try await zombie.begin(keeps: true) == .producerFenced)
                #expect(try await zombie.begin(keeps: true, version: 3) == .invalidProducerEpoch)
                #expect(
                    try await zombie.commit(1, of: "a", group: "g")
                        == (spoken == .first ? .producerFenced : .invalidProducerEpoch))
                #expect(try await successor.send(["\(round)"], to: "a") == .none)
                #expect(try await successor.end(true) == .none)
            }
            try await wire.wait(for: "CompleteCommit", ofTransaction: "t")
            #expect(try await wire.committed("a") == ["0", "1", "2", "3", "4"])
        }
    }

    @Test(arguments: KafkaTransactionsProtocol.allCases)
    func anEndMayBeRepeatedButNotTurned(spoken: KafkaTransactionsProtocol) async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("a")
            for isCommit in [true, false] {
                var producer = Producer(wire, "t\(isCommit)", spoken)
                _ = try await producer.begin()
                #expect(try await producer.send(["x"], to: "a") == .none)
                let version: Int16 = spoken == .first ? 4 : 5
                let request = producer.endRequest(isCommit)
                let first = try await wire.ask(request, version: version)
                #expect(first.errorCode == .none)
                for _ in 0..<3 {
                    let again = try await wire.ask(request, version: version)
                    #expect(again == first)
                    let turned = try await wire.ask(
                        producer.endRequest(!isCommit), version: version)
                    #expect(turned.errorCode == .invalidTxnState)
                }
                if spoken == .second {
                    #expect(first.producerID == producer.producerID)
                    #expect(first.producerEpoch == producer.epoch + 1)
                }
            }
            #expect(try await wire.committed("a") == ["x"])
        }
    }

    @Test func aPartitionMustBeAddedByTheFirstProtocol() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("a", partitions: 2)
            var producer = Producer(wire, "t", .first)
            _ = try await producer.begin()
            for (version, error) in [
                (Int16(9), KafkaErrorCode.invalidTxnState), (11, .transactionAbortable),
            ] {
                let answer = try await wire.ask(
                    producer.request(["x"], "a", 0, sequence: 0), version: version)
                #expect(answer.responses[0].partitionResponses[0].errorCode == error)
            }
            #expect(try await producer.end(true) == .invalidTxnState)
            #expect(try await producer.add("a", 1) == .none)
            let other = try await wire.ask(
                producer.request(["x"], "a", 0, sequence: 0), version: 11)
            #expect(
                other.responses[0].partitionResponses[0].errorCode == .transactionAbortable)
            // A batch of a transaction in a request of none.
            var request = producer.request(["x"], "a", 1, sequence: 0)
            request.transactionalID = nil
            let unnamed = try await wire.ask(request, version: 11)
            #expect(
                unnamed.responses[0].partitionResponses[0].errorCode
                    == .transactionalIDAuthorizationFailed)
            #expect(try await wire.endOffset("a") == 0)
        }
    }

    @Test func partitionsAreAddedAllOrNone() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("a")
            var producer = Producer(wire, "t", .first)
            _ = try await producer.begin()
            func add(_ version: Int16, verify: Bool, _ topics: [(String, Int32)]) async throws
                -> [KafkaErrorCode]
            {
                let asked = topics.map { name, partition in
                    AddPartitionsToTxnRequest.Topic {
                        $0.name = name
                        $0.partitions = [partition]
                    }
                }
                let request = AddPartitionsToTxnRequest {
                    if version < 4 {
                        $0.transactionalID = "t"
                        $0.producerID = producer.producerID
                        $0.producerEpoch = producer.epoch
                        $0.topics = asked
                        return
                    }
                    $0.transactions = [
                        AddPartitionsToTxnRequest.Transaction {
                            $0.transactionalID = "t"
                            $0.producerID = producer.producerID
                            $0.producerEpoch = producer.epoch
                            $0.verifyOnly = verify
                            $0.topics = asked
                        }
                    ]
                }
                let answer = try await wire.ask(request, version: version)
                let results =
                    version < 4
                    ? answer.resultsByTopic : answer.resultsByTransaction[0].topicResults
                return results.map { $0.resultsByPartition[0].partitionErrorCode }
            }
            let bad = [("a", Int32(0)), ("nowhere", 0), ("a", 9)]
            let refused: [KafkaErrorCode] = [
                .operationNotAttempted, .unknownTopicOrPartition, .unknownTopicOrPartition,
            ]
            #expect(try await add(3, verify: false, bad) == refused)
            #expect(try await add(5, verify: false, bad) == refused)
            #expect(try await add(4, verify: true, [("a", 0)]) == [.transactionAbortable])
            #expect(try await add(4, verify: false, [("a", 0)]) == [.none])
            #expect(try await add(5, verify: true, [("a", 0)]) == [.none])
            #expect(try await wire.state(ofTransaction: "t") == "Ongoing")
        }
    }

    /// Goal: five requests in flight keep their order while the coordinator is asked for the first.
    @Test func fiveInFlightKeepTheirOrder() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("a", partitions: 2)
            var producer = Producer(wire, "t", .second)
            _ = try await producer.begin()
            for round in 0..<10 {
                for number in 0..<10 {
                    let request = producer.request(
                        ["\(round)-\(number)"], "a", Int32(number % 2), sequence: Int32(number / 2))
                    try await wire.send(request, version: 12, correlationID: Int32(number))
                }
                for number in 0..<10 {
                    let answer = try await wire.answer(ProduceRequest.self, version: 12)
                    #expect(answer.correlationID == Int32(number))
                    let result = answer.response.responses[0].partitionResponses[0]
                    #expect(result.errorCode == .none, "round \(round), number \(number)")
                }
                #expect(try await producer.end(true) == .none)
            }
            try await wire.wait(for: "CompleteCommit", ofTransaction: "t")
            let expected = (0..<10).flatMap { round in
                (0..<5).map { "\(round)-\($0 * 2)" }
            }
            #expect(try await wire.committed("a") == expected)
        }
    }

    @Test func badRequestsAreRefusedAsKafkaDoes() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            _ = try await wire.createTopic("a")
            var producer = Producer(wire, "t", .first)
            #expect(try await producer.begin(timeout: 900_001) == .invalidTransactionTimeout)
            #expect(try await producer.begin(timeout: 0) == .invalidTransactionTimeout)
            var unnamed = Producer(wire, "", .first)
            #expect(try await unnamed.begin() == .invalidRequest)
            producer.producerID = 4711
            producer.epoch = 0
            #expect(try await producer.add("a") == .invalidProducerIDMapping)
            #expect(try await producer.end(true) == .invalidProducerIDMapping)
            #expect(try await producer.begin() == .none)
            producer.producerID += 1
            #expect(try await producer.add("a") == .invalidProducerIDMapping)
            #expect(try await producer.end(true, version: 5) == .invalidProducerIDMapping)
        }
    }

    @Test func theSecondProtocolIsAnnounced() async throws {
        try await KafkaBrokerStage().run { wire, _ in
            let request = ApiVersionsRequest {
                $0.clientSoftwareName = "test"
                $0.clientSoftwareVersion = "1"
            }
            let answer = try await wire.ask(request, version: 3)
            let feature = answer.finalizedFeatures.first { $0.name == "transaction.version" }
            #expect(feature?.maxVersionLevel == 2)
            let ranges = Dictionary(
                uniqueKeysWithValues: answer.apiKeys.map {
                    ($0.apiKey, $0.minVersion...$0.maxVersion)
                })
            #expect(ranges[0]?.upperBound == 13)
            #expect(ranges[22] == 0...5)
            #expect(ranges[24] == 0...5)
            #expect(ranges[26] == 0...5)
            let coordinator = try await wire.ask(
                FindCoordinatorRequest {
                    $0.keyType = 1
                    $0.coordinatorKeys = ["t"]
                }, version: 6)
            #expect(coordinator.coordinators[0].errorCode == .none)
            #expect(coordinator.coordinators[0].nodeID == 1)
        }
    }
}
