// Access rules over the wire: made, found, deleted, kept, and what each API says to who may not.

import KafkaProtocol
import MillraceBroker
import Testing

@Suite("Kafka access rules")
struct KafkaAdminAclTests {
    private static let everybody = "User:ANONYMOUS"
    private static let topic: Int8 = 2
    private static let group: Int8 = 3
    private static let cluster: Int8 = 4
    private static let transactionalID: Int8 = 5
    private static let read: Int8 = 3
    private static let write: Int8 = 4
    private static let create: Int8 = 5
    private static let describe: Int8 = 8

    /// A stage with topic `t`, on which only these rules allow anything to this connection.
    private static func stage(
        _ rules: [(type: Int8, name: String, operation: Int8)]
    ) async throws -> KafkaBrokerStage {
        let stage = KafkaBrokerStage()
        try await stage.run(set: {
            $0.authorizer = .acls(superUsers: [.anonymous], allowEveryoneIfNoAcl: false)
        }) {
            wire, _ async throws in
            _ = try await wire.createTopic("t")
            for rule in rules {
                let code = try await wire.createAcl(
                    rule.type, rule.name, everybody, operation: rule.operation)
                #expect(code == .none)
            }
        }
        return stage
    }

    private static func run(
        _ rules: [(type: Int8, name: String, operation: Int8)] = [],
        _ body: (KafkaBrokerWire) async throws -> Void
    ) async throws {
        let stage = try await stage(rules)
        try await stage.run(set: {
            $0.authorizer = .acls(superUsers: [], allowEveryoneIfNoAcl: false)
        }) {
            wire, _ async throws in try await body(wire)
        }
    }

    // MARK: The APIs

