// The offsets topic as an array, with a switch that lets it fail and one that lets it wait.

import KafkaProtocol
import Synchronization

@testable import MillraceBroker

final class GroupStorageFake: GroupStorage {
    private struct State {
        var entries: [(partition: Int32, entry: GroupLogEntry)] = []
        var topics: [GroupTopic] = [
            GroupTopic(id: KafkaUUID(high: 0, low: 1), name: "t", partitions: 3),
            GroupTopic(id: KafkaUUID(high: 0, low: 2), name: "u", partitions: 3),
        ]
        var fails = false
    }

    private let state = Mutex(State())
    let partitions: Int32 = 50

    /// Topics that there are; at first t and u of three partitions, with the ids 1 and 2.
    var topics: [GroupTopic] {
        get { state.withLock { $0.topics } }
        set { state.withLock { $0.topics = newValue } }
    }

    var records: [GroupRecord] {
        state.withLock { state in
            state.entries.flatMap { entry -> [GroupRecord] in
                guard case .records(let records, _) = entry.entry else { return [] }
                return records
            }
        }
    }
    var partitionsWritten: Set<Int32> { state.withLock { Set($0.entries.map(\.partition)) } }

    func fail(_ fails: Bool) { state.withLock { $0.fails = fails } }

    let isPrepared = true

    func prepare() async throws(GroupStorageError) {}

    nonisolated(nonsending) func append(
        _ records: [GroupRecord], to partition: Int32, producer: GroupProducer?
    ) async throws(GroupStorageError) {
        let failed = state.withLock { state in
            if !state.fails {
                state.entries.append((partition, .records(records, producer: producer)))
            }
            return state.fails
        }
        if failed { throw GroupStorageError("the disk is full") }
    }

    /// What the transaction coordinator writes at the end of a transaction.
    func end(_ producer: GroupProducer, isCommit: Bool, in partition: Int32) {
        state.withLock { $0.entries.append((partition, .marker(producer, isCommit: isCommit))) }
    }

    func replay(
        _ visit: (_ partition: Int32, _ entry: GroupLogEntry) -> Void
    ) async throws(GroupStorageError) {
        for (partition, entry) in state.withLock({ $0.entries }) { visit(partition, entry) }
    }

    func exists(topic: String, partition: Int32) -> Bool {
        self.topic(name: topic).map { (0..<$0.partitions).contains(partition) } ?? false
    }

    func topic(id: KafkaUUID) -> GroupTopic? { topics.first { $0.id == id } }

    func topic(name: String) -> GroupTopic? { topics.first { $0.name == name } }
}
