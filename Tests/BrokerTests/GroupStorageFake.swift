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
        var holds = false
        var held: [CheckedContinuation<Void, Never>] = []
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
    /// Records of each batch, in the order of the log.
    var batchSizes: [Int] {
        state.withLock { state in
            state.entries.compactMap { entry in
                guard case .records(let records, _) = entry.entry else { return nil }
                return records.count
            }
        }
    }
    var partitionsWritten: Set<Int32> { state.withLock { Set($0.entries.map(\.partition)) } }

    func fail(_ fails: Bool) { state.withLock { $0.fails = fails } }

    let isPrepared = true

    func prepare() async throws(GroupStorageError) {}

    nonisolated(nonsending) func append(
        _ batches: [[GroupRecord]], to partition: Int32, producer: GroupProducer?
    ) async throws(GroupStorageError) {
        let failed = state.withLock { state in
            if !state.fails {
                for records in batches {
                    state.entries.append((partition, .records(records, producer: producer)))
                }
            }
            return state.fails
        }
        await withCheckedContinuation { continuation in
            let isHeld = state.withLock { state in
                if state.holds { state.held.append(continuation) }
                return state.holds
            }
            if !isHeld { continuation.resume() }
        }
        if failed { throw GroupStorageError("the disk is full") }
    }

    /// From now on appends are in the log and do not return: as while it is flushed.
    func hold() { state.withLock { $0.holds = true } }

    var heldCount: Int { state.withLock { $0.held.count } }

    /// Lets what waits return, the last one first, and waits for no more.
    func letGo() {
        let held = state.withLock { state in
            state.holds = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held.reversed() { continuation.resume() }
    }

    /// Lets the one that waits longest return.
    func letGoOldest() {
        let oldest = state.withLock { $0.held.isEmpty ? nil : $0.held.removeFirst() }
        oldest?.resume()
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
