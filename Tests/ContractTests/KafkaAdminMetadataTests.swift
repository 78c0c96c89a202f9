// Metadata and DescribeTopicPartitions where requests are at their edges.

import KafkaProtocol
import MillraceBroker
import Testing

@Suite("Kafka metadata requests")
struct KafkaAdminMetadataTests {
    private static func topics(
        _ wire: KafkaBrokerWire, version: Int16, _ topics: [MetadataRequest.Topic]?,
        creating: Bool = false
    ) async throws -> [MetadataResponse.Topic] {
        let request = MetadataRequest {
            $0.topics = topics
            $0.allowAutoTopicCreation = creating
        }
        return try await wire.ask(request, version: version).topics
    }

    private static func named(_ name: String) -> MetadataRequest.Topic {
        MetadataRequest.Topic { $0.name = name }
    }

    @Test func nullIsAllAndEmptyIsNone() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            #expect(try await Self.topics(wire, version: 0, []).map(\.name) == ["t"])
            #expect(try await Self.topics(wire, version: 1, nil).map(\.name) == ["t"])
            #expect(try await Self.topics(wire, version: 13, nil).map(\.name) == ["t"])
            #expect(try await Self.topics(wire, version: 1, []).isEmpty)
            #expect(try await Self.topics(wire, version: 13, []).isEmpty)
        }
    }

    @Test func byName() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            let wanted = ["t", "t", "none", "a b", "..", ""].map(Self.named)
            let found = try await Self.topics(wire, version: 12, wanted)
            #expect(
                found.map(\.errorCode) == [
                    .none, .unknownTopicOrPartition, .invalidTopicException,
                    .invalidTopicException, .invalidTopicException,
                ])
        }
    }

    /// Goal: an id counts and names beside ids do not; the Java client sends an empty name with each id.
    @Test func namesBesideIDs() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            let id = try await wire.createTopic("t").topicID
            func wanted(_ id: KafkaUUID, _ name: String?) -> MetadataRequest.Topic {
                MetadataRequest.Topic { ($0.topicID, $0.name) = (id, name) }
            }
            let some = [
                wanted(id, ""), wanted(id, nil), wanted(KafkaUUID(low: 9), ""), Self.named("t"),
            ]
            let found = try await Self.topics(wire, version: 13, some)
            #expect(found.map(\.name) == ["t", nil])
            #expect(found.map(\.errorCode) == [.none, .unknownTopicID])
        }
    }

    /// Goal: topics are made where the client allows it, and before version 4 it always does.
    @Test func topicsAreMadeWhenAskedFor() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            let no = try await Self.topics(wire, version: 12, [Self.named("no")])
            #expect(no[0].errorCode == .unknownTopicOrPartition)
            let yes = try await Self.topics(
                wire, version: 12, [Self.named("yes")], creating: true)
            #expect(yes[0].errorCode == .none && yes[0].partitions.count == 1)
            let old = try await Self.topics(wire, version: 3, [Self.named("old")])
            #expect(old[0].errorCode == .none)
        }
        try await KafkaBrokerStage().run(set: { $0.autoCreateTopics = false }) {
            wire, _ async throws in
            let never = try await Self.topics(
                wire, version: 12, [Self.named("never")], creating: true)
            #expect(never[0].errorCode == .unknownTopicOrPartition)
        }
    }

    @Test func byID() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            let id = try await wire.createTopic("t").topicID
            func wanted(_ id: KafkaUUID) -> MetadataRequest.Topic {
                MetadataRequest.Topic {
                    $0.topicID = id
                    $0.name = nil
                }
            }
            let unknown = KafkaUUID(high: 1, low: 1)
            let found = try await Self.topics(wire, version: 12, [wanted(id), wanted(unknown)])
            #expect(found.map(\.errorCode) == [.none, .unknownTopicID])
            #expect(found[0].name == "t")
            // A topic that comes again is another one.
            let gone = try await wire.ask(
                DeleteTopicsRequest {
                    $0.topics = [DeleteTopicsRequest.DeleteTopicState { $0.topicID = id }]
                },
                version: 6)
            #expect(gone.responses[0].errorCode == .none && gone.responses[0].name == "t")
            #expect(try await wire.createTopic("t").topicID != id)
            #expect(
                try await Self.topics(wire, version: 12, [wanted(id)])[0].errorCode
                    == .unknownTopicID)
            // Before version 12 there are names only.
            let both = MetadataRequest.Topic {
                $0.topicID = id
                $0.name = "t"
            }
            #expect(
                try await Self.topics(wire, version: 11, [both])[0].errorCode == .invalidRequest)
        }
    }

    @Test func partitionsComeInPages() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            _ = try await wire.createTopic("a", partitions: 3)
            _ = try await wire.createTopic("b", partitions: 2)
            var seen: [String] = []
            var cursor: DescribeTopicPartitionsRequest.Cursor?
            for _ in 0..<10 {
                let response = try await wire.ask(
                    DescribeTopicPartitionsRequest {
                        $0.responsePartitionLimit = 2
                        $0.cursor = cursor
                    }, version: 0)
                for topic in response.topics {
                    seen += topic.partitions.map { "\(topic.name ?? "")\($0.partitionIndex)" }
                }
                guard let next = response.nextCursor else { break }
                cursor = DescribeTopicPartitionsRequest.Cursor {
                    $0.topicName = next.topicName
                    $0.partitionIndex = next.partitionIndex
                }
            }
            #expect(seen == ["a0", "a1", "a2", "b0", "b1"])
        }
    }

    @Test func endpointsOfControllersAreElsewhere() async throws {
        try await KafkaBrokerStage().run { wire, server async throws in
            let brokers = try await wire.ask(DescribeClusterRequest(), version: 2)
            #expect(brokers.errorCode == .none && Int(brokers.brokers[0].port) == server.port)
            let controllers = try await wire.ask(
                DescribeClusterRequest { $0.endpointType = 2 }, version: 2)
            #expect(controllers.errorCode == .mismatchedEndpointType)
            let others = try await wire.ask(
                DescribeClusterRequest { $0.endpointType = 7 }, version: 2)
            #expect(others.errorCode == .unsupportedEndpointType)
        }
    }
}
