// The group coordinator: machines and offsets of all groups, their storage, timers and held answers.
// Source: ../shared/reference/kafka.md, A4 and A5; apache/kafka GroupCoordinatorService.java

import KafkaProtocol
package import Logging
package import MillraceBase

/// Answers the requests of consumer groups. What decides is `GroupMachine`; this actor owns the
/// machines, writes what must be kept before it answers, and wakes them when their time has come.
///
/// Call `load` before the first request and keep `run` running while requests come. Joins and syncs
/// wait inside their call until the group is ready; cancelling the calling task ends the wait.
package actor GroupCoordinator {
    var groups: KeptTable<Group> = [:]
    let storage: any GroupStorage
    let clock: WallClock
    let logger: Logger
    private let elapsedMilliseconds: @Sendable () -> Int64
    /// The broker's settings of groups.
    nonisolated let rules: GroupRules
    /// What is set for one group by itself.
    private let groupConfiguration: @Sendable (String) -> [String: String]
    private var heldJoins: [GroupTicket: HeldAnswer<JoinGroupResponse>] = [:]
    private var heldSyncs: [GroupTicket: HeldAnswer<SyncGroupResponse>] = [:]
    private var lastTicket: GroupTicket = 0
    private var lastSequence: UInt64 = 0
    private var isLoaded = false
    private var isStopped = false
    private var nextUpkeep: Int64 = 0
    /// Writes under way, by group; of groups without any there is no entry.
    var stateWrites: [String: GroupWrites] = [:]
    var offsetWrites: [String: OffsetWrites] = [:]
    /// Ends the sleep of `run` when a join sets a deadline before its end.
    let alarm = GroupAlarm()

    /// - Parameters:
    ///   - groupConfiguration: what is set for one group by itself, by its name.
    ///   - clock: the time of day, for what is written down.
    ///   - elapsedMilliseconds: a steady clock, for time-outs.
    package init(
        storage: any GroupStorage, rules: GroupRules = GroupRules(),
        groupConfiguration: @escaping @Sendable (String) -> [String: String] = { _ in [:] },
        clock: WallClock = .system,
        elapsedMilliseconds: (@Sendable () -> Int64)? = nil, logger: Logger
    ) {
        self.storage = storage
        self.rules = rules
        self.groupConfiguration = groupConfiguration
        self.clock = clock
        self.logger = logger
        let start = ContinuousClock.now
        self.elapsedMilliseconds =
            elapsedMilliseconds ?? { Int64((ContinuousClock.now - start) / .milliseconds(1)) }
    }

    var now: Int64 { elapsedMilliseconds() }

    /// Reads what the offsets topic holds. Until then every answer is COORDINATOR_LOAD_IN_PROGRESS.
    package func load() async throws(GroupStorageError) {
        let replay = GroupReplay()
        try await storage.replay { partition, entry in replay.add(entry, partition: partition) }
        groups = KeptTable(replay.groups(rules: rules, now: now))
        for id in groups.keys { groups[id]?.consumer?.restartTimers(context(of: id)) }
        if replay.skippedCount > 0 {
            logger.warning(
                "records of the offsets topic were not understood and left out",
                metadata: ["count": "\(replay.skippedCount)"])
        }
        lastSequence = replay.lastSequence
        isLoaded = true
    }

    /// Wakes groups whose time has come, until cancelled; then lets go of everybody who waits.
    package func run() async {
        while !Task.isCancelled {
            await timePassed()
            let next = groups.values.compactMap(\.nextDeadline).min() ?? .max
            let time = now
            let latest = time + Limits.groupTimerMillisecondsMax
            await alarm.sleep(until: min(max(next, time + 1), latest), now: time)
        }
        stop()
    }

    /// Does what is due. `run` calls it; a test may.
    package func timePassed() async {
        let time = now
        for id in groups.keys {
            guard let deadline = groups[id]?.nextDeadline, deadline <= time else { continue }
            if groups[id]?.consumer != nil {
                groups[id]?.consumer?.timePassed(context(of: id))
                _ = await settle(id)
            } else {
                let actions = groups[id]?.classic?.timePassed(now: time) ?? []
                await perform(actions, of: id)
                forgetIfNeverUsed(id)
            }
            await retryWrites(of: id)
        }
        if isLoaded, time >= nextUpkeep {
            nextUpkeep = time + rules.offsetsCheckMilliseconds
            await dropExpiredOffsets()
        }
    }

    /// Answers all held requests with NOT_COORDINATOR: clients look for the coordinator anew.
    private func stop() {
        isStopped = true
        for held in heldJoins.values { held.answer(.failed(.notCoordinator, memberID: "")) }
        for held in heldSyncs.values { held.answer(.failed(.notCoordinator)) }
        heldJoins = [:]
        heldSyncs = [:]
    }

    // MARK: Parts

    /// Why no group can be asked now; `nil` when one can.
    func unavailable(group: String, mayBeEmpty: Bool = false) -> KafkaErrorCode? {
        if isStopped { return .notCoordinator }
        if !isLoaded { return .coordinatorLoadInProgress }
        return group.isEmpty && !mayBeEmpty ? .invalidGroupID : nil
    }

    func newMachine(_ groupID: String) -> GroupMachine {
        GroupMachine(groupID: groupID, rules: rules)
    }

    /// What a group of KIP-848 has to know now.
    func context(
        of groupID: String, clientID: String = "", clientHost: String = "",
        newMemberID: String = ""
    ) -> ConsumerContext {
        ConsumerContext(
            clientID: clientID, clientHost: clientHost, newMemberID: newMemberID, now: now,
            wallMilliseconds: clock.milliseconds(), topics: storage,
            rules: rules.overridden(by: groupConfiguration(groupID)))
    }

    /// A held JoinGroup, until somebody answers it or the caller is cancelled.
    func held(
        _ ask: (GroupTicket) async -> Void
    ) async -> JoinGroupResponse? {
        let ticket = newTicket()
        let held = HeldAnswer<JoinGroupResponse>()
        heldJoins[ticket] = held
        defer { heldJoins[ticket] = nil }
        await ask(ticket)
        return await held.wait()
    }

    /// A held SyncGroup, likewise.
    func heldSync(
        _ ask: (GroupTicket) async -> Void
    ) async -> SyncGroupResponse? {
        let ticket = newTicket()
        let held = HeldAnswer<SyncGroupResponse>()
        heldSyncs[ticket] = held
        defer { heldSyncs[ticket] = nil }
        await ask(ticket)
        return await held.wait()
    }

    func newSequence() -> UInt64 {
        lastSequence += 1
        return lastSequence
    }

    private func newTicket() -> GroupTicket {
        lastTicket += 1
        return lastTicket
    }

    /// Does what a machine decided, in order: a record is kept before the answers behind it go out.
    func perform(_ actions: [GroupMachine.Action], of groupID: String) async {
        var failure: KafkaErrorCode?
        var hasPersisted = false
        for action in actions {
            switch action {
            case .persist:
                failure = await keepClassic(groupID) ? nil : .notCoordinator
                hasPersisted = true
            case .answerJoin(let ticket, var answer):
                if let failure { answer = .failed(failure, memberID: answer.memberID) }
                heldJoins.removeValue(forKey: ticket)?.answer(answer)
            case .answerSync(let ticket, let answer):
                // The record of the assignment may be on its way, or have failed, for somebody else.
                if answer.errorCode == .none, !hasPersisted {
                    failure = await isAssignmentKept(groupID) ? nil : .notCoordinator
                }
                let answer = failure.map(SyncGroupResponse.failed) ?? answer
                heldSyncs.removeValue(forKey: ticket)?.answer(answer)
            }
        }
    }

    /// - Returns: whether the records are kept as durably as the broker's policy says.
    func append(
        _ records: [GroupStoredRecord], group: String, producer: GroupProducer? = nil
    ) async -> Bool {
        let partition = Self.partition(of: group, count: storage.partitions)
        do {
            // All of them in one call: a wait between batches would let later records come between,
            // and the log would end with others than memory does.
            var batches: [[GroupRecord]] = []
            var rest = records[...]
            while !rest.isEmpty {
                var batch: [GroupRecord] = []
                for record in rest.prefix(Limits.groupRecordsPerAppendMax) {
                    batch.append(try record.encoded())
                }
                rest = rest.dropFirst(batch.count)
                batches.append(batch)
            }
            try await storage.append(batches, to: partition, producer: producer)
            return true
        } catch {
            logger.error(
                "a group's records were not kept",
                metadata: ["group": "\(group)", "because": "\(error)"])
            return false
        }
    }

    /// The partition of the offsets topic that keeps a group: Java's hash of the name, as in Kafka.
    package static func partition(of group: String, count: Int32) -> Int32 {
        var hash: Int32 = 0
        for unit in group.utf16 { hash = hash &* 31 &+ Int32(unit) }
        return (hash & .max) % max(count, 1)
    }

    /// A name and 32 random hexadecimal digits, in the form Kafka gives member ids.
    static func memberID(
        prefix: String, using generator: inout some RandomNumberGenerator
    ) -> String {
        let digits = Array("0123456789abcdef")
        // Else an id could be longer than a string of the protocol.
        let start = String(
            decoding: prefix.utf8.prefix(Limits.memberIDPrefixBytesMax), as: UTF8.self)
        var id = start + "-"
        for index in 0..<32 {
            if [8, 12, 16, 20].contains(index) { id.append("-") }
            id.append(digits[Int.random(in: 0..<16, using: &generator)])
        }
        return id
    }
}
