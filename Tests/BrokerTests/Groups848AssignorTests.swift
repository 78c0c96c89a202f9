// The assignors `uniform` and `range`: whole, even, and moving little.

import KafkaProtocol
import Testing

@testable import MillraceBroker

@Suite("Server-side assignors")
struct Groups848AssignorTests {
    static func topic(_ number: UInt64) -> KafkaUUID { KafkaUUID(low: number) }

    static func problem(
        _ members: [(String, Set<UInt64>)], _ partitions: [UInt64: Int32],
        previous: [String: PartitionMap] = [:]
    ) -> AssignmentProblem {
        AssignmentProblem(
            members: members.map { id, topics in
                AssignmentProblem.Member(
                    id: id, topics: Set(topics.map(topic)), previous: previous[id] ?? [:])
            },
            partitions: Dictionary(
                uniqueKeysWithValues: partitions.map { (topic($0.key), $0.value) }))
    }

    @Test func uniformSharesOut() {
        let result = ServerAssignor.uniform.assign(
            Self.problem([("a", [1, 2]), ("b", [1, 2]), ("c", [1, 2])], [1: 4, 2: 4]))
        #expect(result.values.map(\.partitionCount).sorted() == [2, 3, 3])
    }

    @Test func rangeGivesTheSameNumbersOfLikeTopics() {
        let result = ServerAssignor.range.assign(
            Self.problem([("a", [1, 2]), ("b", [1, 2])], [1: 3, 2: 3]))
        #expect(result["a"] == [Self.topic(1): [0, 1], Self.topic(2): [0, 1]])
        #expect(result["b"] == [Self.topic(1): [2], Self.topic(2): [2]])
    }

    @Test func nobodyAndNothing() {
        for assignor in ServerAssignor.allCases {
            #expect(assignor.assign(Self.problem([], [1: 3])).isEmpty)
            #expect(assignor.assign(Self.problem([("a", [])], [1: 3])) == ["a": [:]])
            #expect(assignor.assign(Self.problem([("a", [1])], [:])) == ["a": [:]])
        }
    }

    /// Goal: one more member takes only what it is due; one less leaves the others what they have.
    @Test func uniformMovesLittle() {
        let two = ServerAssignor.uniform.assign(
            Self.problem([("a", [1]), ("b", [1])], [1: 12]))
        let three = ServerAssignor.uniform.assign(
            Self.problem([("a", [1]), ("b", [1]), ("c", [1])], [1: 12], previous: two))
        #expect(three["a"]?.isSubset(of: two["a"] ?? [:]) == true)
        #expect(three["b"]?.isSubset(of: two["b"] ?? [:]) == true)
        #expect(three.values.map(\.partitionCount) == [4, 4, 4])
        let again = ServerAssignor.uniform.assign(
            Self.problem([("a", [1]), ("c", [1])], [1: 12], previous: three))
        #expect(three["a"]?.isSubset(of: again["a"] ?? [:]) == true)
        #expect(three["c"]?.isSubset(of: again["c"] ?? [:]) == true)
    }

    /// Method: random groups and histories. Each wanted partition has one reader that wants it; loads
    /// are as even as the subscriptions allow; what need not move stays.
    @Test(arguments: UInt64(1)...200)
    func everyPartitionHasOneReader(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for assignor in ServerAssignor.allCases {
            var previous: [String: PartitionMap] = [:]
            let isHomogeneous = Bool.random(using: &random)
            var partitions: [UInt64: Int32] = [:]
            for topic in UInt64(1)...4 {
                partitions[topic] = Int32.random(in: 0...9, using: &random)
            }
            for _ in 0..<6 {
                let count = Int.random(in: 1...7, using: &random)
                let names = (0..<10).map { "m\($0)" }.shuffled(using: &random).prefix(count)
                    .sorted()
                let members = names.map { name -> (String, Set<UInt64>) in
                    let some = Set(
                        (1...4).filter { _ in Bool.random(using: &random) }.map(UInt64.init))
                    return (name, isHomogeneous ? [1, 2, 3, 4] : some)
                }
                let problem = Self.problem(members, partitions, previous: previous)
                let result = assignor.assign(problem)
                check(result, of: problem, assignor, seed)
                let steady = assignor.assign(Self.problem(members, partitions, previous: result))
                #expect(steady == result, "\(assignor) moved without need, seed \(seed)")
                previous = result
            }
        }
    }

    private func check(
        _ result: [String: PartitionMap], of problem: AssignmentProblem, _ assignor: ServerAssignor,
        _ seed: UInt64
    ) {
        var readers: [TopicIDPartition: String] = [:]
        for member in problem.members {
            for place in (result[member.id] ?? [:]).sortedPartitions {
                #expect(readers[place] == nil, "two readers, seed \(seed)")
                #expect(member.topics.contains(place.topic) && problem.exists(place))
                readers[place] = member.id
            }
        }
        let wanted = Set(problem.members.flatMap(\.topics))
        let total = wanted.reduce(0) { $0 + Int(problem.partitions[$1] ?? 0) }
        #expect(readers.count == total, "\(assignor), seed \(seed)")
        switch assignor {
        case .uniform:
            for place in readers.keys {
                guard let owner = readers[place] else { continue }
                let load = result[owner]?.partitionCount ?? 0
                for other in problem.members where other.topics.contains(place.topic) {
                    #expect((result[other.id]?.partitionCount ?? 0) + 1 >= load, "seed \(seed)")
                }
            }
        case .range:
            for topic in wanted {
                let loads = problem.members.filter { $0.topics.contains(topic) }
                    .map { result[$0.id]?[topic]?.count ?? 0 }
                #expect((loads.max() ?? 0) - (loads.min() ?? 0) <= 1, "seed \(seed)")
            }
        }
    }
}
