// The topic `__consumer_offsets` as the group coordinator's storage.

import KafkaProtocol
import MillraceBase
import NIOCore
import NIOPosix

/// Made with the first record that is kept in it.
struct OffsetsTopic: GroupStorage {
    let catalog: TopicCatalog
    let readThreads: NIOThreadPool
    let clock: WallClock

    var partitions: Int32 {
        catalog.topic(TopicName.consumerOffsets).map { Int32($0.logs.count) }
            ?? Limits.offsetsPartitions
    }

    func append(
        _ records: [GroupRecord], to partition: Int32
    ) async throws(GroupStorageError) {
        guard !records.isEmpty else { return }
        let log: PartitionLog
        if let known = catalog.topic(TopicName.consumerOffsets)?.log(partition) {
            log = known
        } else {
            log = try await create(partition)
        }
        var batch = RecordBatchBuilder()
        let now = clock.milliseconds()
        for record in records {
            batch.append(key: record.key, value: record.value, timestampMilliseconds: now)
        }
        switch await log.append(batch.finish(), isInternal: true) {
        case .appended: return
        case .refused(let fault): throw GroupStorageError("\(fault)")
        }
    }

    private func create(_ partition: Int32) async throws(GroupStorageError) -> PartitionLog {
        do {
            return try await readThreads.runIfActive { [catalog] in
                let topic: Topic
                do throws(TopicFault) {
                    topic = try catalog.createInternal(TopicName.consumerOffsets)
                } catch {
                    guard let known = catalog.topic(TopicName.consumerOffsets) else { throw error }
                    topic = known
                }
                guard let log = topic.log(partition) else {
                    throw GroupStorageError("\(TopicName.consumerOffsets) has no \(partition)")
                }
                return log
            }
        } catch {
            throw GroupStorageError("\(error)")
        }
    }

    func replay(
        _ visit: (_ partition: Int32, _ record: GroupRecord) -> Void
    ) async throws(GroupStorageError) {
        for log in catalog.topic(TopicName.consumerOffsets)?.logs ?? [] {
            var offset = log.view.with { $0.startOffset }
            while true {
                let batches = try await read(log, from: offset)
                guard let batches else { break }
                for (next, records) in batches {
                    for record in records { visit(log.name.partition, record) }
                    offset = next
                }
            }
        }
    }

    /// - Returns: the records of each batch and the offset behind it; `nil` at the end.
    private func read(
        _ log: PartitionLog, from offset: Int64
    ) async throws(GroupStorageError) -> [(next: Int64, records: [GroupRecord])]? {
        do {
            return try await readThreads.runIfActive {
                let size = ReadSize(bytesMax: Limits.scanBytes, atLeastOne: true)
                var bytes = try log.read(from: offset, size).bytes
                var batches: [(next: Int64, records: [GroupRecord])] = []
                while let (header, batch) = try RecordBatch.next(in: &bytes) {
                    let records = try RecordReader.all(in: batch).map { record in
                        GroupRecord(
                            key: record.key.map { Array($0.readableBytesView) } ?? [],
                            value: record.value.map { Array($0.readableBytesView) })
                    }
                    batches.append((header.lastOffset + 1, records))
                }
                return batches.isEmpty ? nil : batches
            }
        } catch {
            throw GroupStorageError("cannot read \(log.name): \(error)")
        }
    }

    func exists(topic: String, partition: Int32) -> Bool {
        catalog.topic(topic)?.log(partition) != nil
    }

    func topicName(id: KafkaUUID) -> String? { catalog.topic(id)?.name }

    func topicID(name: String) -> KafkaUUID? { catalog.topic(name)?.id }
}
