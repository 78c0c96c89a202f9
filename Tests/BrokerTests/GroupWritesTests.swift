// What a group's writes promise while they are under way, fail, or meet each other.

import KafkaProtocol
import Logging
import MillraceBase
import Synchronization
import Testing

@testable import MillraceBroker

@Suite("Group coordinator: writes")
struct GroupWritesTests {
    /// The members of its tests are this one's.
    private let stage = Groups848CoordinatorTests()
    private var storage: GroupStorageFake { stage.storage }

    private func commit(
        _ coordinator: GroupCoordinator, _ offset: Int64, partition: Int32 = 0,
        retention: Int64 = -1, version: Int16 = 8
    ) async -> KafkaErrorCode {
        var request = GroupCoordinatorTests.committing(offset, partition: partition)
        request.retentionTimeMilliseconds = retention
        return await coordinator.commit(request, version: version).topics[0].partitions[0].errorCode
    }

    private func delete(
        _ coordinator: GroupCoordinator, partition: Int32 = 0
    ) async -> OffsetDeleteResponse {
        await coordinator.deleteOffsets(
            OffsetDeleteRequest {
                $0.groupID = "g"
                $0.topics = [
                    OffsetDeleteRequest.Topic {
                        $0.name = "t"
                        $0.partitions = [
                            OffsetDeleteRequest.Topic.Partition { $0.partitionIndex = partition }
                        ]
                    }
                ]
            })
    }

    private func offset(_ coordinator: GroupCoordinator, _ partition: Int32 = 0) async -> Int64? {
        await coordinator.groups["g"]?.commits.offsets["t", partition]?.offset
    }

    private func until(_ condition: () async -> Bool) async {
        while await !condition() { await Task.yield() }
    }

    // MARK: The other protocol

    /// Goal: a group that went back to the classic protocol while the log failed is classic after a
    /// start too, once the log works again; its timer writes it, nobody needs to ask.
    @Test func aDowngradeIsWrittenAgain() async throws {
        let coordinator = try await stage.coordinator()
        let classic = try await stage.classicMember(coordinator)
        _ = await stage.beat(coordinator, "b")
        #expect(await stage.type(coordinator) == "consumer")
        storage.fail(true)
        #expect(await stage.beat(coordinator, "b", epoch: -1).errorCode == .coordinatorNotAvailable)
        #expect(await stage.type(coordinator) == "classic")
        #expect(await stage.type(try await stage.coordinator()) == "consumer")
        storage.fail(false)
        await coordinator.timePassed()
        #expect(await stage.type(try await stage.coordinator()) == "consumer")
        stage.steady.advance(Limits.groupRetryMilliseconds)
        await coordinator.timePassed()
        let after = try await stage.coordinator()
        #expect(await stage.type(after) == "classic")
        #expect(await after.groups["g"]?.classic?.members[classic.memberID] != nil)
        let count = storage.records.count
        stage.steady.advance(Limits.groupRetryMilliseconds)
        await coordinator.timePassed()
        #expect(storage.records.count == count)
    }

    /// Goal: the same for an empty group of KIP-848 that a classic member takes over.
    @Test func anEmptyGroupsTombstonesAreWrittenAgain() async throws {
        let coordinator = try await stage.coordinator()
        _ = await stage.beat(coordinator, "a")
        _ = await stage.beat(coordinator, "a", epoch: -1)
        storage.fail(true)
        #expect(try await stage.classicJoin(coordinator, "").errorCode == .coordinatorNotAvailable)
        storage.fail(false)
        _ = try await stage.classicMember(coordinator)
        let after = try await stage.coordinator()
        #expect(await stage.type(after) == "classic")
        #expect(await after.groups["g"]?.classic?.members.count == 1)
    }

