// The coordinator with both kinds of groups over an array: changes of protocol, restarts, what is kept.

import KafkaProtocol
import Logging
import MillraceBase
import NIOCore
import Testing

@testable import MillraceBroker

@Suite("Group coordinator: KIP-848")
struct Groups848CoordinatorTests {
    let storage = GroupStorageFake()
    let steady = SteadyClock()

    func coordinator(
        at time: Int64 = 1_000, rules: GroupRules = .withoutDelay,
        configuration: [String: String] = [:]
    ) async throws -> GroupCoordinator {
        let coordinator = GroupCoordinator(
            storage: storage, rules: rules, groupConfiguration: { _ in configuration },
            clock: .fixed(time), elapsedMilliseconds: { [steady] in steady.milliseconds },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await coordinator.load()
        return coordinator
    }

    func beat(
        _ coordinator: GroupCoordinator, _ id: String, epoch: Int32 = 0, owned: [Int32]? = nil,
        instance: String? = nil
    ) async -> ConsumerGroupHeartbeatResponse {
        await coordinator.consumerHeartbeat(
            ConsumerGroupHeartbeatRequest {
                ($0.groupID, $0.memberID, $0.memberEpoch) = ("g", id, epoch)
                $0.instanceID = instance
                if epoch == 0 {
                    $0.rebalanceTimeoutMilliseconds = 30_000
                    $0.subscribedTopicNames = ["t"]
                    $0.topicPartitions = []
                }
                if let owned {
                    $0.topicPartitions = [
                        ConsumerGroupHeartbeatRequest.TopicPartitions {
                            ($0.topicID, $0.partitions) = (KafkaUUID(low: 1), owned)
                        }
                    ]
                }
            }, version: 1, clientID: "c", clientHost: "/127.0.0.1")
    }

    static func joining(_ id: String, topics: [String] = ["t"], owned: [Int32] = []) throws
        -> JoinGroupRequest
    {
        let subscription = ConsumerSubscription {
            $0.topics = topics
            if !owned.isEmpty {
                $0.ownedPartitions = [
                    ConsumerTopicPartitions { ($0.topic, $0.partitions) = ("t", owned) }
                ]
            }
        }
        let bytes = Array(try subscription.versionedBytes(version: 1).readableBytesView)
        return JoinGroupRequest {
            ($0.groupID, $0.memberID, $0.protocolType) = ("g", id, "consumer")
            ($0.sessionTimeoutMilliseconds, $0.rebalanceTimeoutMilliseconds) = (10_000, 30_000)
            $0.protocols = [
                JoinGroupRequest.GroupProtocol { ($0.name, $0.metadata) = ("range", bytes) }
            ]
        }
    }

    static func assignment(_ partitions: [Int32]) throws -> [UInt8] {
        let all = ConsumerAssignment {
            $0.assignedPartitions = [
                ConsumerTopicPartitions { ($0.topic, $0.partitions) = ("t", partitions) }
            ]
        }
        return Array(try all.versionedBytes(version: 1).readableBytesView)
    }

    func classicJoin(_ coordinator: GroupCoordinator, _ id: String, owned: [Int32] = [])
        async throws -> JoinGroupResponse
    {
        await coordinator.join(
            try Self.joining(id, owned: owned), version: 5, clientID: "k", clientHost: "h")
    }

    func sync(_ coordinator: GroupCoordinator, _ joined: JoinGroupResponse, _ partitions: [Int32]?)
        async throws -> SyncGroupResponse
    {
        let bytes = try partitions.map(Self.assignment)
        return await coordinator.sync(
            SyncGroupRequest {
                ($0.groupID, $0.memberID) = ("g", joined.memberID)
                $0.generationID = joined.generationID
                $0.assignments =
                    bytes.map { bytes in
                        [
                            SyncGroupRequest.Assignment {
                                ($0.memberID, $0.assignment) = (joined.memberID, bytes)
                            }
                        ]
                    } ?? []
            })
    }

    func heartbeat(_ coordinator: GroupCoordinator, _ joined: JoinGroupResponse) async
        -> KafkaErrorCode
    {
        await coordinator.heartbeat(
            HeartbeatRequest {
                ($0.groupID, $0.memberID) = ("g", joined.memberID)
                $0.generationID = joined.generationID
            }
        ).errorCode
    }

    func type(_ coordinator: GroupCoordinator) async -> String? {
        await coordinator.list(ListGroupsRequest()).groups.first?.groupType
    }

    /// A classic member that is alone and has all of t.
    func classicMember(_ coordinator: GroupCoordinator) async throws -> JoinGroupResponse {
        let first = try await classicJoin(coordinator, "")
        #expect(first.errorCode == .memberIDRequired)
        let joined = try await classicJoin(coordinator, first.memberID)
        #expect(try await sync(coordinator, joined, [0, 1, 2]).errorCode == KafkaErrorCode.none)
        return joined
    }

    func partitions(_ response: ConsumerGroupHeartbeatResponse) -> [Int32]? {
        response.assignment.map { $0.topicPartitions.flatMap(\.partitions).sorted() }
    }

    // MARK: Requests

    @Test func aMemberGoesThroughItsLife() async throws {
        let coordinator = try await coordinator(
            configuration: ["consumer.heartbeat.interval.ms": "700"])
        let joined = await beat(coordinator, "a")
        #expect(joined.errorCode == KafkaErrorCode.none)
        #expect(partitions(joined) == [0, 1, 2])
        #expect(joined.heartbeatIntervalMilliseconds == 700)
        #expect(await type(coordinator) == "consumer")
        let described = await coordinator.describeConsumers(
            ConsumerGroupDescribeRequest { $0.groupIDs = ["g", "x"] })
        #expect(described.groups[0].groupState == "Stable")
        #expect(described.groups[0].assignorName == "uniform")
        #expect(described.groups[0].members[0].assignment.topicPartitions[0].topicName == "t")
        #expect(described.groups[0].members[0].memberType == 1)
        #expect(described.groups[1].errorCode == .groupIDNotFound)
        let classic = await coordinator.describe(
            DescribeGroupsRequest { $0.groups = ["g"] }, version: 6)
        #expect(classic.groups[0].errorCode == .groupIDNotFound)
        #expect(classic.groups[0].groupState == "Dead")
        #expect(await beat(coordinator, "a", epoch: -1).memberEpoch == -1)
        #expect(await beat(coordinator, "a", epoch: 1).errorCode == .unknownMemberID)
        let deleted = await coordinator.delete(DeleteGroupsRequest { $0.groupsNames = ["g"] })
        #expect(deleted.results[0].errorCode == KafkaErrorCode.none)
        #expect(await coordinator.list(ListGroupsRequest()).groups.isEmpty)
        let after = try await self.coordinator()
        #expect(await after.list(ListGroupsRequest()).groups.isEmpty)
    }

    @Test func offsetsAreOfTheMembersEpoch() async throws {
        let coordinator = try await coordinator()
        _ = await beat(coordinator, "a")
        func commit(_ epoch: Int32, version: Int16 = 9, member: String = "a") async
            -> KafkaErrorCode
        {
            await coordinator.commit(
                GroupCoordinatorTests.committing(5, generation: epoch, member: member),
                version: version
            ).topics[0].partitions[0].errorCode
        }
        #expect(await commit(1) == KafkaErrorCode.none)
        #expect(await commit(0) == .staleMemberEpoch)
        #expect(await commit(1, version: 8) == .unsupportedVersion)
        #expect(await commit(1, member: "x") == .unknownMemberID)
        #expect(await commit(-1, member: "") == .unknownMemberID)
        func fetch(_ member: String?, _ epoch: Int32) async -> KafkaErrorCode {
            await coordinator.fetchOffsets(
                OffsetFetchRequest {
                    $0.groups = [
                        OffsetFetchRequest.Group {
                            ($0.groupID, $0.memberID, $0.memberEpoch) = ("g", member, epoch)
                        }
                    ]
                }, version: 9
            ).groups[0].errorCode
        }
        #expect(await fetch("a", 1) == KafkaErrorCode.none)
        #expect(await fetch("a", 7) == .staleMemberEpoch)
        #expect(await fetch("x", 1) == .unknownMemberID)
        #expect(await fetch(nil, -1) == KafkaErrorCode.none)
    }

    /// Goal: members, targets and what is still to be given up outlive the process.
    @Test func aRestartChangesNothing() async throws {
        let before = try await coordinator()
        _ = await beat(before, "a")
        #expect(await beat(before, "b").memberEpoch == 2)
        let asked = await beat(before, "a", epoch: 1)
        let kept = try #require(partitions(asked))
        #expect(kept.count < 3)
        let after = try await coordinator()
        #expect(partitions(await beat(after, "b", epoch: 2)) == nil)
        #expect(await beat(after, "a", epoch: 1, owned: kept).memberEpoch == 2)
        let rest = try #require(partitions(await beat(after, "b", epoch: 2)))
        #expect((kept + rest).sorted() == [0, 1, 2])
        steady.advance(45_001)
        await after.timePassed()
        #expect(await after.groups["g"] == nil)
    }

    /// Goal: what the log did not take is kept with the next change, and nobody is answered before.
    @Test func aFailingLogSendsMembersAway() async throws {
        let coordinator = try await coordinator()
        storage.fail(true)
        #expect(await beat(coordinator, "a").errorCode == .coordinatorNotAvailable)
        storage.fail(false)
        #expect(await beat(coordinator, "a").errorCode == KafkaErrorCode.none)
        let after = try await self.coordinator()
        #expect(await beat(after, "a", epoch: 1).errorCode == KafkaErrorCode.none)
    }

    @Test func fullGroupsRefuseMembers() async throws {
        var rules = GroupRules.withoutDelay
        rules.consumerGroupMembersMax = 1
        rules.classicGroupMembersMax = 1
        let coordinator = try await coordinator(rules: rules)
        _ = await beat(coordinator, "a")
        #expect(await beat(coordinator, "b").errorCode == .groupMaxSizeReached)
        #expect(try await classicJoin(coordinator, "").errorCode == .groupMaxSizeReached)
        #expect(await beat(coordinator, "a").errorCode == KafkaErrorCode.none)
    }

    // MARK: From one protocol to the other

    @Test func aClassicGroupIsUpgradedAndDowngraded() async throws {
        let coordinator = try await coordinator()
        let classic = try await classicMember(coordinator)
        #expect(await type(coordinator) == "classic")
        let modern = await beat(coordinator, "b")
        #expect(modern.errorCode == KafkaErrorCode.none)
        #expect(partitions(modern) == [])
        #expect(await type(coordinator) == "consumer")
        // The classic member still has everything, and is asked to join again.
        #expect(await heartbeat(coordinator, classic) == .rebalanceInProgress)
        let revoking = try await classicJoin(coordinator, classic.memberID, owned: [0, 1, 2])
        let left = try await sync(coordinator, revoking, nil)
        #expect(revoking.leader == "")
        let kept = PartitionMap(classicAssignment: left.assignment, topics: storage)
        #expect(kept.partitionCount == 2)
        #expect(await heartbeat(coordinator, revoking) == .rebalanceInProgress)
        #expect(partitions(await beat(coordinator, "b", epoch: modern.memberEpoch)) == nil)
        let again = try await classicJoin(
            coordinator, classic.memberID, owned: kept.sortedPartitions.map(\.partition))
        #expect(try await sync(coordinator, again, nil).errorCode == KafkaErrorCode.none)
        #expect(await heartbeat(coordinator, again) == KafkaErrorCode.none)
        #expect(partitions(await beat(coordinator, "b", epoch: modern.memberEpoch))?.count == 1)

        // A restart in the midst of it changes nothing.
        let after = try await self.coordinator()
        #expect(await heartbeat(after, again) == KafkaErrorCode.none)
        #expect(await beat(after, "b", epoch: -1).errorCode == KafkaErrorCode.none)
        #expect(await type(after) == "classic")
        #expect(await heartbeat(after, again) == .rebalanceInProgress)
        let last = try await classicJoin(after, classic.memberID)
        #expect(last.leader == classic.memberID)
        #expect(try await sync(after, last, [0, 1, 2]).errorCode == KafkaErrorCode.none)
        let end = try await self.coordinator()
        #expect(await type(end) == "classic")
        #expect(await heartbeat(end, last) == KafkaErrorCode.none)
    }

    /// Goal: a join that is held in the classic group is answered when the group changes.
    @Test func heldAnswersEndWithTheClassicGroup() async throws {
        let coordinator = try await coordinator()
        _ = try await classicMember(coordinator)
        let request = try Self.joining("")
        let held = await withTaskGroup(of: JoinGroupResponse.self) { group in
            group.addTask {
                await coordinator.join(request, version: 3, clientID: "k", clientHost: "h")
            }
            while await coordinator.groups["g"]?.classic?.members.count != 2 { await Task.yield() }
            _ = await beat(coordinator, "b")
            return await group.next()
        }
        #expect(held?.errorCode == .rebalanceInProgress)
    }

    @Test func groupsOfOtherProtocolsAreNotUpgraded() async throws {
        let coordinator = try await coordinator()
        _ = await coordinator.join(
            GroupCoordinatorTests.joining(""), version: 3, clientID: "c", clientHost: "h")
        #expect(await beat(coordinator, "b").errorCode == .groupIDNotFound)
        #expect(await type(coordinator) == "classic")
    }

    @Test func emptyGroupsAreOfEitherProtocol() async throws {
        let coordinator = try await coordinator()
        _ = await coordinator.commit(GroupCoordinatorTests.committing(5), version: 8)
        #expect(await beat(coordinator, "a").errorCode == KafkaErrorCode.none)
        #expect(await type(coordinator) == "consumer")
        _ = await beat(coordinator, "a", epoch: -1)
        _ = try await classicMember(coordinator)
        #expect(await type(coordinator) == "classic")
        let after = try await self.coordinator()
        #expect(await type(after) == "classic")
        #expect(await after.groups["g"]?.commits.offsets["t", 0]?.offset == 5)
    }

    @Test func aClassicMemberThatDoesNotComeIsOut() async throws {
        let coordinator = try await coordinator()
        let classic = try await classicMember(coordinator)
        _ = await beat(coordinator, "b")
        #expect(await heartbeat(coordinator, classic) == .rebalanceInProgress)
        for _ in 0..<4 {
            steady.advance(9_000)
            _ = await heartbeat(coordinator, classic)
            _ = await beat(coordinator, "b", epoch: 2)
            await coordinator.timePassed()
        }
        #expect(await heartbeat(coordinator, classic) == .unknownMemberID)
        #expect(partitions(await beat(coordinator, "b", epoch: 2)) == [0, 1, 2])
    }
}
