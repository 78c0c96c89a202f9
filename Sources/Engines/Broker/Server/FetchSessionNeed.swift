// What a fetch session takes before it is made, and who goes for it.
// Source: KIP-227; apache/kafka server/.../FetchSession.java (EvictableKey, LastUsedKey)

import KafkaProtocol

/// A session that may go: the unused before those in use, of the unused the one unused for longest, of
/// those in use the smallest.
struct EvictionCandidate: Comparable {
    var isInUse: Bool
    /// When it was used last, or how many partitions it has.
    var weight: Int64
    var id: Int32

    static func < (left: Self, right: Self) -> Bool {
        if left.isInUse != right.isInUse { return right.isInUse }
        return (left.weight, left.id) < (right.weight, right.id)
    }
}

/// What a session takes, known before it is made.
struct FetchSessionNeed: Equatable, Sendable {
    /// Partitions.
    var count: Int
    /// As `FetchSession.sizeBytes` reckons it.
    var sizeBytes: Int
}

extension FetchSessionNeed {
    /// Of a full fetch, at most: what it names twice counts twice.
    /// - Parameter names: the topics, with the names of the ids that were resolved.
    init(_ wanted: [FetchRequest.Topic], names: [FetchTopic]) {
        self.init(count: 0, sizeBytes: 0)
        for (topic, named) in zip(wanted, names) where !topic.partitions.isEmpty {
            count += topic.partitions.count
            sizeBytes += (topic.partitions.count + 1) * Limits.fetchSessionPartitionBytes
            sizeBytes += named.name.utf8.count
        }
    }
}

extension FetchRequest {
    /// How much a session has to look at: the length of the longest of topics, partitions, forgotten
    /// topics and forgotten partitions.
    var sessionChanges: Int {
        max(
            topics.count, topics.reduce(0) { $0 + $1.partitions.count },
            forgottenTopicsData.count, forgottenTopicsData.reduce(0) { $0 + $1.partitions.count })
    }
}
