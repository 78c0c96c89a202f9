// A group as the coordinator holds it: one of two protocols, and what it has committed.

import KafkaProtocol

/// Exactly one of the machines is there; the group can go from one to the other.
struct Group: Sendable {
    /// A group of the classic protocol, or one that only commits.
    var classic: GroupMachine?
    /// A group of KIP-848.
    var consumer: ConsumerGroupMachine?
    var commits = GroupCommits()
    /// When the classic group was last kept: for an empty one, since when it is so. Milliseconds
    /// since 1970.
    var keptAtMilliseconds: Int64?
    /// Whether the classic group's last record was not kept.
    var isUnkept = false
    /// Tombstones of what the group was in the other protocol, not kept yet. Without them, that would
    /// be the group again after a start.
    private(set) var leftovers: [GroupStoredRecord] = []
    /// When what was not kept is to be written again, on the steady clock.
    var retryAt: Int64?

    init(classic: GroupMachine) { self.classic = classic }

    init(consumer: ConsumerGroupMachine) { self.consumer = consumer }

    mutating func become(_ machine: GroupMachine) { (classic, consumer) = (machine, nil) }

    mutating func become(_ machine: ConsumerGroupMachine) {
        (classic, consumer) = (nil, machine)
        isUnkept = false
    }

    mutating func takeLeftovers() -> [GroupStoredRecord] {
        defer { leftovers = [] }
        return leftovers
    }

    mutating func putBack(_ tombstones: [GroupStoredRecord]) { leftovers = tombstones + leftovers }

    /// After a write that was kept. Another may have failed meanwhile; its retry stays.
    mutating func forgetRetryIfAllIsKept() {
        guard !isUnkept, leftovers.isEmpty, consumer?.dirty.isEmpty ?? true else { return }
        retryAt = nil
    }

    /// Kafka's name of the state.
    var stateName: String { classic?.state.kafkaName ?? consumer?.state.rawValue ?? "" }

    /// Kafka's name of the protocol.
    var typeName: String { consumer == nil ? "classic" : "consumer" }

    var protocolType: String {
        classic.map { $0.protocolType ?? "" } ?? ConsumerGroupMachine.classicProtocolType
    }

    /// Whether nobody is a member.
    var isEmpty: Bool { classic.map { $0.state == .empty } ?? consumer?.members.isEmpty ?? true }

    /// Whether nobody is here and nobody has announced itself.
    var isUnused: Bool { classic?.isUnused ?? consumer?.members.isEmpty ?? true }

    var nextDeadline: Int64? {
        [classic?.nextDeadline ?? consumer?.nextDeadline, retryAt].compactMap { $0 }.min()
    }

    /// Why offsets may not be committed by this member; `nil` when they may.
    func commitError(
        memberID: String, instanceID: String?, generation: Int32, isTransactional: Bool,
        version: Int16
    ) -> KafkaErrorCode? {
        if let consumer {
            return consumer.commitError(
                memberID: memberID, epoch: generation, isTransactional: isTransactional,
                version: version)
        }
        return classic?.commitError(
            memberID: memberID, instanceID: instanceID, generation: generation,
            isTransactional: isTransactional)
    }

    /// Why offsets may not be fetched by this member; `nil` when they may.
    func fetchError(memberID: String?, memberEpoch: Int32) -> KafkaErrorCode? {
        consumer?.fetchError(memberID: memberID, memberEpoch: memberEpoch)
    }

    /// Whether members read a topic, so that its offsets must stay; any may be when their bytes
    /// cannot be read.
    func isSubscribed(to topic: String, _ source: any GroupTopicSource) -> Bool {
        if let consumer { return consumer.subscribedTopics(source).contains(topic) }
        guard let classic, !classic.members.isEmpty else { return false }
        return classic.subscribedTopics?.contains(topic) ?? true
    }

    /// Whether an offset has been kept long enough.
    ///
    /// It counts from the commit; in an empty classic group from when its last member went.
    func isExpired(_ offset: CommittedOffset, now: Int64, retention: Int64) -> Bool {
        if offset.retentionMilliseconds >= 0 {
            return offset.expiresAtMilliseconds <= now
        }
        var start = offset.committedAtMilliseconds
        if let classic, classic.state == .empty, classic.protocolType != nil {
            start = max(start, keptAtMilliseconds ?? start)
        }
        return now.subtractingReportingOverflow(start).partialValue >= retention
    }

    /// Whether offsets of topics that nobody reads may go at all.
    var canExpire: Bool {
        guard let classic else { return true }
        let isConsumers = classic.protocolType == ConsumerGroupMachine.classicProtocolType
        return classic.state == .empty || isConsumers && classic.state == .stable
    }
}

extension GroupMachine {
    /// Whether nobody is here and nobody has announced itself.
    var isUnused: Bool { state == .empty && members.isEmpty && pendingMembers.isEmpty }
}
