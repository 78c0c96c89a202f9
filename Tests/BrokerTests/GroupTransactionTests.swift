// Offsets that are part of a transaction, and offsets that have been kept long enough.

import KafkaProtocol
import Logging
import MillraceBase
import Testing

@testable import MillraceBroker

@Suite("Group coordinator: transactions and expiry")
struct GroupTransactionTests {
    let storage = GroupStorageFake()
    static let partition = GroupCoordinator.partition(of: "g", count: 50)

    func coordinator(at time: Int64 = 1_000) async throws -> GroupCoordinator {
        let coordinator = GroupCoordinator(
            storage: storage, rules: .withoutDelay, clock: .fixed(time), elapsedMilliseconds: { 0 },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await coordinator.load()
        return coordinator
    }

    func commit(
        _ coordinator: GroupCoordinator, _ offset: Int64, producer: Int64 = 7,
        generation: Int32 = -1,
        member: String = ""
    ) async -> KafkaErrorCode {
        let request = TxnOffsetCommitRequest {
            ($0.groupID, $0.producerID, $0.producerEpoch) = ("g", producer, 3)
            ($0.generationIDOrMemberEpoch, $0.memberID) = (generation, member)
            $0.topics = [
                TxnOffsetCommitRequest.Topic {
                    $0.name = "t"
                    $0.partitions = [
                        TxnOffsetCommitRequest.Topic.Partition { $0.committedOffset = offset }
                    ]
                }
            ]
        }
        let answer = await coordinator.commitTransactionally(request, version: 3)
        return answer.topics[0].partitions[0].errorCode
    }

    func fetch(_ coordinator: GroupCoordinator, isStable: Bool = false) async -> (
        Int64, KafkaErrorCode
    ) {
        let answer = await coordinator.fetchOffsets(
            OffsetFetchRequest {
                ($0.groupID, $0.requireStable) = ("g", isStable)
                $0.topics = [
                    OffsetFetchRequest.Topic { ($0.name, $0.partitionIndexes) = ("t", [0]) }
                ]
            }, version: 7)
        let partition = answer.topics[0].partitions[0]
        return (partition.committedOffset, partition.errorCode)
    }

    func end(_ coordinator: GroupCoordinator, isCommit: Bool, producer: Int64 = 7) async {
        storage.end(
            GroupProducer(id: producer, epoch: 3), isCommit: isCommit, in: Self.partition)
        await coordinator.transactionEnded(
            partitions: [Self.partition], producerID: producer, producerEpoch: 3, isCommit: isCommit
        )
    }

    /// Goal: an offset of an open transaction is seen by nobody, and no stable one is given out
    /// meanwhile; neither before nor after a restart.
    @Test(arguments: [true, false])
    func offsetsWaitForTheMarker(isCommit: Bool) async throws {
        let first = try await coordinator()
        _ = await first.commit(GroupCoordinatorTests.committing(1), version: 8)
        #expect(await commit(first, 9) == KafkaErrorCode.none)
        for coordinator in [first, try await self.coordinator()] {
            #expect(await fetch(coordinator) == (1, .none))
            #expect(await fetch(coordinator, isStable: true) == (-1, .unstableOffsetCommit))
        }
        let second = try await coordinator()
        await end(second, isCommit: isCommit)
        for coordinator in [second, try await self.coordinator()] {
            #expect(await fetch(coordinator, isStable: true) == (isCommit ? 9 : 1, .none))
        }
    }

    @Test func aLaterCommitIsNotUndone() async throws {
        let coordinator = try await coordinator()
        _ = await commit(coordinator, 9)
        _ = await coordinator.commit(GroupCoordinatorTests.committing(12), version: 8)
        await end(coordinator, isCommit: true)
        #expect(await fetch(coordinator) == (12, .none))
        #expect(await fetch(try await self.coordinator()) == (12, .none))
    }

    @Test func onlyTheProducersOwnAreEnded() async throws {
        let coordinator = try await coordinator()
        _ = await commit(coordinator, 9)
        await end(coordinator, isCommit: true, producer: 8)
        #expect(await fetch(coordinator, isStable: true) == (-1, .unstableOffsetCommit))
    }

    /// Goal: a producer whose consumer is no longer a member is fenced (KIP-447).
    @Test func membersOfThePastAreFenced() async throws {
        let coordinator = try await coordinator()
        #expect(await commit(coordinator, 1, generation: 4, member: "m") == .illegalGeneration)
        let joined = await coordinator.join(
            GroupCoordinatorTests.joining(""), version: 3, clientID: "c", clientHost: "h")
        #expect(
            await commit(coordinator, 1, generation: 1, member: joined.memberID)
                == KafkaErrorCode.none)
        #expect(
            await commit(coordinator, 1, generation: 0, member: joined.memberID)
                == .illegalGeneration)
        #expect(await commit(coordinator, 1, generation: 1, member: "x") == .unknownMemberID)
        // Older clients do not say who they are.
        #expect(await commit(coordinator, 1) == KafkaErrorCode.none)
    }

    // MARK: Expiry

    static let week: Int64 = 7 * 24 * 3_600_000

    @Test func offsetsOfNobodyExpire() async throws {
        _ = await (try coordinator()).commit(GroupCoordinatorTests.committing(1), version: 8)
        let early = try await coordinator(at: Self.week + 999)
        await early.dropExpiredOffsets()
        #expect(await fetch(early) == (1, .none))
        let late = try await coordinator(at: Self.week + 1_000)
        await late.dropExpiredOffsets()
        #expect(await fetch(late) == (-1, .none))
        #expect(await late.list(ListGroupsRequest()).groups.isEmpty)
        #expect(await (try coordinator()).list(ListGroupsRequest()).groups.isEmpty)
    }

    @Test func pendingOffsetsKeepTheGroup() async throws {
        _ = await commit(try coordinator(), 1)
        let late = try await coordinator(at: 2 * Self.week)
        await late.dropExpiredOffsets()
        await end(late, isCommit: true)
        #expect(await fetch(late) == (1, .none))
    }

    /// Goal: what a client asked to be kept for, in the versions that let it, counts.
    @Test func clientsCouldSayHowLong() async throws {
        var request = GroupCoordinatorTests.committing(1)
        request.retentionTimeMilliseconds = 500
        let coordinator = try await coordinator()
        _ = await coordinator.commit(request, version: 4)
        let late = try await self.coordinator(at: 1_600)
        await late.dropExpiredOffsets()
        #expect(await fetch(late) == (-1, .none))
    }

    /// Goal: while somebody reads a topic its offsets stay, however old; those of others go.
    @Test func activeGroupsKeepTheirOffsets() async throws {
        let coordinator = try await coordinator()
        for topic in ["t", "u"] {
            _ = await coordinator.commit(
                GroupCoordinatorTests.committing(1, topic: topic), version: 8)
        }
        _ = await coordinator.consumerHeartbeat(
            ConsumerGroupHeartbeatRequest {
                ($0.groupID, $0.memberID) = ("g", "a")
                $0.rebalanceTimeoutMilliseconds = 1_000
                ($0.subscribedTopicNames, $0.topicPartitions) = (["t"], [])
            }, version: 1, clientID: "c", clientHost: "h")
        let late = try await self.coordinator(at: 2 * Self.week)
        await late.dropExpiredOffsets()
        #expect(await late.groups["g"]?.commits.offsets["t", 0]?.offset == 1)
        #expect(await late.groups["g"]?.commits.offsets["u", 0] == nil)
    }
}
