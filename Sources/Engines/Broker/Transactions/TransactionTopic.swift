// The topic `__transaction_state` and the partitions' logs as the transaction coordinator's storage.

import KafkaProtocol
import MillraceBase
import NIOCore
import NIOPosix

/// The topic is made with the first record that is kept in it.
struct TransactionTopic: TransactionStorage {
    let catalog: TopicCatalog
    let groups: GroupCoordinator
    let producerIDs: ProducerIDs
    let readThreads: NIOThreadPool
    let clock: WallClock

    var partitions: Int32 {
        catalog.topic(TopicName.transactionState).map { Int32($0.logs.count) }
            ?? Limits.transactionPartitions
    }

    func coordinatorEpoch(of partition: Int32) -> Int32 {
        let log = catalog.topic(TopicName.transactionState)?.log(partition)
        return log?.view.with { $0.epochs.current } ?? 0
    }

    func newProducerID() async throws(TransactionStorageError) -> Int64 {
        do {
            return try await readThreads.runIfActive { [producerIDs] in try producerIDs.next() }
        } catch {
            throw TransactionStorageError("\(error)")
        }
    }

    // MARK: Records

    func append(
        _ record: TransactionStoredRecord, to partition: Int32
    ) async throws(TransactionStorageError) {
        var log = catalog.topic(TopicName.transactionState)?.log(partition)
        if log == nil { log = try await create()?.log(partition) }
        guard let log else {
            throw TransactionStorageError("\(TopicName.transactionState) has no \(partition)")
        }
        var batch = RecordBatchBuilder()
        batch.append(
            key: record.key, value: record.value, timestampMilliseconds: clock.milliseconds())
        switch await log.append(batch.finish(), origin: .broker) {
        case .appended: return
        case .refused(let fault): throw TransactionStorageError("\(fault)")
        }
    }

    private func create() async throws(TransactionStorageError) -> Topic? {
        do {
            return try await readThreads.runIfActive { [catalog] in
                do throws(TopicFault) {
                    return try catalog.createInternal(TopicName.transactionState)
                } catch {
                    // Somebody else was faster.
                    guard let known = catalog.topic(TopicName.transactionState) else { throw error }
                    return known
                }
            }
        } catch {
            throw TransactionStorageError("\(error)")
        }
    }

    func replay(
        _ visit: (_ record: TransactionStoredRecord) -> Void
    ) async throws(TransactionStorageError) {
        for log in catalog.topic(TopicName.transactionState)?.logs ?? [] {
            var offset = log.view.with { $0.startOffset }
            while let (next, records) = try await read(log, from: offset) {
                for record in records { visit(record) }
                offset = next
            }
        }
    }

    /// - Returns: the records from an offset on, and the offset behind them; `nil` at the end.
    private func read(
        _ log: PartitionLog, from offset: Int64
    ) async throws(TransactionStorageError) -> (next: Int64, records: [TransactionStoredRecord])? {
        do {
            return try await readThreads.runIfActive {
                let size = ReadSize(bytesMax: Limits.scanBytes, atLeastOne: true)
                var bytes = try log.read(from: offset, size).bytes
                var next: Int64?
                var records: [TransactionStoredRecord] = []
                while let (header, batch) = try RecordBatch.next(in: &bytes) {
                    next = header.lastOffset + 1
                    if header.attributes.isControl { continue }
                    records += try RecordReader.all(in: batch).map { record in
                        TransactionStoredRecord(
                            key: record.key.map { Array($0.readableBytesView) } ?? [],
                            value: record.value.map { Array($0.readableBytesView) })
                    }
                }
                return next.map { ($0, records) }
            }
        } catch {
            throw TransactionStorageError("cannot read \(log.name): \(error)")
        }
    }

    // MARK: Markers

    func write(_ end: TransactionEnd, to partitions: Set<PartitionName>) async -> MarkerResult {
        let marker = TransactionMarker(
            producerID: end.producer.id, producerEpoch: end.producer.epoch,
            coordinatorEpoch: end.coordinatorEpoch, isCommit: end.isCommit)
        var result = MarkerResult()
        var offsets: [Int32] = []
        await withTaskGroup(of: (PartitionName, PartitionLog, AppendResult?).self) { group in
            for name in partitions {
                guard let log = catalog.topic(name.topic)?.log(name.partition) else { continue }
                // A child, not a task of its own: the group waits for it before `write` returns. One for each
                // partition of the transaction; markers of different logs have no order among them.
                group.addTask { (name, log, await log.appendMarker(marker)) }
            }
            for await (name, log, outcome) in group {
                switch self.place(name, in: log, outcome, end.producer) {
                case .ended where name.topic == TopicName.consumerOffsets:
                    offsets.append(name.partition)
                case .ended: break
                case .left: result.left.insert(name)
                case .refused(let why): result.refused[name] = why
                case .stopped: result.isStopped = true
                }
            }
        }
        if !offsets.isEmpty {
            await groups.transactionEnded(
                partitions: offsets, producerID: end.producer.id,
                producerEpoch: end.producer.epoch, isCommit: end.isCommit)
        }
        return result
    }

    private func place(
        _ name: PartitionName, in log: PartitionLog, _ outcome: AppendResult?,
        _ producer: ProducerIdentity
    ) -> MarkerPlace {
        guard case .refused(let fault) = outcome else { return .ended }
        return MarkerPlace(
            fault,
            // A topic that was made anew under the same name has other logs.
            isThere: catalog.topic(name.topic)?.log(name.partition) === log,
            isOpen: log.openTransactions.contains {
                $0.producerID == producer.id && $0.producerEpoch <= producer.epoch
            })
    }
}

/// How far the end of a transaction is in one partition.
enum MarkerPlace: Equatable {
    /// The marker is there, or none is needed.
    case ended
    /// It may be taken later.
    case left
    /// It never will be, and the transaction stays open; why, in words.
    case refused(String)
    /// The broker stops.
    case stopped

    /// - Parameters:
    ///   - fault: why the log did not take the marker.
    ///   - isThere: whether there still is such a partition.
    ///   - isOpen: whether the log shows an open transaction that the marker would have ended.
    init(_ fault: AppendFault, isThere: Bool, isOpen: Bool) {
        switch fault {
        // A deleted topic needs no marker; a topic that is there is closed because the broker stops.
        case .closed: self = isThere ? .stopped : .ended
        case .storage: self = isThere ? .left : .ended
        // The producer has been replaced there by a newer one, which ended what was open.
        case .staleProducerEpoch where !isOpen: self = .ended
        // Somebody wrote markers of a later coordinator there, and ended the transaction by them.
        case .coordinatorFenced where !isOpen: self = .ended
        case .staleProducerEpoch: self = .refused("the partition knows a later epoch")
        case .coordinatorFenced: self = .refused("the partition knows a later coordinator")
        // What only batches of clients are refused for.
        case .notABatch, .badChecksum, .tooLarge, .invalidTimestamp, .withoutKey,
            .outOfOrderSequence, .invalidTransaction:
            self = isOpen ? .refused("\(fault)") : .ended
        }
    }
}
