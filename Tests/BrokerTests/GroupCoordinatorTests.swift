// The coordinator over an array: what is kept, what is answered when, and what a restart finds.

import KafkaProtocol
import Logging
import MillraceBase
import Synchronization
import Testing

@testable import MillraceBroker

@Suite("Group coordinator")
struct GroupCoordinatorTests {
    let storage = GroupStorageFake()
    let steady = SteadyClock()

    func coordinator(at time: Int64 = 1_000) async throws -> GroupCoordinator {
        let coordinator = GroupCoordinator(
            storage: storage, rules: .withoutDelay, clock: .fixed(time),
            elapsedMilliseconds: { [steady] in steady.milliseconds },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await coordinator.load()
        return coordinator
    }

    static func joining(
        _ id: String, session: Int32 = 10_000, instance: String? = nil
    ) -> JoinGroupRequest {
        JoinGroupRequest {
            ($0.groupID, $0.memberID, $0.groupInstanceID) = ("g", id, instance)
            ($0.protocolType, $0.sessionTimeoutMilliseconds) = ("consumer", session)
            $0.rebalanceTimeoutMilliseconds = 30_000
            $0.protocols = [JoinGroupRequest.GroupProtocol { $0.name = "range" }]
        }
    }

    static func committing(
        _ offset: Int64, topic: String = "t", partition: Int32 = 0, generation: Int32 = -1,
        member: String = "", metadata: String? = nil
    ) -> OffsetCommitRequest {
        OffsetCommitRequest {
            ($0.groupID, $0.memberID, $0.generationIDOrMemberEpoch) = ("g", member, generation)
            $0.topics = [
                OffsetCommitRequest.Topic {
                    $0.name = topic
                    $0.partitions = [
                        OffsetCommitRequest.Topic.Partition {
                            $0.partitionIndex = partition
                            $0.committedOffset = offset
                            $0.committedLeaderEpoch = 5
                            $0.committedMetadata = metadata
                        }
                    ]
                }
            ]
        }
    }

    /// All that the group committed, as "topic-partition=offset".
    func committed(_ coordinator: GroupCoordinator) async -> [String] {
        let request = OffsetFetchRequest { ($0.groupID, $0.topics) = ("g", nil) }
        let response = await coordinator.fetchOffsets(request, version: 7)
        return response.topics.flatMap { topic in
            topic.partitions.map { "\(topic.name)-\($0.partitionIndex)=\($0.committedOffset)" }
        }
    }

    /// A member alone in the group, joined and synced.
    func member(of coordinator: GroupCoordinator) async -> (id: String, generation: Int32) {
        let first = await coordinator.join(
            Self.joining(""), version: 9, clientID: "me", clientHost: "/127.0.0.1")
        #expect(first.errorCode == .memberIDRequired)
        #expect(first.memberID.hasPrefix("me-"))
        let joined = await coordinator.join(
            Self.joining(first.memberID), version: 9, clientID: "me", clientHost: "/127.0.0.1")
        let synced = await coordinator.sync(
            SyncGroupRequest {
                ($0.groupID, $0.memberID, $0.generationID) = (
                    "g", joined.memberID, joined.generationID
                )
                $0.assignments = [
                    SyncGroupRequest.Assignment {
                        ($0.memberID, $0.assignment) = (joined.memberID, [1])
                    }
                ]
            })
        #expect(synced.assignment == [1])
        return (joined.memberID, joined.generationID)
    }

    func describe(_ coordinator: GroupCoordinator, version: Int16 = 6) async
        -> DescribeGroupsResponse.DescribedGroup?
    {
        await coordinator.describe(
            DescribeGroupsRequest { $0.groups = ["g"] }, version: version
        ).groups.first
    }

    // MARK: Members

    @Test func aMemberGoesThroughItsLife() async throws {
        let coordinator = try await coordinator()
        let member = await member(of: coordinator)
        var group = await describe(coordinator)
        #expect(group?.groupState == "Stable")
        #expect(group?.protocolData == "range")
        #expect(group?.members.first?.clientHost == "/127.0.0.1")
        #expect(group?.members.first?.memberAssignment == [1])
        let beat = HeartbeatRequest {
            ($0.groupID, $0.memberID, $0.generationID) = ("g", member.id, member.generation)
        }
        #expect(await coordinator.heartbeat(beat).errorCode == KafkaErrorCode.none)
        let left = await coordinator.leave(
            LeaveGroupRequest { ($0.groupID, $0.memberID) = ("g", member.id) }, version: 1)
        #expect(left.errorCode == KafkaErrorCode.none)
        group = await describe(coordinator)
        #expect(group?.groupState == "Empty")
    }

    /// Goal: a held join is answered by another's request, and a cancelled one lets go (trap 17).
    @Test func heldJoinsEndWhenTheyAreCancelled() async throws {
        let coordinator = try await coordinator()
        _ = await member(of: coordinator)
        let answer = await withTaskGroup(of: JoinGroupResponse.self) { group in
            group.addTask {
                await coordinator.join(
                    Self.joining("", instance: "i"), version: 5, clientID: "c", clientHost: "h")
            }
            while await coordinator.groups["g"]?.classic?.members.count != 2 { await Task.yield() }
            group.cancelAll()
            return await group.next()
        }
        #expect(answer?.errorCode == .unknownMemberID)
    }

    /// Goal: the clock alone removes the silent, and lets the others go on (trap 18).
    @Test func timersAnswerHeldJoins() async throws {
        let coordinator = try await coordinator()
        _ = await member(of: coordinator)
        let joined = await withTaskGroup(of: JoinGroupResponse.self) { group in
            group.addTask {
                await coordinator.join(
                    Self.joining(""), version: 3, clientID: "c", clientHost: "h")
            }
            while await coordinator.groups["g"]?.classic?.members.count != 2 { await Task.yield() }
            steady.advance(10_000)
            await coordinator.timePassed()
            return await group.next()
        }
        #expect(joined?.errorCode == KafkaErrorCode.none)
        #expect(joined?.leader == joined?.memberID)
        #expect(joined?.generationID == 2)
    }

    @Test func refusesBadRequests() async throws {
        let coordinator = try await coordinator()
        let short = await coordinator.join(
            Self.joining("", session: 5), version: 5, clientID: "c", clientHost: "h")
        #expect(short.errorCode == .invalidSessionTimeout)
        #expect(try !short.bytes(version: 5).isEmpty)
        let unknown = await coordinator.join(
            Self.joining("x"), version: 5, clientID: "c", clientHost: "h")
        #expect(unknown.errorCode == .unknownMemberID)
        #expect(await coordinator.heartbeat(HeartbeatRequest()).errorCode == .invalidGroupID)
        let fresh = GroupCoordinator(storage: storage, logger: Logger(label: "test"))
        #expect(
            await fresh.heartbeat(HeartbeatRequest { $0.groupID = "g" }).errorCode
                == .coordinatorLoadInProgress)
    }

