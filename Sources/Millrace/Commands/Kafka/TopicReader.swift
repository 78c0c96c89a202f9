// Reading a topic from a place to a place: what `consume` and `topics copy` share.

import KafkaClient
import MillraceBase

/// Which records of a topic are meant.
struct ReadRange: Sendable {
    enum Start: Sendable {
        case spec(OffsetSpec)
        /// So many records before the end of each partition.
        case last(Int64)
        case offsets([Int32: Int64])
    }

    var topic: String
    /// Empty for all.
    var partitions: Set<Int32> = []
    var start = Start.spec(.earliest)
    /// Go on when the end is reached.
    var follows = false
}

/// Hands records to a visitor, poll by poll, in the order of each partition.
struct TopicReader: Sendable {
    let configuration: KafkaConfiguration
    let range: ReadRange

    /// - Parameter visit: returns false when it wants no more.
    func read(
        _ visit: (ConsumedRecords) async throws -> Bool
    ) async throws {
        let admin = try KafkaAdmin(configuration)
        var (next, end) = ([TopicPartition: Int64](), [TopicPartition: Int64]())
        do {
            (next, end) = try await bounds(admin)
            await admin.close()
        } catch {
            await admin.close()
            throw error
        }
        guard range.follows || next.contains(where: { $0.value < end[$0.key] ?? 0 }) else { return }
        // Ends are told of, so that gaps behind the last record do not keep a reader waiting.
        let consumer = try KafkaConsumer(configuration, headers: true, reportsEnds: true)
        do {
            try await consumer.assign(next)
            try await poll(consumer, next, end, visit)
            await consumer.close()
        } catch {
            await consumer.close()
            throw error
        }
    }

    private func poll(
        _ consumer: KafkaConsumer, _ start: [TopicPartition: Int64],
        _ end: [TopicPartition: Int64], _ visit: (ConsumedRecords) async throws -> Bool
    ) async throws {
        var open = Set(start.filter { range.follows || $0.value < end[$0.key] ?? 0 }.keys)
        while !open.isEmpty {
            try Task.checkCancellation()
            var records = try await consumer.poll(
                recordsMax: ToolLimits.recordsPerPoll, wait: ToolLimits.pollWait)
            if !range.follows {
                for record in records.records {
                    let place = records.topicPartition(of: record)
                    if record.offset >= (end[place] ?? 0) - 1 { open.remove(place) }
                }
                let partitions = records.partitions
                records.records.removeAll { record in
                    record.offset >= end[partitions[record.partitionIndex]] ?? 0
                }
                for place in records.ends { open.remove(place) }
            }
            if !records.isEmpty, try await !visit(records) { return }
        }
    }

    private func bounds(
        _ admin: KafkaAdmin
    ) async throws -> ([TopicPartition: Int64], [TopicPartition: Int64]) {
        let first = try await admin.offsets(range.topic, at: .earliest)
        let end = try await admin.offsets(range.topic, at: .latest)
        var starts = first
        switch range.start {
        case .spec(.earliest): break
        case .spec(let spec):
            starts = try await admin.offsets(range.topic, at: spec).mapValues { $0 }
        case .last(let count): starts = end.mapValues { $0 - count }
        case .offsets(let offsets): starts = first.merging(offsets) { $1 }
        }
        var (from, to) = ([TopicPartition: Int64](), [TopicPartition: Int64]())
        for (partition, high) in end
        where range.partitions.isEmpty || range.partitions.contains(partition) {
            let place = TopicPartition(topic: range.topic, partition: partition)
            let wanted = starts[partition].map { $0 < 0 ? high : $0 } ?? high
            from[place] = min(max(wanted, first[partition] ?? 0), high)
            to[place] = high
        }
        for partition in range.partitions where end[partition] == nil {
            throw Failure(
                "the topic has no such partition", at: "\(range.topic), \(partition)",
                next: "millrace topics describe \(range.topic)")
        }
        return (from, to)
    }
}
