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

    /// Takes over what another has of a partition.
    ///
    /// - Returns: whether there was anything.
    mutating func take(_ topic: String, _ partition: Int32, of other: GroupCommits) -> Bool {
        var isThere = false
        if let committed = other.offsets[topic, partition] {
            offsets.set(committed, topic: topic, partition: partition)
            isThere = true
        }
        for (producerID, open) in other.pending {
            guard let committed = open[topic, partition] else { continue }
            set(committed, topic: topic, partition: partition, producerID: producerID)
            isThere = true
        }
        return isThere
    }

    /// Forgets what was committed and what is pending.
    mutating func remove(topic: String, partition: Int32) {
        offsets.remove(topic: topic, partition: partition)
        for (producerID, var open) in pending {
            open.remove(topic: topic, partition: partition)
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