    /// Goal: when the log does not take a group, nobody is told an assignment.
    @Test func aFailingLogSendsMembersAway() async throws {
        let coordinator = try await coordinator()
        let first = await coordinator.join(
            Self.joining(""), version: 3, clientID: "c", clientHost: "h")
        storage.fail(true)
        let synced = await coordinator.sync(
            SyncGroupRequest {
                ($0.groupID, $0.memberID, $0.generationID) = ("g", first.memberID, 1)
            })
        #expect(synced.errorCode == .notCoordinator)
        let commit = await coordinator.commit(
            Self.committing(1, generation: 1, member: first.memberID), version: 8)
        #expect(commit.topics[0].partitions[0].errorCode == .coordinatorNotAvailable)
        #expect(await committed(coordinator) == [])
    }

    // MARK: Offsets

    /// Goal: trap 1: what nobody has committed is -1 without an error, at every version.
    @Test func unknownOffsetsAreNoError() async throws {
        let coordinator = try await coordinator()
        let old = await coordinator.fetchOffsets(
            OffsetFetchRequest {
                $0.groupID = "nobody"
                $0.topics = [
                    OffsetFetchRequest.Topic { ($0.name, $0.partitionIndexes) = ("t", [0, 99]) }
                ]
            }, version: 5)
        #expect(old.errorCode == KafkaErrorCode.none)
        #expect(old.topics[0].partitions.map(\.committedOffset) == [-1, -1])
        #expect(old.topics[0].partitions.map(\.errorCode) == [.none, .none])
        let new = await coordinator.fetchOffsets(
            OffsetFetchRequest {
                $0.groups = [
                    OffsetFetchRequest.Group {
                        $0.groupID = "nobody"
                        $0.topics = [
                            OffsetFetchRequest.Group.GroupTopic {
                                $0.topicID = KafkaUUID(low: 1)
                                $0.partitionIndexes = [0]
                            },
                            OffsetFetchRequest.Group.GroupTopic {
                                $0.topicID = KafkaUUID(low: 9)
                                $0.partitionIndexes = [0]
                            },
                        ]
                    }
                ]
            }, version: 10)
        #expect(new.groups[0].errorCode == KafkaErrorCode.none)
        #expect(new.groups[0].topics[0].partitions[0].committedOffset == -1)
        #expect(new.groups[0].topics[0].partitions[0].errorCode == KafkaErrorCode.none)
        #expect(new.groups[0].topics[1].partitions[0].errorCode == .unknownTopicID)
    }