    @Test func withoutAnAuthorizerThereAreNone() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            #expect(
                try await wire.createAcl(Self.topic, "t", Self.everybody, operation: Self.read)
                    == .securityDisabled)
            let described = try await wire.ask(DescribeAclsRequest(), version: 3)
            #expect(described.errorCode == .securityDisabled)
            let deleted = try await wire.ask(
                DeleteAclsRequest { $0.filters = [DeleteAclsRequest.Filter()] }, version: 3)
            #expect(deleted.filterResults[0].errorCode == .securityDisabled)
        }
    }

    @Test func rulesAreKeptFoundAndDeleted() async throws {
        let stage = KafkaBrokerStage()
        let asSuperUser: (inout BrokerConfiguration) -> Void = {
            $0.authorizer = .acls(superUsers: [.anonymous], allowEveryoneIfNoAcl: false)
        }
        let all = DescribeAclsRequest {
            $0.resourceTypeFilter = 1
            $0.patternTypeFilter = 1
            $0.operation = 1
            $0.permissionType = 1
        }
        try await stage.run(set: asSuperUser) { wire, _ async throws in
            // Twice the same is one.
            for _ in 0..<2 {
                #expect(
                    try await wire.createAcl(Self.topic, "t", "User:a", operation: Self.read)
                        == .none)
            }
            #expect(
                try await wire.createAcl(
                    Self.group, "g", "User:b", operation: 2, permission: 2, pattern: 4) == .none)
            #expect(
                try await wire.createAcl(Self.topic, "t", "nobody", operation: Self.read)
                    == .invalidRequest)
        }
        try await stage.run(set: asSuperUser) { wire, _ async throws in
            for version in DescribeAclsRequest.versions {
                let found = try await wire.ask(all, version: version)
                #expect(found.resources.map(\.resourceName) == ["t", "g"])
                #expect(found.resources.map(\.patternType) == [3, 4])
                #expect(found.resources[0].acls.map(\.principal) == ["User:a"])
            }
            #expect(try await wire.deleteAllAcls() == 2)
            #expect(try await wire.ask(all, version: 3).resources.isEmpty)
        }
    }

    @Test func onlyWhoMayAlterTheClusterMakesRules() async throws {
        try await Self.run { wire async throws in
            #expect(
                try await wire.createAcl(Self.topic, "t", Self.everybody, operation: Self.read)
                    == .clusterAuthorizationFailed)
            let found = try await wire.ask(DescribeAclsRequest(), version: 3)
            #expect(found.errorCode == .clusterAuthorizationFailed)
        }
    }

    // MARK: Enforcement

    @Test func topicsOneMayNotSeeAreHidden() async throws {
        try await Self.run { wire async throws in
            let all = try await wire.ask(MetadataRequest { $0.topics = nil }, version: 12)
            #expect(all.topics.isEmpty)
            let named = MetadataRequest {
                $0.topics = ["t", "none"].map { name in MetadataRequest.Topic { $0.name = name } }
                $0.allowAutoTopicCreation = true
            }
            let found = try await wire.ask(named, version: 12)
            #expect(
                found.topics.map(\.errorCode)
                    == [.topicAuthorizationFailed, .topicAuthorizationFailed])
        }
        try await Self.run([(Self.topic, "t", Self.describe)]) { wire async throws in
            let all = try await wire.ask(
                MetadataRequest {
                    $0.topics = nil
                    $0.includeTopicAuthorizedOperations = true
                }, version: 12)
            #expect(all.topics.map(\.name) == ["t"])
            #expect(all.topics[0].topicAuthorizedOperations == 1 << 8)
        }
    }

    @Test func producing() async throws {
        let batch = KafkaBrokerRequests.batch(["v"])
        try await Self.run([(Self.topic, "t", Self.read)]) { wire async throws in
            #expect(
                try await wire.produce(batch, to: "t").errorCode == .topicAuthorizationFailed)
            #expect(
                try await wire.produce(batch, to: "none").errorCode == .topicAuthorizationFailed)
            let id = try await wire.ask(
                InitProducerIDRequest { $0.transactionalID = nil }, version: 4)
            #expect(id.errorCode == .clusterAuthorizationFailed)
            let transactional = try await wire.ask(
                InitProducerIDRequest { $0.transactionalID = "tx" }, version: 4)
            #expect(transactional.errorCode == .transactionalIDAuthorizationFailed)
        }
        try await Self.run([(Self.topic, "t", Self.write)]) { wire async throws in
            #expect(try await wire.produce(batch, to: "t").errorCode == .none)
            let id = try await wire.ask(
                InitProducerIDRequest { $0.transactionalID = nil }, version: 4)
            #expect(id.errorCode == .none)
        }
    }

    @Test func fetching() async throws {
        try await Self.run([(Self.topic, "t", Self.write)]) { wire async throws in
            #expect(try await wire.fetch("t", from: 0).errorCode == .topicAuthorizationFailed)
            // Writing implies seeing, and so where the log ends.
            #expect(try await wire.endOffset("t") == 0)
        }
        try await Self.run([(Self.topic, "t", Self.read)]) { wire async throws in
            #expect(try await wire.fetch("t", from: 0).errorCode == .none)
        }
        try await Self.run { wire async throws in
            let asked = ListOffsetsRequest {
                $0.topics = [
                    ListOffsetsRequest.Topic {
                        $0.name = "t"
                        $0.partitions = [ListOffsetsRequest.Topic.Partition { $0.timestamp = -1 }]
                    }
                ]
            }
            let answer = try await wire.ask(asked, version: 7)
            #expect(answer.topics[0].partitions[0].errorCode == .topicAuthorizationFailed)
        }
    }

    @Test func changingTopics() async throws {
        try await Self.run { wire async throws in
            #expect(try await wire.createTopic("new").errorCode == .topicAuthorizationFailed)
            let gone = try await wire.ask(
                DeleteTopicsRequest { $0.topicNames = ["t"] }, version: 5)
            #expect(gone.responses[0].errorCode == .topicAuthorizationFailed)
            let more = CreatePartitionsRequest {
                $0.topics = [
                    CreatePartitionsRequest.Topic {
                        $0.name = "t"
                        $0.count = 2
                        $0.assignments = nil
                    }
                ]
            }
            #expect(
                try await wire.ask(more, version: 3).results[0].errorCode
                    == .topicAuthorizationFailed)
            #expect(
                try await wire.alterConfig(type: 2, "t", "retention.ms", "5")
                    == .topicAuthorizationFailed)
            #expect(
                try await wire.alterConfig(type: 4, "1", "log.retention.ms", "5")
                    == .clusterAuthorizationFailed)
            let configs = try await wire.describeConfigResource(type: 2, "t")
            #expect(configs.errorCode == .topicAuthorizationFailed)
        }
        try await Self.run([(Self.topic, "new", Self.create)]) { wire async throws in
            let made = try await wire.createTopic("new")
            #expect(made.errorCode == .none)
            #expect(made.topicConfigErrorCode == .topicAuthorizationFailed)
        }
    }

    @Test func groups() async throws {
        try await Self.run { wire async throws in
            let join = try await wire.ask(
                JoinGroupRequest { $0.groupID = "g" }, version: 5)
            #expect(join.errorCode == .groupAuthorizationFailed)
            let found = try await wire.ask(
                FindCoordinatorRequest { $0.coordinatorKeys = ["g"] }, version: 4)
            #expect(found.coordinators[0].errorCode == .groupAuthorizationFailed)
            let described = try await wire.ask(
                DescribeGroupsRequest { $0.groups = ["g"] }, version: 5)
            #expect(described.groups[0].errorCode == .groupAuthorizationFailed)
            let deleted = try await wire.ask(
                DeleteGroupsRequest { $0.groupsNames = ["g"] }, version: 2)
            #expect(deleted.results[0].errorCode == .groupAuthorizationFailed)
            let beat = try await wire.ask(
                ConsumerGroupHeartbeatRequest { $0.groupID = "g" }, version: 0)
            #expect(beat.errorCode == .groupAuthorizationFailed)
        }
        try await Self.run([(Self.group, "g", Self.read)]) { wire async throws in
            let found = try await wire.ask(
                FindCoordinatorRequest { $0.coordinatorKeys = ["g"] }, version: 4)
            #expect(found.coordinators[0].errorCode == .none)
            let commit = OffsetCommitRequest {
                $0.groupID = "g"
                $0.topics = [
                    OffsetCommitRequest.Topic {
                        $0.name = "t"
                        $0.partitions = [
                            OffsetCommitRequest.Topic.Partition { $0.committedOffset = 1 }
                        ]
                    }
                ]
            }
            let answer = try await wire.ask(commit, version: 8)
            #expect(answer.topics[0].partitions[0].errorCode == .topicAuthorizationFailed)
        }
    }

    @Test func transactions() async throws {
        try await Self.run([
            (Self.transactionalID, "tx", Self.write), (Self.topic, "t", Self.write),
        ]) { wire async throws in
            let producer = try await wire.ask(
                InitProducerIDRequest {
                    $0.transactionalID = "tx"
                    $0.transactionTimeoutMilliseconds = 60_000
                }, version: 4)
            #expect(producer.errorCode == .none)
            let asked = AddPartitionsToTxnRequest {
                $0.transactionalID = "tx"
                $0.producerID = producer.producerID
                $0.producerEpoch = producer.producerEpoch
                $0.topics = ["t", "hidden"].map { name in
                    AddPartitionsToTxnRequest.Topic {
                        $0.name = name
                        $0.partitions = [0]
                    }
                }
            }
            let answer = try await wire.ask(asked, version: 3)
            let codes = answer.resultsByTopic.flatMap { topic in
                topic.resultsByPartition.map { "\(topic.name) \($0.partitionErrorCode.rawValue)" }
            }
            #expect(codes.sorted() == ["hidden 29", "t 55"])
        }
    }
}
