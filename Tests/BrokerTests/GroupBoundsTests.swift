// What clients cannot do to the coordinator: fill it with groups and member ids that nobody uses.

import KafkaProtocol
import Logging
import MillraceBase
import Synchronization
import Testing

@testable import MillraceBroker

@Suite("Group bounds")
struct GroupBoundsTests {
    private let storage = GroupStorageFake()
    private let time = Time()

    private final class Time: Sendable {
        private let value = Mutex<Int64>(0)
        var milliseconds: Int64 { value.withLock { $0 } }
        func pass(_ milliseconds: Int64) { value.withLock { $0 += milliseconds } }
    }

    private func coordinator(groupsMax: Int) async throws -> GroupCoordinator {
        var rules = GroupRules()
        rules.groupsMax = groupsMax
        let coordinator = GroupCoordinator(
            storage: storage, rules: rules, clock: .fixed(1_000),
            elapsedMilliseconds: { [time] in time.milliseconds },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await coordinator.load()
        return coordinator
    }

    private func join(
        _ coordinator: GroupCoordinator, _ group: String, protocols: [String] = ["range"]
    ) async -> JoinGroupResponse {
        let request = JoinGroupRequest {
            ($0.groupID, $0.protocolType) = (group, "consumer")
            $0.sessionTimeoutMilliseconds = 1_800_000
            $0.protocols = protocols.map { name in
                JoinGroupRequest.GroupProtocol { $0.name = name }
            }
        }
        return await coordinator.join(
            request, version: 9, clientID: "c", clientHost: "/127.0.0.1")
    }

    /// Goal: groups that were only announced are bounded, and gone when their ids are void.
    @Test func announcedGroupsAreForgotten() async throws {
        let coordinator = try await coordinator(groupsMax: 2)
        for group in ["a", "b"] {
            #expect(await join(coordinator, group).errorCode == .memberIDRequired)
        }
        #expect(await join(coordinator, "c").errorCode == .coordinatorNotAvailable)
        #expect(await join(coordinator, "a").errorCode == .memberIDRequired)
        time.pass(Limits.pendingMemberMilliseconds - 1)
        await coordinator.timePassed()
        #expect(await coordinator.groups.count == 2)
        time.pass(1)
        await coordinator.timePassed()
        #expect(await coordinator.groups.isEmpty)
        #expect(await join(coordinator, "c").errorCode == .memberIDRequired)
        #expect(storage.records.isEmpty)
    }

    /// Goal: a join that is refused, or an id that is given back, leaves no group behind.
    @Test func refusedJoinsLeaveNothing() async throws {
        let coordinator = try await coordinator(groupsMax: 2)
        let refused = await join(coordinator, "a", protocols: [])
        #expect(refused.errorCode == .inconsistentGroupProtocol)
        #expect(await coordinator.groups.isEmpty)
        let announced = await join(coordinator, "b")
        let leave = LeaveGroupRequest {
            $0.groupID = "b"
            $0.members = [
                LeaveGroupRequest.MemberIdentity { $0.memberID = announced.memberID }
            ]
        }
        let left = await coordinator.leave(leave, version: 5)
        #expect(left.members.map(\.errorCode) == [.none])
        #expect(await coordinator.groups.isEmpty)
    }

    /// Goal: the bound counts for commits and for KIP-848 too, but not for groups that are there.
    @Test func noOtherWayMakesMoreGroups() async throws {
        let coordinator = try await coordinator(groupsMax: 1)
        let committed = await coordinator.commit(
            GroupCoordinatorTests.committing(1), version: 8)
        #expect(committed.topics[0].partitions[0].errorCode == KafkaErrorCode.none)
        var other = GroupCoordinatorTests.committing(1)
        other.groupID = "h"
        let refused = await coordinator.commit(other, version: 8)
        #expect(refused.topics[0].partitions[0].errorCode == .coordinatorNotAvailable)
        let beat = await coordinator.consumerHeartbeat(
            ConsumerGroupHeartbeatRequest {
                ($0.groupID, $0.memberID) = ("h", "m")
                $0.rebalanceTimeoutMilliseconds = 30_000
                ($0.subscribedTopicNames, $0.topicPartitions) = (["t"], [])
            }, version: 1, clientID: "c", clientHost: "/127.0.0.1")
        #expect(beat.errorCode == .coordinatorNotAvailable)
        #expect(await join(coordinator, "g").errorCode == .memberIDRequired)
    }

    /// Goal: ids that were given out have a bound of their own and take no member's place.
    @Test func pendingIDsAreNoMembers() {
        var scene = GroupScene()
        scene.machine.membersMax = 1
        for index in 0..<Limits.groupPendingMembersMax {
            let ticket = scene.join("", fresh: "p\(index)", needsID: true)
            #expect(scene.joins[ticket]?.errorCode == .memberIDRequired)
        }
        let over = scene.join("", fresh: "over", needsID: true)
        #expect(scene.joins[over]?.errorCode == .coordinatorNotAvailable)
        scene.join("p0")
        #expect(scene.machine.members.count == 1)
        let full = scene.join("p1")
        #expect(scene.joins[full]?.errorCode == .groupMaxSizeReached)
        #expect(scene.machine.pendingMembers["p1"] == nil)
    }
}