    /// Goal: commits of unknown groups: free without a generation, else the version's error (trap 1).
    @Test func commitsOfUnknownGroups() async throws {
        let coordinator = try await coordinator()
        let stale = Self.committing(1, generation: 4, member: "m")
        let old = await coordinator.commit(stale, version: 8)
        #expect(old.topics[0].partitions[0].errorCode == .illegalGeneration)
        let new = await coordinator.commit(stale, version: 9)
        #expect(new.topics[0].partitions[0].errorCode == .groupIDNotFound)
        let simple = await coordinator.commit(Self.committing(7), version: 9)
        #expect(simple.topics[0].partitions[0].errorCode == KafkaErrorCode.none)
        #expect(await committed(coordinator) == ["t-0=7"])
    }

    @Test func refusesWhatCannotBeCommitted() async throws {
        let coordinator = try await coordinator()
        let topic = await coordinator.commit(Self.committing(1, topic: "x"), version: 8)
        #expect(topic.topics[0].partitions[0].errorCode == .unknownTopicOrPartition)
        let partition = await coordinator.commit(Self.committing(1, partition: 3), version: 8)
        #expect(partition.topics[0].partitions[0].errorCode == .unknownTopicOrPartition)
        let long = String(repeating: "x", count: 4_097)
        let metadata = await coordinator.commit(Self.committing(1, metadata: long), version: 8)
        #expect(metadata.topics[0].partitions[0].errorCode == .offsetMetadataTooLarge)
        #expect(storage.records.isEmpty)
    }

    /// Goal: what was acknowledged is there after a restart, text and epoch too; members as well (trap 21).
    @Test func aRestartFindsEverything() async throws {
        let before = try await coordinator()
        let member = await member(of: before)
        let commit = await before.commit(
            Self.committing(
                41, partition: 1, generation: member.generation, member: member.id,
                metadata: "here"), version: 8)
        #expect(commit.topics[0].partitions[0].errorCode == KafkaErrorCode.none)
        _ = await before.commit(
            Self.committing(42, partition: 1, generation: member.generation, member: member.id),
            version: 8)

        let after = try await coordinator()
        #expect(await committed(after) == ["t-1=42"])
        #expect(await describe(after)?.groupState == "Stable")
        let beat = HeartbeatRequest {
            ($0.groupID, $0.memberID, $0.generationID) = ("g", member.id, member.generation)
        }
        #expect(await after.heartbeat(beat).errorCode == KafkaErrorCode.none)
        #expect(storage.partitionsWritten == [GroupCoordinator.partition(of: "g", count: 50)])
    }

    // MARK: Administration

