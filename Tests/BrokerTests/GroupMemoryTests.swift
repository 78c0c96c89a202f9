// What members and transactions may make the coordinators keep, in bytes.

import KafkaProtocol
import Logging
import MillraceBase
import Testing

@testable import MillraceBroker

@Suite("Group memory")
struct GroupMemoryTests {
    private let storage = GroupStorageFake()
    private let large = [UInt8](repeating: 7, count: Limits.groupMemberBytesMax)

    private func coordinator(_ rules: GroupRules) async throws -> GroupCoordinator {
        let coordinator = GroupCoordinator(
            storage: storage, rules: rules, clock: .fixed(1_000), elapsedMilliseconds: { 0 },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await coordinator.load()
        return coordinator
    }

    private func join(
        _ coordinator: GroupCoordinator, group: String, bytes: Int
    ) async -> JoinGroupResponse {
        let request = JoinGroupRequest {
            ($0.groupID, $0.protocolType) = (group, "consumer")
            ($0.sessionTimeoutMilliseconds, $0.rebalanceTimeoutMilliseconds) = (10_000, 10_000)
            $0.protocols = [
                JoinGroupRequest.GroupProtocol {
                    ($0.name, $0.metadata) = ("range", [UInt8](repeating: 1, count: bytes))
                }
            ]
        }
        // Version 3: it joins at once, without an id.
        return await coordinator.join(
            request, version: 3, clientID: "c", clientHost: "/127.0.0.1")
    }

    /// Goal: the sum is that of the entries, whichever way they change.
    @Test func theTableCounts() {
        var table: KeptTable<GroupMember.Offer> = [:]
        let one = GroupMember.Offer(name: "n", metadata: [1, 2, 3])
        table["a"] = one
        let single = table.keptBytes
        #expect(single == KeptTable<GroupMember.Offer>.entryBytes("a") + one.keptBytes)
        table["b"] = one
        #expect(table.keptBytes == 2 * single)
        table["b"]?.metadata += [4, 5]
        #expect(table.keptBytes == 2 * single + 2)
        table["c", default: one].metadata = []
        #expect(table.keptBytes == 3 * single + 2 - 3)
        table["b"] = nil
        table.removeValue(forKey: "c")
        table.removeValue(forKey: "c")
        #expect(table.keptBytes == single)
        #expect(KeptTable(["a": one]).keptBytes == single)
    }

    /// Goal: a member that brings too much is refused and leaves nothing; one that grows keeps what
    /// it had; and the others go on.
    @Test func oneMemberIsBounded() {
        var scene = GroupScene.stable(["a", "b"])
        let before = scene.machine.keptBytes
        let new = scene.join("", fresh: "c", metadata: large)
        #expect(scene.joins[new]?.errorCode == .unknownServerError)
        let grown = scene.join("b", metadata: large)
        #expect(scene.joins[grown]?.errorCode == .unknownServerError)
        #expect(scene.machine.keptBytes == before)
        #expect(scene.machine.state == .stable)
        #expect(scene.heartbeat("a") == .none)
        #expect(scene.heartbeat("b") == .none)
        scene.leave("a")
        scene.leave("b")
        #expect(scene.machine.members.keptBytes == 0)
    }

    /// Goal: an id that was given out counts no more when what comes with it is refused.
    @Test func aRefusedMemberIsNotWaitedFor() {
        var scene = GroupScene()
        scene.join("", fresh: "p", needsID: true)
        let refused = scene.join("p", metadata: large)
        #expect(scene.joins[refused]?.errorCode == .unknownServerError)
        #expect(scene.machine.pendingMembers.isEmpty)
        #expect(scene.machine.keptBytes == 0)
    }

    /// Goal: a leader whose assignment is too large fails alone; the others join again.
    @Test func anAssignmentIsBounded() {
        var scene = GroupScene()
        scene.join("", fresh: "a")
        scene.join("", fresh: "b")
        scene.join("a")
        let follower = scene.sync("b")
        let leader = scene.sync("a", assignments: ["b": large, "nobody": large])
        #expect(scene.syncs[leader]?.errorCode == .unknownServerError)
        #expect(scene.syncs[follower]?.errorCode == .rebalanceInProgress)
        #expect(scene.machine.members["b"]?.assignment.isEmpty ?? false)
        #expect(scene.machine.state == .preparingRebalance)
        #expect(scene.kept.isEmpty)
    }

    /// Goal: all groups together have a budget; what is refused leaves no group, and the room that a
    /// member leaves is another's.
    @Test func allGroupsAreBounded() async throws {
        var rules = GroupRules.withoutDelay
        rules.groupsBytesMax = 100_000
        let coordinator = try await coordinator(rules)
        let first = await join(coordinator, group: "a", bytes: 60_000)
        #expect(first.errorCode == .none)
        let kept = await coordinator.groups.keptBytes
        let second = await join(coordinator, group: "b", bytes: 60_000)
        #expect(second.errorCode == .groupMaxSizeReached)
        #expect(await coordinator.groups.keptBytes == kept)
        let leave = LeaveGroupRequest { ($0.groupID, $0.memberID) = ("a", first.memberID) }
        #expect(await coordinator.leave(leave, version: 2).errorCode == .none)
        #expect(await join(coordinator, group: "b", bytes: 60_000).errorCode == .none)
    }

    /// Goal: a group has a bound of its own, so that its record and its leader's answer have one.
    @Test func oneGroupIsBounded() async throws {
        var rules = GroupRules.withoutDelay
        rules.groupBytesMax = 10_000
        let coordinator = try await coordinator(rules)
        #expect(
            await join(coordinator, group: "a", bytes: 20_000).errorCode == .groupMaxSizeReached)
        #expect(await join(coordinator, group: "a", bytes: 2_000).errorCode == .none)
    }

