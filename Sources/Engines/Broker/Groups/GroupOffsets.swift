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

    /// Partitions whose offset was committed before `milliseconds` since 1970.
    func partitions(committedBefore milliseconds: Int64) -> [(topic: String, partition: Int32)] {
        partitions.filter {
            (self[$0.topic, $0.partition]?.committedAtMilliseconds ?? .max) < milliseconds
        }
    }
}
