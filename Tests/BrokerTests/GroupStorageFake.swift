// The offsets topic as an array, with a switch that lets it fail and one that lets it wait.

import KafkaProtocol
import Synchronization

@testable import MillraceBroker

final class GroupStorageFake: GroupStorage {
    private struct State {
        var records: [(partition: Int32, record: GroupRecord)] = []
        var fails = false
    }

    private let state = Mutex(State())
    let partitions: Int32 = 50
    /// Topics that there are, each with three partitions; ids count from 1.
    let topics = ["t", "u"]

    var records: [GroupRecord] { state.withLock { $0.records.map(\.record) } }
    var partitionsWritten: Set<Int32> { state.withLock { Set($0.records.map(\.partition)) } }

    func fail(_ fails: Bool) { state.withLock { $0.fails = fails } }

    func append(_ records: [GroupRecord], to partition: Int32) async throws(GroupStorageError) {
        let failed = state.withLock { state in
            if !state.fails { state.records += records.map { (partition, $0) } }
            return state.fails
        }
        if failed { throw GroupStorageError("the disk is full") }
    }

    func replay(
        _ visit: (_ partition: Int32, _ record: GroupRecord) -> Void
    ) async throws(GroupStorageError) {
        for (partition, record) in state.withLock({ $0.records }) { visit(partition, record) }
    }

    func exists(topic: String, partition: Int32) -> Bool {
        topics.contains(topic) && (0..<3).contains(partition)
    }

    func topicName(id: KafkaUUID) -> String? {
        topics.first { topicID(name: $0) == id }
    }

    func topicID(name: String) -> KafkaUUID? {
        topics.firstIndex(of: name).map { KafkaUUID(high: 0, low: UInt64($0) + 1) }
    }
}