    @Test func groupsAreListedByState() async throws {
        let coordinator = try await coordinator()
        _ = await coordinator.commit(Self.committing(1), version: 8)
        let all = await coordinator.list(ListGroupsRequest())
        #expect(all.groups.map(\.groupID) == ["g"])
        #expect(all.groups.map(\.groupState) == ["Empty"])
        #expect(all.groups.map(\.groupType) == ["classic"])
        let stable = await coordinator.list(ListGroupsRequest { $0.statesFilter = ["Stable"] })
        #expect(stable.groups.isEmpty)
        let empty = await coordinator.list(ListGroupsRequest { $0.statesFilter = ["EMPTY"] })
        #expect(empty.groups.count == 1)
        let modern = await coordinator.list(ListGroupsRequest { $0.typesFilter = ["consumer"] })
        #expect(modern.groups.isEmpty)
    }

    @Test func unknownGroupsAreDead() async throws {
        let coordinator = try await coordinator()
        let old = await describe(coordinator, version: 5)
        #expect(old?.groupState == "Dead")
        #expect(old?.errorCode == KafkaErrorCode.none)
        let new = await describe(coordinator, version: 6)
        #expect(new?.errorCode == .groupIDNotFound)
        #expect(new?.errorMessage == "Group g not found.")
    }

    @Test func onlyEmptyGroupsAreDeleted() async throws {
        let coordinator = try await coordinator()
        let request = DeleteGroupsRequest { $0.groupsNames = ["g"] }
        #expect(await coordinator.delete(request).results[0].errorCode == .groupIDNotFound)
        let member = await member(of: coordinator)
        #expect(await coordinator.delete(request).results[0].errorCode == .nonEmptyGroup)
        _ = await coordinator.commit(
            Self.committing(1, generation: member.generation, member: member.id), version: 8)
        _ = await coordinator.leave(
            LeaveGroupRequest { ($0.groupID, $0.memberID) = ("g", member.id) }, version: 1)
        #expect(await coordinator.delete(request).results[0].errorCode == KafkaErrorCode.none)
        let after = try await self.coordinator()
        #expect(await committed(after) == [])
        #expect(await after.list(ListGroupsRequest()).groups.isEmpty)
    }

    @Test func offsetsOfDeletedTopicsGo() async throws {
        let coordinator = try await coordinator()
        _ = await coordinator.commit(Self.committing(1), version: 8)
        _ = await coordinator.commit(Self.committing(2, topic: "u"), version: 8)
        await coordinator.topicDeleted("t")
        #expect(await committed(coordinator) == ["u-0=2"])
        #expect(await committed(try self.coordinator()) == ["u-0=2"])
    }

    @Test func singleOffsetsAreDeleted() async throws {
        let coordinator = try await coordinator()
        _ = await coordinator.commit(Self.committing(1), version: 8)
        let request = OffsetDeleteRequest {
            $0.groupID = "g"
            $0.topics = [
                OffsetDeleteRequest.Topic {
                    $0.name = "t"
                    $0.partitions = [OffsetDeleteRequest.Topic.Partition()]
                }
            ]
        }
        let response = await coordinator.deleteOffsets(request)
        #expect(response.topics[0].partitions[0].errorCode == KafkaErrorCode.none)
        #expect(await committed(coordinator) == [])
    }

    /// Goal: offsets of an empty group go after seven days, and then the group.
    @Test func oldOffsetsGo() async throws {
        _ = await (try coordinator(at: 1_000)).commit(Self.committing(1), version: 8)
        let week: Int64 = 7 * 24 * 3_600_000
        let justBefore = try await coordinator(at: 999 + week)
        await justBefore.timePassed()
        #expect(await committed(justBefore) == ["t-0=1"])
        let after = try await coordinator(at: 1_000 + week)
        await after.timePassed()
        #expect(await committed(after) == [])
        #expect(await after.list(ListGroupsRequest()).groups.isEmpty)
    }

    /// Method: Java's String.hashCode of each name, modulo 50.
    @Test func partitionsAreKafkas() {
        #expect(GroupCoordinator.partition(of: "g", count: 50) == 3)
        #expect(GroupCoordinator.partition(of: "console-consumer", count: 50) == 8)
        #expect(GroupCoordinator.partition(of: "", count: 50) == 0)
    }
}

/// A clock that moves when the test says so.
final class SteadyClock: Sendable {
    private let time = Mutex<Int64>(0)

    var milliseconds: Int64 { time.withLock { $0 } }

    func advance(_ milliseconds: Int64) { time.withLock { $0 += milliseconds } }
}
