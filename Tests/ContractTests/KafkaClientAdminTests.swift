// The Kafka client's admin against the embedded broker: topics, offsets, groups, users, secured listeners.

import Foundation
import KafkaClient
import MillraceBase
import MillraceBroker
import Testing

extension KafkaClientBroker {
    /// Runs `body` with an admin that is closed after it.
    fileprivate func administer(
        _ configuration: KafkaConfiguration? = nil, _ body: (KafkaAdmin) async throws -> Void
    ) async throws {
        let admin = try KafkaAdmin(configuration ?? self.configuration(), logger: Self.quiet)
        do { try await body(admin) } catch {
            await admin.close()
            throw error
        }
        await admin.close()
    }

    /// One record for each time, to partition 0 of a topic.
    fileprivate func fill(_ topic: String, times: [Int64]) async throws {
        let producer = try KafkaProducer(configuration(), logger: Self.quiet)
        _ = try await producer.send(
            times.map { time in
                ProducerRecord(
                    topic: topic, partition: 0, key: nil, value: [1], timestampMilliseconds: time)
            })
        await producer.close()
    }
}

private func failure(_ body: () async throws -> Void) async -> KafkaError? {
    await #expect(throws: KafkaError.self) { try await body() }
}

@Suite("Kafka client: administration") struct KafkaClientAdminTests {
    @Test func topicsAreDescribedAndGrow() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.administer { admin in
                try await admin.createTopic("a", partitions: 2)
                try await admin.createTopic("b", partitions: 1)
                let all = try await admin.describeTopics().filter { !$0.isInternal }
                #expect(all.map(\.name) == ["a", "b"])
                #expect(all.map(\.partitions.count) == [2, 1])
                #expect(all.allSatisfy { $0.id.count == 22 })
                #expect(all[0].partitions.map(\.index) == [0, 1])
                #expect(all[0].partitions.allSatisfy { [$0.leader] == $0.replicas })
                #expect(try await admin.describeTopics([]).isEmpty)

                try await admin.createPartitions("a", count: 3, validateOnly: true)
                #expect(try await admin.describeTopics(["a"])[0].partitions.count == 2)
                try await admin.createPartitions("a", count: 3)
                #expect(try await admin.describeTopics(["a"])[0].partitions.count == 3)
                let fewer = await failure { try await admin.createPartitions("a", count: 1) }
                #expect(fewer?.name == "INVALID_PARTITIONS" && fewer?.topic == "a")
                let unknown = await failure { _ = try await admin.describeTopics(["absent"]) }
                #expect(unknown?.isUnknownTopic == true && unknown?.topic == "absent")
            }
        }
    }

    @Test func settingsChange() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.administer { admin in
                try await admin.createTopic("t", partitions: 1)
                func entry(_ name: String) async throws -> ConfigEntry? {
                    try await admin.configs(.topic("t")).first { $0.name == name }
                }
                #expect(try await entry("retention.ms")?.isDefault == true)
                try await admin.alterConfigs(
                    .topic("t"),
                    [.set("retention.ms", "5000"), .append("cleanup.policy", "compact")])
                let changed = try await entry("retention.ms")
                #expect(changed?.value == "5000" && changed?.source == "DYNAMIC_TOPIC_CONFIG")
                #expect(try await entry("cleanup.policy")?.value == "delete,compact")
                try await admin.alterConfigs(
                    .topic("t"),
                    [.delete("retention.ms"), .subtract("cleanup.policy", "delete")])
                #expect(try await entry("retention.ms")?.isDefault == true)
                #expect(try await entry("cleanup.policy")?.value == "compact")
                try await admin.alterConfigs(
                    .topic("t"), [.set("retention.ms", "1")], validateOnly: true)
                #expect(try await entry("retention.ms")?.isDefault == true)
                let bad = await failure {
                    try await admin.alterConfigs(.topic("t"), [.set("retention.ms", "soon")])
                }
                #expect(bad?.name == "INVALID_CONFIG" && bad?.isRetriable == false)
                let node = try await admin.metadata().brokers.first?.id
                #expect(try await !admin.configs(.broker(node)).isEmpty)
            }
        }
    }

    @Test func offsetsByTimeAndDeletedRecords() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.administer { admin in
                try await admin.createTopic("t", partitions: 2)
                let now = Int64(Date().timeIntervalSince1970 * 1_000)
                try await broker.fill("t", times: [now, now + 30, now + 10])
                #expect(try await admin.offsets("t", at: .earliest) == [0: 0, 1: 0])
                #expect(try await admin.offsets("t", at: .latest) == [0: 3, 1: 0])
                #expect(try await admin.offsets("t", at: .time(now + 1)) == [0: 1, 1: -1])
                #expect(try await admin.offsets("t", at: .time(now + 31)) == [0: -1, 1: -1])
                #expect(try await admin.offsets("t", at: .maxTimestamp) == [0: 1, 1: -1])

                #expect(try await admin.deleteRecords("t", before: [0: 2]) == [0: 2])
                #expect(try await admin.offsets("t", at: .earliest) == [0: 2, 1: 0])
                #expect(
                    try await admin.deleteRecords("t", before: [0: -1, 1: -1]) == [0: 3, 1: 0])
                let beyond = await failure {
                    _ = try await admin.deleteRecords("t", before: [0: 9])
                }
                #expect(beyond?.isOffsetOutOfRange == true && beyond?.partition == 0)
                let absent = await failure {
                    _ = try await admin.deleteRecords("t", before: [7: 0])
                }
                #expect(absent?.isUnknownTopic == true)
            }
        }
    }

    @Test func groupsAreMovedAndForgotten() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.administer { admin in
                try await admin.createTopic("t", partitions: 2)
                let absent = await failure { _ = try await admin.describeGroup("g") }
                #expect(absent?.name == "GROUP_ID_NOT_FOUND")
                try await admin.commit(group: "g", ["t": [0: 5, 1: 7]])
                #expect(
                    try await admin.committed(group: "g")["t"]?.mapValues(\.offset) == [0: 5, 1: 7])
                #expect(try await admin.listGroups().map(\.id) == ["g"])
                #expect(try await admin.describeGroup("g").members.isEmpty)

                let consumer = try KafkaGroupConsumer(
                    broker.configuration(["client.id": "reader"]), group: "g",
                    logger: KafkaClientBroker.quiet)
                try await consumer.subscribe(["t"])
                for _ in 0..<100 where await consumer.assignment.isEmpty {
                    _ = try await consumer.poll(wait: .milliseconds(100))
                }
                let described = try await admin.describeGroup("g")
                #expect(described.state == "Stable" && described.type == "Classic")
                #expect(described.members.map(\.clientID) == ["reader"])
                #expect(described.members.first?.assignment == ["t": [0, 1]])
                #expect(try await admin.listGroups(states: ["Stable"]).map(\.id) == ["g"])
                #expect(try await admin.listGroups(states: ["Empty"]).isEmpty)
                let moved = await failure { try await admin.commit(group: "g", ["t": [0: 1]]) }
                #expect(moved?.name == "UNKNOWN_MEMBER_ID")
                let kept = await failure { try await admin.deleteGroup("g") }
                #expect(kept?.name == "NON_EMPTY_GROUP")
                let read = await failure { try await admin.deleteOffsets(group: "g", ["t": [0]]) }
                #expect(read?.name == "GROUP_SUBSCRIBED_TO_TOPIC")
                await consumer.close()

                try await admin.deleteOffsets(group: "g", ["t": [0]])
                #expect(try await admin.committed(group: "g")["t"]?.keys.sorted() == [1])
                try await admin.deleteGroup("g")
                #expect(try await admin.listGroups().isEmpty)
            }
        }
    }

    @Test func rulesNeedAnAuthorizer() async throws {
        let rule = AclRule(.topic, "t", principal: "User:alice", .read)
        try await KafkaClientBroker.with { broker in
            try await broker.administer { admin in
                let listed = await failure { _ = try await admin.acls() }
                #expect(listed?.name == "SECURITY_DISABLED")
                let created = await failure { try await admin.createAcls([rule]) }
                #expect(created?.name == "SECURITY_DISABLED")
            }
        }
        try await KafkaClientBroker.with(
            set: { $0.authorizer = .acls(superUsers: [.anonymous], allowEveryoneIfNoAcl: false) }
        ) { broker in
            try await broker.administer { admin in
                let other = AclRule(
                    .group, "g", pattern: .prefixed, principal: "User:bob", .describe, .deny)
                try await admin.createAcls([rule, other])
                #expect(try await Set(admin.acls()) == [rule, other])
                var filter = AclFilter()
                filter.resource = .topic
                #expect(try await admin.deleteAcls(filter) == [rule])
                #expect(try await admin.acls() == [other])
            }
        }
    }

    @Test func usersComeAndGo() async throws {
        try await KafkaClientBroker.with { broker in
            try await broker.administer { admin in
                #expect(try await admin.scramCredentials().isEmpty)
                try await admin.upsertScram(
                    user: "alice", password: "one", mechanism: "SCRAM-SHA-256", iterations: 4_096)
                try await admin.upsertScram(
                    user: "alice", password: "two", mechanism: "SCRAM-SHA-512", iterations: 4_097)
                let all = try await admin.scramCredentials()
                #expect(all.map(\.user) == ["alice", "alice"])
                #expect(all.map(\.mechanism).sorted() == ["SCRAM-SHA-256", "SCRAM-SHA-512"])
                #expect(all.map(\.iterations).sorted() == [4_096, 4_097])
                try await admin.deleteScram(user: "alice", mechanism: "SCRAM-SHA-256")
                #expect(
                    try await admin.scramCredentials(["alice"]).map(\.mechanism) == [
                        "SCRAM-SHA-512"
                    ])
                let twice = await failure {
                    try await admin.deleteScram(user: "alice", mechanism: "SCRAM-SHA-256")
                }
                #expect(twice?.name == "RESOURCE_NOT_FOUND")
                let weak = await failure {
                    try await admin.upsertScram(
                        user: "bob", password: "x", mechanism: "SCRAM-SHA-256", iterations: 1)
                }
                #expect(weak?.name == "UNACCEPTABLE_CREDENTIAL")
                let unknown = await failure {
                    try await admin.upsertScram(user: "bob", password: "x", mechanism: "PLAIN")
                }
                #expect(unknown?.name == "_INVALID_ARG")
            }
        }
    }
}