    /// Goal: who leaves nothing behind in the log when it could not be written leaves nothing when the
    /// group is upgraded again: the same member is not wiped out by its own tombstones.
    @Test func anUpgradeAfterAFailedDowngradeKeepsItsMembers() async throws {
        let coordinator = try await stage.coordinator()
        let classic = try await stage.classicMember(coordinator)
        _ = await stage.beat(coordinator, "b")
        storage.fail(true)
        _ = await stage.beat(coordinator, "b", epoch: -1)
        storage.fail(false)
        #expect(await stage.beat(coordinator, "b").errorCode == KafkaErrorCode.none)
        let after = try await stage.coordinator()
        #expect(await stage.type(after) == "consumer")
        let members = await after.groups["g"]?.consumer?.members.keys.sorted()
        #expect(members == ["b", classic.memberID].sorted())
    }

    /// Goal: a deleted group does not come back from records that were left in the log.
    @Test func aDeletedGroupTakesItsLeftoversAlong() async throws {
        let coordinator = try await stage.coordinator()
        _ = await stage.beat(coordinator, "a")
        _ = await stage.beat(coordinator, "a", epoch: -1)
        storage.fail(true)
        _ = try await stage.classicJoin(coordinator, "")
        storage.fail(false)
        let deleted = await coordinator.delete(DeleteGroupsRequest { $0.groupsNames = ["g"] })
        #expect(deleted.results[0].errorCode == KafkaErrorCode.none)
        #expect(try await stage.coordinatorGroups().isEmpty)
    }

    // MARK: Answers

    /// Goal: nobody is told of an assignment whose record is still on its way.
    @Test func aSyncWaitsForTheRecordOfAnother() async throws {
        let coordinator = try await stage.coordinator()
        let first = try await stage.classicJoin(coordinator, "")
        let joined = try await stage.classicJoin(coordinator, first.memberID)
        storage.hold()
        try await withThrowingTaskGroup(of: KafkaErrorCode.self) { group in
            group.addTask { try await stage.sync(coordinator, joined, [0, 1, 2]).errorCode }
            await until { storage.heldCount == 1 }
            let answered = Flag()
            group.addTask {
                defer { answered.set() }
                return try await stage.sync(coordinator, joined, nil).errorCode
            }
            for _ in 0..<200 { await Task.yield() }
            #expect(!answered.isSet)
            storage.letGo()
            for try await error in group { #expect(error == KafkaErrorCode.none) }
        }
    }

    /// Goal: an assignment that was not kept is kept before the next who asks is told of it.
    @Test func aFailedAssignmentIsWrittenAgain() async throws {
        let coordinator = try await stage.coordinator()
        let first = try await stage.classicJoin(coordinator, "")
        let joined = try await stage.classicJoin(coordinator, first.memberID)
        storage.fail(true)
        #expect(try await stage.sync(coordinator, joined, [0, 1, 2]).errorCode == .notCoordinator)
        #expect(try await stage.sync(coordinator, joined, nil).errorCode == .notCoordinator)
        storage.fail(false)
        #expect(try await stage.sync(coordinator, joined, nil).errorCode == KafkaErrorCode.none)
        let after = try await stage.coordinator()
        #expect(await stage.heartbeat(after, joined) == KafkaErrorCode.none)
    }

    /// Goal: a KIP-848 member that asks again while its record is on its way waits for it too.
    @Test func aHeartbeatWaitsForWhatIsOnItsWay() async throws {
        let coordinator = try await stage.coordinator()
        storage.hold()
        await withTaskGroup(of: KafkaErrorCode.self) { group in
            group.addTask { await stage.beat(coordinator, "a").errorCode }
            await until { storage.heldCount == 1 }
            let answered = Flag()
            group.addTask {
                defer { answered.set() }
                return await stage.beat(coordinator, "a", epoch: 1).errorCode
            }
            for _ in 0..<200 { await Task.yield() }
            #expect(!answered.isSet)
            storage.letGo()
            for await error in group { #expect(error == KafkaErrorCode.none) }
        }
    }

    // MARK: Offsets

    /// Goal: memory and log agree when a deletion and a commit are under way together.
    /// Method: both orders in the log; what was last written is answered first.
    @Test(arguments: [true, false]) func aDeletionAndACommitAgree(isCommitFirst: Bool) async throws
    {
        let coordinator = try await stage.coordinator()
        #expect(await commit(coordinator, 1) == KafkaErrorCode.none)
        storage.hold()
        await withTaskGroup(of: Void.self) { group in
            if isCommitFirst {
                group.addTask { _ = await commit(coordinator, 5) }
            } else {
                group.addTask { _ = await delete(coordinator) }
            }
            await until { storage.heldCount == 1 }
            if isCommitFirst {
                group.addTask { _ = await delete(coordinator) }
            } else {
                group.addTask { _ = await commit(coordinator, 5) }
            }
            await until { storage.heldCount == 2 }
            storage.letGo()
        }
        let wanted: Int64? = isCommitFirst ? nil : 5
        #expect(await offset(coordinator) == wanted)
        #expect(await offset(try await stage.coordinator()) == wanted)
        #expect(await coordinator.offsetWrites.isEmpty)
    }

    /// Goal: an old offset is not dropped for its age while a new one is on its way.
    @Test func expiryPassesOverACommitUnderWay() async throws {
        _ = await commit(try await stage.coordinator(at: 0), 1)
        let later = try await stage.coordinator(at: Limits.offsetsRetentionMilliseconds + 1)
        storage.hold()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { _ = await commit(later, 5) }
            await until { storage.heldCount == 1 }
            await later.dropExpiredOffsets()
            storage.letGo()
        }
        #expect(await offset(later) == 5)
        #expect(await offset(try await stage.coordinator()) == 5)
    }

    /// Goal: a retention that is any number is no crash, and the longest keeps for ever.
    @Test(arguments: [Int64.max, .max - 1, 0, .min]) func anyRetentionIsTaken(
        retention: Int64
    ) async throws {
        let coordinator = try await stage.coordinator()
        #expect(
            await commit(coordinator, 3, retention: retention, version: 2) == KafkaErrorCode.none)
        await coordinator.dropExpiredOffsets()
        #expect(await offset(coordinator) == (retention == 0 ? nil : 3))
        #expect(await offset(try await stage.coordinator()) == (retention == 0 ? nil : 3))
    }