    /// Goal: names that a member of KIP-848 subscribes to count, and what is refused changes nothing.
    @Test func subscriptionsAreBounded() throws {
        var scene = Scene848()
        try scene.join("a")
        let before = scene.machine
        let names = Set((0..<20_000).map { "topic-\($0)" })
        #expect {
            try scene.join("b", topics: names)
        } throws: { ($0 as? GroupFault)?.code == .unknownServerError }
        #expect(scene.machine.members["b"] == nil)
        #expect(scene.machine.keptBytes == before.keptBytes)
        scene.clients["b"] = nil
        try scene.join("c", topics: ["t", "u"])
        #expect(scene.machine.keptBytes > before.keptBytes)
        try scene.leave("c")
        try scene.leave("a")
        #expect(scene.machine.keptBytes == 0)
    }

    /// Goal: a client's long name makes no id that the protocol cannot carry.
    @Test func idsAreNotLongerThanStrings() {
        var generator = SystemRandomNumberGenerator()
        let id = GroupCoordinator.memberID(
            prefix: String(repeating: "ü", count: 16_000), using: &generator)
        #expect(id.utf8.count <= Limits.memberIDPrefixBytesMax + 40)
    }

    /// Goal: ids and partitions of transactions have a budget too, and those that are there go on.
    @Test func transactionsAreBounded() async throws {
        var rules = TransactionRules()
        rules.transactionsBytesMax =
            KeptTable<TransactionMachine>.entryBytes("t") + 2 * Limits.transactionPartitionBytes
        let coordinator = TransactionCoordinator(
            storage: TransactionStorageFake(), rules: rules, elapsedMilliseconds: { 0 },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await coordinator.load()
        func begin(_ id: String) async -> InitProducerIDResponse {
            await coordinator.initProducerID(
                InitProducerIDRequest {
                    ($0.transactionalID, $0.transactionTimeoutMilliseconds) = (id, 60_000)
                }, version: 5)
        }
        let begun = await begin("t")
        #expect(begun.errorCode == .none)
        let producer = ProducerIdentity(id: begun.producerID, epoch: begun.producerEpoch)
        func add(_ count: Int32) async -> KafkaErrorCode {
            let places = (0..<count).map { PartitionName(topic: "a", partition: $0) }
            return await coordinator.addPartitions(
                Set(places), to: "t", by: producer, version: .classic)
        }
        #expect(await add(3) == .policyViolation)
        #expect(await add(2) == .none)
        #expect(await add(2) == .none)
        #expect(await add(3) == .policyViolation)
        #expect(await begin("u").errorCode == .policyViolation)
    }
}
