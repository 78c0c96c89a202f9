// Writes of a group that take several batches, writes of which one fails, and the timer's alarm.

import KafkaProtocol
import MillraceBase
import Testing

@testable import MillraceBroker

@Suite("Group coordinator: writes of many records")
struct GroupManyWritesTests {
    /// The members of its tests are this one's.
    private let stage = Groups848CoordinatorTests()
    private var storage: GroupStorageFake { stage.storage }
    /// More than two batches of places.
    private let places = Int32(Limits.groupRecordsPerAppendMax) * 2 + 7

    private func commit(
        _ coordinator: GroupCoordinator, _ offset: Int64, _ partitions: Range<Int32>
    ) async {
        var request = GroupCoordinatorTests.committing(offset)
        let one = request.topics[0].partitions[0]
        request.topics[0].partitions = partitions.map { index in
            var partition = one
            partition.partitionIndex = index
            return partition
        }
        _ = await coordinator.commit(request, version: 8)
    }

    private func offsets(_ coordinator: GroupCoordinator) async -> [Int32: Int64] {
        let known = await coordinator.groups["g"]?.commits.offsets.byTopic["t"] ?? [:]
        return known.mapValues(\.offset)
    }

    private func until(_ condition: () async -> Bool) async {
        while await !condition() { await Task.yield() }
    }

    private func coordinatorWithManyPlaces() async throws -> GroupCoordinator {
        storage.topics = [GroupTopic(id: KafkaUUID(low: 1), name: "t", partitions: places)]
        let coordinator = try await stage.coordinator()
        await commit(coordinator, 1, 0..<places)
        return coordinator
    }

    // MARK: Many records

    /// Goal: what is acknowledged behind a deletion that takes several batches is there after a start.
    /// Method: the commit is made while the deletion waits for the log, of a place in its last batch.
    @Test(arguments: [true, false]) func aCommitDuringALongDeletionStays(
        isTopicDeleted: Bool
    ) async throws {
        let coordinator = try await coordinatorWithManyPlaces()
        storage.hold()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                if isTopicDeleted { return await coordinator.topicDeleted("t") }
                _ = await coordinator.delete(DeleteGroupsRequest { $0.groupsNames = ["g"] })
            }
            await until { storage.heldCount == 1 }
            group.addTask { await commit(coordinator, 5, places - 1..<places) }
            await until { storage.heldCount == 2 }
            storage.letGo()
        }
        #expect(await offsets(coordinator) == [places - 1: 5])
        #expect(await offsets(try await stage.coordinator()) == [places - 1: 5])
    }

    /// Goal: of two commits that overlap, the one that wins in memory wins in the log.
    @Test func aCommitDuringALongCommitWins() async throws {
        let coordinator = try await coordinatorWithManyPlaces()
        storage.hold()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await commit(coordinator, 2, 0..<places) }
            await until { storage.heldCount == 1 }
            group.addTask { await commit(coordinator, 5, places - 1..<places) }
            await until { storage.heldCount == 2 }
            storage.letGo()
        }
        let known = await offsets(coordinator)
        #expect(known[0] == 2 && known[places - 1] == 5)
        #expect(await offsets(try await stage.coordinator()) == known)
    }

    /// Goal: no batch has more records than it may, and none is left out.
    @Test func manyRecordsGoInBatchesThatAreBounded() async throws {
        _ = try await coordinatorWithManyPlaces()
        let size = Limits.groupRecordsPerAppendMax
        #expect(storage.batchSizes == [size, size, 7])
    }

    // MARK: One of two fails

    /// Goal: what one write could not keep is written again though a later one, under way meanwhile,
    /// was kept.
    @Test func aSuccessForgetsNoFailure() async throws {
        let coordinator = try await stage.coordinator()
        _ = await stage.beat(coordinator, "a")
        storage.hold()
        await withTaskGroup(of: Void.self) { group in
            storage.fail(true)
            group.addTask { _ = await stage.beat(coordinator, "b") }
            await until { storage.heldCount == 1 }
            storage.fail(false)
            group.addTask { _ = await stage.beat(coordinator, "c") }
            await until { storage.heldCount == 2 }
            storage.letGoOldest()
            await until { await coordinator.groups["g"]?.retryAt != nil }
            storage.letGo()
        }
        #expect(await coordinator.groups["g"]?.retryAt != nil)
        stage.steady.advance(Limits.groupRetryMilliseconds)
        await coordinator.timePassed()
        #expect(await coordinator.groups["g"]?.retryAt == nil)
        let after = try await stage.coordinator()
        #expect(await after.groups["g"]?.consumer?.members.keys.sorted() == ["a", "b", "c"])
    }

    // MARK: The alarm

    /// Goal: a deadline that comes before the sleeper has lain down shortens its sleep, that one only.
    @Test func aWakeBeforeTheSleepIsNotLost() {
        let alarm = GroupAlarm()
        alarm.wake(for: 50)
        alarm.wake(for: 70)
        #expect(alarm.begin(until: 100).deadline == 50)
        #expect(alarm.begin(until: 100).deadline == 100)
        let early = GroupAlarm()
        early.wake(for: 150)
        #expect(early.begin(until: 100).deadline == 100)
    }

    @Test func aWakeRingsWhoWouldSleepTooLong() async {
        let alarm = GroupAlarm()
        let sleep = alarm.begin(until: 100)
        alarm.wake(for: 99)
        #expect(await sleep.bell.wait() != nil)
    }
}