    /// Goal: a request that names one thing ten thousand times is not answered as often.
    @Test func whatIsNamedTwiceIsAnsweredOnce() async throws {
        let coordinator = try await stage.coordinator()
        _ = await commit(coordinator, 3)
        let topic = OffsetFetchRequest.Group.GroupTopic {
            ($0.name, $0.partitionIndexes) = ("t", Array(repeating: 0, count: 100) + [1])
        }
        let group = OffsetFetchRequest.Group {
            ($0.groupID, $0.topics) = ("g", Array(repeating: topic, count: 10))
        }
        let response = await coordinator.fetchOffsets(
            OffsetFetchRequest { $0.groups = Array(repeating: group, count: 10) }, version: 8)
        #expect(response.groups.count == 1)
        #expect(response.groups[0].topics.count == 1)
        #expect(response.groups[0].topics[0].partitions.map(\.partitionIndex) == [0, 1])
        #expect(response.groups[0].topics[0].partitions[0].committedOffset == 3)
        let described = await coordinator.describe(
            DescribeGroupsRequest { $0.groups = ["g", "x", "g"] }, version: 5)
        #expect(described.groups.map(\.groupID) == ["g", "x"])
    }

    @Test func waitsEndWithTheWritesThatHaveBegun() async {
        var writes = GroupWrites()
        let first = writes.began()
        await withCheckedContinuation { continuation in
            writes.wait(continuation)
            let second = writes.began()
            #expect(writes.ended(second).isEmpty)
            let done = writes.ended(first)
            #expect(done.count == 1 && writes.isIdle)
            for waiting in done { waiting.resume() }
        }
    }
}

/// Whether something has happened.
private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

extension Groups848CoordinatorTests {
    fileprivate func coordinatorGroups() async throws -> [String] {
        try await coordinator().groups.keys.sorted()
    }
}
