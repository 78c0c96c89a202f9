// Who reads what: the broker's own ways to spread partitions over the members of a group.
// Source: apache/kafka group-coordinator/…/assignor; KIP-848 "Server-side assignor"

import KafkaProtocol

/// What an assignor has to know of a group. The order of `members` decides ties.
struct AssignmentProblem: Sendable {
    struct Member: Sendable {
        var id: String
        /// Topics that the member wants and that exist.
        var topics: Set<KafkaUUID>
        /// What it was to read so far.
        var previous: PartitionMap
    }

    var members: [Member]
    /// How many partitions each topic has.
    var partitions: [KafkaUUID: Int32]

    /// Whether all members want the same topics.
    var isHomogeneous: Bool {
        guard let first = members.first else { return true }
        return members.allSatisfy { $0.topics == first.topics }
    }

    func exists(_ place: TopicIDPartition) -> Bool {
        (0..<(partitions[place.topic] ?? 0)).contains(place.partition)
    }
}

/// The assignors a member can ask for, by Kafka's names.
///
/// Each gives every partition of a topic that somebody wants to exactly one member that wants it.
enum ServerAssignor: String, CaseIterable, Sendable {
    /// Evenly over all topics, moving as little as it can.
    case uniform
    /// Evenly topic by topic, so that the same numbers of like topics meet at one member.
    case range

    /// What a group uses whose members ask for nothing.
    static let standard = ServerAssignor.uniform

    /// - Returns: an entry for each member.
    func assign(_ problem: AssignmentProblem) -> [String: PartitionMap] {
        switch self {
        case .uniform: UniformAssignor.assign(problem)
        case .range: RangeAssignor.assign(problem)
        }
    }
}
