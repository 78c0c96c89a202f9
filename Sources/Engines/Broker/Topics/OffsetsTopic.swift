// The topic `__consumer_offsets` as the group coordinator's storage.
// Source: apache/kafka CoordinatorPartitionWriter.java; ../shared/reference/kafka.md, B1

import KafkaProtocol
import MillraceBase
import NIOCore
import NIOPosix
import Synchronization

/// Made with the first record that is kept in it.
struct OffsetsTopic: GroupStorage {
    let catalog: TopicCatalog
    let readThreads: NIOThreadPool
    let clock: WallClock

    var partitions: Int32 {
        catalog.topic(TopicName.consumerOffsets).map { Int32($0.logs.count) }
            ?? Limits.offsetsPartitions
    }

    var isPrepared: Bool { catalog.topic(TopicName.consumerOffsets) != nil }

    func prepare() async throws(GroupStorageError) {
        guard !isPrepared else { return }
        do {
            try await readThreads.runIfActive { [catalog] in
                do throws(TopicFault) {
                    _ = try catalog.createInternal(TopicName.consumerOffsets)
                } catch {
                    // Somebody else was faster.
                    guard catalog.topic(TopicName.consumerOffsets) == nil else { return }
                    throw error
                }
            }
        } catch {
            throw GroupStorageError("\(error)")
        }
    }

    nonisolated(nonsending) func append(
        _ batches: [[GroupRecord]], to partition: Int32, producer: GroupProducer?
    ) async throws(GroupStorageError) {
        let batches = batches.filter { !$0.isEmpty }
        guard !batches.isEmpty else { return }
        if !isPrepared { try await prepare() }
        guard let log = catalog.topic(TopicName.consumerOffsets)?.log(partition) else {
            throw GroupStorageError("\(TopicName.consumerOffsets) has no \(partition)")
        }
        let now = clock.milliseconds()
        let fault = await withCheckedContinuation { continuation in
            let round = AppendRound(count: batches.count, continuation)
            // Without a wait between them, so that nobody else's batch comes between.
            for records in batches {
                let bytes = Self.batch(of: records, producer: producer, now: now)
                log.append(bytes, origin: .broker) { round.ended($0) }
            }
        }
        if let fault { throw GroupStorageError("\(fault)") }
    }

    /// As Kafka's coordinator writes it: the producer's id and epoch, but none of its sequences.
    private static func batch(
        of records: [GroupRecord], producer: GroupProducer?, now: Int64
    ) -> ByteBuffer {
        var batch = RecordBatchBuilder(
            producerID: producer?.id ?? -1, producerEpoch: producer?.epoch ?? -1)
        batch.header.attributes.isTransactional = producer != nil
        for record in records {
            batch.append(key: record.key, value: record.value, timestampMilliseconds: now)
        }
        return batch.finish()
    }

    // MARK: Reading it again

    func replay(
        _ visit: (_ partition: Int32, _ entry: GroupLogEntry) -> Void
    ) async throws(GroupStorageError) {
        for log in catalog.topic(TopicName.consumerOffsets)?.logs ?? [] {
            var offset = log.view.with { $0.startOffset }
            while true {
                guard let (next, entries) = try await read(log, from: offset) else { break }
                for entry in entries { visit(log.name.partition, entry) }
                offset = next
            }
        }
    }

    /// - Returns: the batches from an offset on, and the offset behind them; `nil` at the end.
    private func read(
        _ log: PartitionLog, from offset: Int64
    ) async throws(GroupStorageError) -> (next: Int64, entries: [GroupLogEntry])? {
        do {
            return try await readThreads.runIfActive {
                let size = ReadSize(bytesMax: Limits.scanBytes, atLeastOne: true)
                var bytes = try log.read(from: offset, size).bytes
                var next: Int64?
                var entries: [GroupLogEntry] = []
                while let (header, batch) = try RecordBatch.next(in: &bytes) {
                    if let entry = try Self.entry(header, batch) { entries.append(entry) }
                    next = header.lastOffset + 1
                }
                return next.map { ($0, entries) }
            }
        } catch {
            throw GroupStorageError("cannot read \(log.name): \(error)")
        }
    }

    /// - Returns: `nil` for a control batch that ends no transaction.
    private static func entry(
        _ header: RecordBatchHeader, _ batch: ByteBuffer
    ) throws(WireError) -> GroupLogEntry? {
        let records = try RecordReader.all(in: batch)
        let producer = GroupProducer(id: header.producerID, epoch: header.producerEpoch)
        if header.attributes.isControl {
            // The key of a control record: its version, then 0 for abort or 1 for commit.
            guard var key = records.first?.key, key.readInteger(as: Int16.self) != nil,
                let kind = key.readInteger(as: Int16.self), kind == 0 || kind == 1
            else { return nil }
            return .marker(producer, isCommit: kind == 1)
        }
        let kept = records.map { record in
            GroupRecord(
                key: record.key.map { Array($0.readableBytesView) } ?? [],
                value: record.value.map { Array($0.readableBytesView) })
        }
        return .records(kept, producer: header.attributes.isTransactional ? producer : nil)
    }

    // MARK: Topics

    func exists(topic: String, partition: Int32) -> Bool {
        catalog.topic(topic)?.log(partition) != nil
    }

    func topic(id: KafkaUUID) -> GroupTopic? { catalog.topic(id).map(GroupTopic.init) }

    func topic(name: String) -> GroupTopic? { catalog.topic(name).map(GroupTopic.init) }

    var topics: [GroupTopic] { catalog.topics.map(GroupTopic.init) }
}

extension GroupTopic {
    init(_ topic: Topic) {
        self.init(id: topic.id, name: topic.name, partitions: Int32(topic.logs.count))
    }
}

/// Waits for batches that were appended together: the call goes on when the last of them has ended.
private final class AppendRound: Sendable {
    private struct State {
        var open: Int
        /// Why the first batch that was refused was so.
        var fault: AppendFault?
    }

    private let state: Mutex<State>
    private let continuation: CheckedContinuation<AppendFault?, Never>

    /// - Parameter count: of the batches; each calls `ended` once.
    init(count: Int, _ continuation: CheckedContinuation<AppendFault?, Never>) {
        state = Mutex(State(open: count))
        self.continuation = continuation
    }

    func ended(_ result: AppendResult) {
        let (isLast, fault) = state.withLock { state in
            switch result {
            case .appended: break
            case .refused(let fault): state.fault = state.fault ?? fault
            }
            state.open -= 1
            return (state.open == 0, state.fault)
        }
        if isLast { continuation.resume(returning: fault) }
    }
}
