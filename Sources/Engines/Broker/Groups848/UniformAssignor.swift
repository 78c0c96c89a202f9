// The assignor `uniform`: balance first, then as few moves as possible.
// Source: apache/kafka UniformHomogeneousAssignmentBuilder.java, UniformHeterogeneousAssignmentBuilder.java

import KafkaProtocol

enum UniformAssignor {
    static func assign(_ problem: AssignmentProblem) -> [String: PartitionMap] {
        problem.isHomogeneous ? even(problem) : general(problem)
    }

    // MARK: All members want the same

    /// Each member gets the whole part of partitions / members, and some one more. One more goes
    /// first to those that have it already.
    private static func even(_ problem: AssignmentProblem) -> [String: PartitionMap] {
        guard let topics = problem.members.first?.topics else { return [:] }
        let total = topics.reduce(0) { $0 + Int(problem.partitions[$1] ?? 0) }
        let quota = total / problem.members.count
        var extras = total % problem.members.count
        var taken: Set<TopicIDPartition> = []
        var kept: [[TopicIDPartition]] = []
        for member in problem.members {
            let mine = member.previous.sortedPartitions.filter { place in
                topics.contains(place.topic) && problem.exists(place)
                    && taken.insert(place).inserted
            }
            kept.append(mine)
        }
        var room = kept.map { mine in
            guard mine.count > quota, extras > 0 else { return quota }
            extras -= 1
            return quota + 1
        }
        for index in room.indices where extras > 0 && room[index] == quota {
            room[index] += 1
            extras -= 1
        }
        var free: [TopicIDPartition] = []
        for index in kept.indices where kept[index].count > room[index] {
            free += kept[index][room[index]...]
            kept[index].removeSubrange(room[index]...)
        }
        for topic in topics {
            for partition in 0..<(problem.partitions[topic] ?? 0) {
                let place = TopicIDPartition(topic: topic, partition: partition)
                if !taken.contains(place) { free.append(place) }
            }
        }
        var next = free.sorted()[...]
        var assigned: [String: PartitionMap] = [:]
        for (index, member) in problem.members.enumerated() {
            let more = next.prefix(room[index] - kept[index].count)
            next = next.dropFirst(more.count)
            assigned[member.id] = PartitionMap(places: kept[index] + more)
        }
        return assigned
    }

    // MARK: Members want different topics

    /// Keeps what fits, gives the rest to whoever has least, then moves single partitions while
    /// that makes two members more alike. No single move can improve the result.
    private static func general(_ problem: AssignmentProblem) -> [String: PartitionMap] {
        var spread = Spread(problem)
        for place in problem.wantedPartitions where spread.owners[place] == nil {
            spread.give(place)
        }
        while spread.improve() {}
        return spread.assigned
    }

    /// An assignment in the making.
    private struct Spread {
        let problem: AssignmentProblem
        /// Indexes of the members that want a topic, in order.
        private var readers: [KafkaUUID: [Int]] = [:]
        private var loads: [Int]
        var owners: [TopicIDPartition: Int] = [:]

        init(_ problem: AssignmentProblem) {
            self.problem = problem
            loads = problem.members.map { _ in 0 }
            for (index, member) in problem.members.enumerated() {
                for topic in member.topics { readers[topic, default: []].append(index) }
            }
            for (index, member) in problem.members.enumerated() {
                for place in member.previous.sortedPartitions
                where member.topics.contains(place.topic) && problem.exists(place)
                    && owners[place] == nil
                {
                    owners[place] = index
                    loads[index] += 1
                }
            }
        }

        private func leastLoaded(for topic: KafkaUUID) -> Int? {
            readers[topic]?.min { loads[$0] < loads[$1] }
        }

        mutating func give(_ place: TopicIDPartition) {
            guard let index = leastLoaded(for: place.topic) else { return }
            owners[place] = index
            loads[index] += 1
        }

        /// One round of moves. Each makes the sum of the squares of all loads smaller, so that the
        /// rounds come to an end.
        mutating func improve() -> Bool {
            var hasMoved = false
            for place in problem.wantedPartitions {
                guard let owner = owners[place], let index = leastLoaded(for: place.topic),
                    loads[index] + 1 < loads[owner]
                else { continue }
                owners[place] = index
                loads[owner] -= 1
                loads[index] += 1
                hasMoved = true
            }
            return hasMoved
        }

        var assigned: [String: PartitionMap] {
            var assigned: [String: PartitionMap] = [:]
            for member in problem.members { assigned[member.id] = [:] }
            for (place, index) in owners {
                assigned[problem.members[index].id, default: [:]].insert(place)
            }
            return assigned
        }
    }
}

extension AssignmentProblem {
    /// Partitions of all topics that somebody wants; of topics that few want first.
    fileprivate var wantedPartitions: [TopicIDPartition] {
        var readers: [KafkaUUID: Int] = [:]
        for member in members {
            for topic in member.topics { readers[topic, default: 0] += 1 }
        }
        let topics = readers.keys.sorted {
            (readers[$0] ?? 0, $0.high, $0.low) < (readers[$1] ?? 0, $1.high, $1.low)
        }
        return topics.flatMap { topic in
            (0..<(partitions[topic] ?? 0)).map { TopicIDPartition(topic: topic, partition: $0) }
        }
    }
}

extension PartitionMap {
    init(places: some Sequence<TopicIDPartition>) {
        self.init()
        for place in places { insert(place) }
    }
}
