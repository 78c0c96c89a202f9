// The offsets that one group has committed, as a value.

/// How far a group has read one partition.
struct CommittedOffset: Equatable, Sendable {
    var offset: Int64
    /// -1 when the client does not know it.
    var leaderEpoch: Int32
    /// Free text of the client's.
    var metadata: String
    /// Milliseconds since 1970.
    var committedAtMilliseconds: Int64
    /// How long the client wants it kept (versions 2 to 4 only); -1 for as long as the broker says.
    var retentionMilliseconds: Int64 = -1
    /// The order of commits; a later one is never undone by an earlier one whose write took longer.
    var sequence: UInt64

    /// When it may go by the client's own wish, which may be any number.
    var expiresAtMilliseconds: Int64 {
        let (sum, overflows) = committedAtMilliseconds.addingReportingOverflow(
            max(retentionMilliseconds, 0))
        return overflows ? .max : sum
    }
}

struct GroupOffsets: Equatable, Sendable {
    private(set) var byTopic: [String: [Int32: CommittedOffset]] = [:]

    var isEmpty: Bool { byTopic.isEmpty }

    subscript(topic: String, partition: Int32) -> CommittedOffset? { byTopic[topic]?[partition] }

    mutating func set(_ committed: CommittedOffset, topic: String, partition: Int32) {
        let known = byTopic[topic]?[partition]
        guard (known?.sequence ?? 0) <= committed.sequence else { return }
        byTopic[topic, default: [:]][partition] = committed
    }

    mutating func remove(topic: String, partition: Int32) {
        byTopic[topic]?[partition] = nil
        if byTopic[topic]?.isEmpty ?? false { byTopic[topic] = nil }
    }

    /// Removes an offset unless it was committed after `sequence`.
    mutating func remove(topic: String, partition: Int32, before sequence: UInt64) {
        guard let known = self[topic, partition], known.sequence < sequence else { return }
        remove(topic: topic, partition: partition)
    }

    /// Every partition with an offset, in a fixed order.
    var partitions: [(topic: String, partition: Int32)] {
        byTopic.keys.sorted().flatMap { topic in
            (byTopic[topic] ?? [:]).keys.sorted().map { (topic, $0) }
        }
    }

    var entries: [(topic: String, partition: Int32, committed: CommittedOffset)] {
        byTopic.flatMap { topic, partitions in partitions.map { (topic, $0.key, $0.value) } }
    }
}

/// What a group has committed, and what open transactions would commit.
struct GroupCommits: Equatable, Sendable {
    var offsets = GroupOffsets()
    /// By producer id; an entry is there as long as its transaction is open.
    private(set) var pending: [Int64: GroupOffsets] = [:]

    var hasPending: Bool { !pending.isEmpty }

    /// Whether an open transaction would change the offset.
    func isPending(topic: String, partition: Int32) -> Bool {
        pending.values.contains { $0[topic, partition] != nil }
    }

    mutating func set(
        _ committed: CommittedOffset, topic: String, partition: Int32, producerID: Int64
    ) {
        pending[producerID, default: GroupOffsets()]
            .set(committed, topic: topic, partition: partition)
    }

    /// The producer's transaction ended. An offset committed after the transaction's stays.
    mutating func transactionEnded(producerID: Int64, isCommit: Bool) {
        guard let ended = pending.removeValue(forKey: producerID), isCommit else { return }
        for (topic, partition) in ended.partitions {
            guard let committed = ended[topic, partition] else { continue }
            offsets.set(committed, topic: topic, partition: partition)
        }
    }

    /// Forgets what was committed and what is pending.
    mutating func remove(topic: String, partition: Int32) {
        offsets.remove(topic: topic, partition: partition)
        for (producerID, var open) in pending {
            open.remove(topic: topic, partition: partition)
            pending[producerID] = open.isEmpty ? nil : open
        }
    }

    /// Forgets what was committed and what is pending unless it came after `sequence`.
    mutating func remove(topic: String, partition: Int32, before sequence: UInt64) {
        offsets.remove(topic: topic, partition: partition, before: sequence)
        for (producerID, var open) in pending {
            open.remove(topic: topic, partition: partition, before: sequence)
            pending[producerID] = open.isEmpty ? nil : open
        }
    }

    /// Every partition with an offset, committed or pending, in a fixed order.
    var partitions: [(topic: String, partition: Int32)] {
        var all = offsets
        for (topic, partition, committed) in pending.values.flatMap(\.entries)
        where all[topic, partition] == nil {
            all.set(committed, topic: topic, partition: partition)
        }
        return all.partitions
    }
}
