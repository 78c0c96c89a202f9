// The transaction topic as an array, with switches that let records and markers fail.

import Synchronization

@testable import MillraceBroker

final class TransactionStorageFake: TransactionStorage {
    private struct State {
        var records: [TransactionStoredRecord] = []
        var markers: [(end: TransactionEnd, partitions: Set<PartitionName>)] = []
        var fails = false
        /// Partitions whose markers are not taken.
        var blocked: Set<PartitionName> = []
        var nextID: Int64 = 100
    }

    private let state = Mutex(State())
    let partitions: Int32 = 50

    var records: [TransactionStoredRecord] { state.withLock { $0.records } }
    var markers: [(end: TransactionEnd, partitions: Set<PartitionName>)] {
        state.withLock { $0.markers }
    }

    /// The kept states of an id, in order.
    func states(of id: String) -> [TransactionState] {
        records.compactMap { record in
            guard let known = try? record.decoded(), known.transactionalID == id else { return nil }
            return known.record?.state
        }
    }

    func fail(_ fails: Bool) { state.withLock { $0.fails = fails } }
    func block(_ partitions: Set<PartitionName>) { state.withLock { $0.blocked = partitions } }

    func coordinatorEpoch(of partition: Int32) -> Int32 { 3 }

    func append(
        _ record: TransactionStoredRecord, to partition: Int32
    ) async throws(TransactionStorageError) {
        let failed = state.withLock { state in
            if !state.fails { state.records.append(record) }
            return state.fails
        }
        if failed { throw TransactionStorageError("the disk is full") }
    }

    func replay(
        _ visit: (_ record: TransactionStoredRecord) -> Void
    ) async throws(TransactionStorageError) {
        for record in records { visit(record) }
    }

    func newProducerID() async throws(TransactionStorageError) -> Int64 {
        state.withLock { state in
            defer { state.nextID += 1 }
            return state.nextID
        }
    }

    func write(_ end: TransactionEnd, to partitions: Set<PartitionName>) async -> MarkerResult {
        state.withLock { state in
            var result = MarkerResult()
            result.left = partitions.intersection(state.blocked)
            state.markers.append((end, partitions.subtracting(state.blocked)))
            return result
        }
    }
}
