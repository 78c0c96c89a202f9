// The assignor `range`: each topic by itself, in runs of partitions, kept where they are if possible.
// Source: apache/kafka RangeAssignor.java (group-coordinator)

import KafkaProtocol

enum RangeAssignor {
    /// Members with the same topics get the same numbers of topics with equally many partitions.
    static func assign(_ problem: AssignmentProblem) -> [String: PartitionMap] {
        var assigned: [String: PartitionMap] = [:]
        for member in problem.members { assigned[member.id] = [:] }
        for topic in Set(problem.members.flatMap(\.topics)) {
            let readers = problem.members.filter { $0.topics.contains(topic) }
            let shares = shares(
                of: problem.partitions[topic] ?? 0,
                previous: readers.map { $0.previous[topic] ?? [] })
            for (reader, share) in zip(readers, shares) where !share.isEmpty {
                assigned[reader.id, default: [:]][topic] = share
            }
        }
        return assigned
    }

    /// - Parameter previous: what each reader had of the topic.
    private static func shares(of partitions: Int32, previous: [Set<Int32>]) -> [Set<Int32>] {
        let quota = Int(partitions) / previous.count
        var extras = Int(partitions) % previous.count
        var taken: Set<Int32> = []
        var shares: [Set<Int32>] = []
        var room = previous.map { _ in quota }
        for (index, mine) in previous.enumerated() {
            let there = mine.filter { $0 < partitions && !taken.contains($0) }.sorted()
            if there.count > quota, extras > 0 {
                extras -= 1
                room[index] += 1
            }
            let kept = Set(there.prefix(room[index]))
            taken.formUnion(kept)
            shares.append(kept)
        }
        for index in room.indices where extras > 0 && room[index] == quota {
            room[index] += 1
            extras -= 1
        }
        var free = (0..<partitions).filter { !taken.contains($0) }[...]
        for index in shares.indices {
            let more = free.prefix(room[index] - shares[index].count)
            free = free.dropFirst(more.count)
            shares[index].formUnion(more)
        }
        return shares
    }
}
