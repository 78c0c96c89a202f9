// The group coordinator: machines and offsets of all groups, their storage, timers and held answers.
// Source: ../shared/reference/kafka.md, A4 and A5; apache/kafka GroupCoordinatorService.java

package import KafkaProtocol
package import Logging
package import MillraceBase

/// Answers the requests of consumer groups. What decides is `GroupMachine`; this actor owns the
/// machines, writes what must be kept before it answers, and wakes them when their time has come.
///
/// Call `load` before the first request and keep `run` running while requests come. Joins and syncs
/// wait inside their call until the group is ready; cancelling the calling task ends the wait.
package actor GroupCoordinator {
    /// A group: who is in it, and what it has committed.
    struct Group: Sendable {
        var machine: GroupMachine
        var offsets = GroupOffsets()
    }

    var groups: [String: Group] = [:]
    let storage: any GroupStorage
    let clock: WallClock
    let logger: Logger
    private let elapsedMilliseconds: @Sendable () -> Int64
    private let initialDelayMilliseconds: Int64
    private var heldJoins: [GroupTicket: HeldAnswer<JoinGroupResponse>] = [:]
    private var heldSyncs: [GroupTicket: HeldAnswer<SyncGroupResponse>] = [:]
    private var lastTicket: GroupTicket = 0
    private var lastSequence: UInt64 = 0
    private var isLoaded = false
    private var isStopped = false
    private var nextUpkeep: Int64 = 0

    /// - Parameters:
    ///   - initialDelayMilliseconds: Kafka's `group.initial.rebalance.delay.ms`, 0 on one node.
    ///   - clock: the time of day, for what is written down.
    ///   - elapsedMilliseconds: a steady clock, for time-outs.
    package init(
        storage: any GroupStorage, initialDelayMilliseconds: Int64 = 0,
        clock: WallClock = .system,
        elapsedMilliseconds: (@Sendable () -> Int64)? = nil, logger: Logger
    ) {
        self.storage = storage
        self.clock = clock
        self.logger = logger
        self.initialDelayMilliseconds = initialDelayMilliseconds
        let start = ContinuousClock.now
        self.elapsedMilliseconds =
            elapsedMilliseconds ?? { Int64((ContinuousClock.now - start) / .milliseconds(1)) }
    }

    var now: Int64 { elapsedMilliseconds() }

    /// Reads what the offsets topic holds. Until then every answer is COORDINATOR_LOAD_IN_PROGRESS.
    package func load() async throws(GroupStorageError) {
        let replay = GroupReplay()
        try await storage.replay { _, record in replay.add(record) }
        groups = replay.groups(initialDelayMilliseconds: initialDelayMilliseconds, now: now)
        if replay.skippedCount > 0 {
            logger.warning(
                "records of the offsets topic were not understood and left out",
                metadata: ["count": "\(replay.skippedCount)"])
        }
        lastSequence = 1
        isLoaded = true
    }

    /// Wakes groups whose time has come, until cancelled; then lets go of everybody who waits.
    package func run() async {
        while !Task.isCancelled {
            await timePassed()
            let next = groups.values.compactMap(\.machine.nextDeadline).min() ?? .max
            let wait = min(max(next - now, 1), Limits.groupTimerMillisecondsMax)
            do {
                try await Task.sleep(for: .milliseconds(wait))
            } catch {
                break  // Cancelled: that is how this loop ends.
            }
        }
        stop()
    }

    /// Does what is due. `run` calls it; a test may.
    package func timePassed() async {
        let time = now
        for id in groups.keys {
            guard let deadline = groups[id]?.machine.nextDeadline, deadline <= time else {
                continue
            }
            let actions = groups[id]?.machine.timePassed(now: time) ?? []
            await perform(actions, of: id)
        }
        if isLoaded, time >= nextUpkeep {
            nextUpkeep = time + Limits.offsetsUpkeepMilliseconds
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

    // MARK: Members

    package func join(
        _ request: JoinGroupRequest, version: Int16, clientID: String, clientHost: String
    ) async -> JoinGroupResponse {
        var answer = await joinAnswer(
            request, version: version, clientID: clientID, clientHost: clientHost)
        // Before version 7 the name cannot be null.
        if version < 7 { answer.protocolName = answer.protocolName ?? "" }
        return answer
    }

    private func joinAnswer(
        _ request: JoinGroupRequest, version: Int16, clientID: String, clientHost: String
    ) async -> JoinGroupResponse {
        if let error = unavailable(group: request.groupID) {
            return .failed(error, memberID: request.memberID)
        }
        guard Limits.sessionTimeoutMilliseconds.contains(request.sessionTimeoutMilliseconds) else {
            return .failed(.invalidSessionTimeout, memberID: request.memberID)
        }
        if groups[request.groupID] == nil {
            guard request.memberID.isEmpty else {
                return .failed(.unknownMemberID, memberID: request.memberID)
            }
            groups[request.groupID] = Group(machine: newMachine(request.groupID))
        }
        let ticket = newTicket()
        let held = HeldAnswer<JoinGroupResponse>()
        heldJoins[ticket] = held
        defer { heldJoins[ticket] = nil }
        var generator = SystemRandomNumberGenerator()
        let context = JoinContext(
            clientID: clientID, clientHost: clientHost, requiresMemberID: version >= 4,
            canSkipAssignment: version >= 9,
            newMemberID: Self.memberID(
                prefix: request.groupInstanceID ?? clientID, using: &generator),
            ticket: ticket, now: now)
        let actions = groups[request.groupID]?.machine.join(request, context) ?? []
        await perform(actions, of: request.groupID)
        return await held.wait() ?? .failed(.unknownMemberID, memberID: request.memberID)
    }

    package func sync(_ request: SyncGroupRequest) async -> SyncGroupResponse {
        if let error = unavailable(group: request.groupID) { return .failed(error) }
        guard groups[request.groupID] != nil else { return .failed(.unknownMemberID) }
        let ticket = newTicket()
        let held = HeldAnswer<SyncGroupResponse>()
        heldSyncs[ticket] = held
        defer { heldSyncs[ticket] = nil }
        let actions =
            groups[request.groupID]?.machine.sync(request, ticket: ticket, now: now) ?? []
        await perform(actions, of: request.groupID)
        return await held.wait() ?? .failed(.rebalanceInProgress)
    }

    package func heartbeat(_ request: HeartbeatRequest) -> HeartbeatResponse {
        let error =
            unavailable(group: request.groupID)
            ?? groups[request.groupID]?.machine.heartbeat(request, now: now) ?? .unknownMemberID
        return HeartbeatResponse { $0.errorCode = error }
    }

    package func leave(_ request: LeaveGroupRequest, version: Int16) async -> LeaveGroupResponse {
        if let error = unavailable(group: request.groupID) {
            return LeaveGroupResponse { $0.errorCode = error }
        }
        var leaving = request.members
        if version < 3 {
            leaving = [LeaveGroupRequest.MemberIdentity { $0.memberID = request.memberID }]
        }
        let result =
            groups[request.groupID]?.machine.leave(leaving, now: now)
            ?? (errors: leaving.map { _ in .unknownMemberID }, actions: [])
        await perform(result.actions, of: request.groupID)
        return LeaveGroupResponse {
            if version < 3 {
                $0.errorCode = result.errors.first ?? .none
            } else {
                $0.members = zip(leaving, result.errors).map { member, error in
                    LeaveGroupResponse.MemberResponse {
                        $0.memberID = member.memberID
                        $0.groupInstanceID = member.groupInstanceID
                        $0.errorCode = error
                    }
                }
            }
        }
    }

    // MARK: Parts

    /// Why no group can be asked now; `nil` when one can.
    func unavailable(group: String, mayBeEmpty: Bool = false) -> KafkaErrorCode? {
        if isStopped { return .notCoordinator }
        if !isLoaded { return .coordinatorLoadInProgress }
        return group.isEmpty && !mayBeEmpty ? .invalidGroupID : nil
    }

    func newMachine(_ groupID: String) -> GroupMachine {
        GroupMachine(groupID: groupID, initialDelayMilliseconds: initialDelayMilliseconds)
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
    private func perform(_ actions: [GroupMachine.Action], of groupID: String) async {
        var failure: KafkaErrorCode?
        for action in actions {
            switch action {
            case .persist:
                // The group may have gone on during the wait; its record is of this moment.
                guard let machine = groups[groupID]?.machine else { continue }
                let record = machine.metadataRecord(nowMilliseconds: clock.milliseconds())
                failure = await append([record], group: groupID) ? nil : .notCoordinator
            case .answerJoin(let ticket, var answer):
                if let failure { answer = .failed(failure, memberID: answer.memberID) }
                heldJoins.removeValue(forKey: ticket)?.answer(answer)
            case .answerSync(let ticket, let answer):
                let answer = failure.map(SyncGroupResponse.failed) ?? answer
                heldSyncs.removeValue(forKey: ticket)?.answer(answer)
            }
        }
    }

    /// - Returns: whether the records are kept as durably as the broker's policy says.
    func append(_ records: [GroupStoredRecord], group: String) async -> Bool {
        let partition = Self.partition(of: group, count: storage.partitions)
        do {
            var rest = records[...]
            while !rest.isEmpty {
                var encoded: [GroupRecord] = []
                for record in rest.prefix(Limits.groupRecordsPerAppendMax) {
                    encoded.append(try record.encoded())
                }
                rest = rest.dropFirst(encoded.count)
                try await storage.append(encoded, to: partition)
            }
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
        var id = prefix + "-"
        for index in 0..<32 {
            if [8, 12, 16, 20].contains(index) { id.append("-") }
            id.append(digits[Int.random(in: 0..<16, using: &generator)])
        }
        return id
    }
}
