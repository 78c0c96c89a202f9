// The source `kafka`: records of one topic, read by assigned partitions and offsets.

import KafkaClient
package import Logging
package import MillraceBase
package import StreamPlan

/// Reads one topic. The offsets live in the query's checkpoint; no group is joined.
package actor KafkaSource: RowSource {
    package static let connector = Connector(
        name: "kafka", role: .source, help: "records of one Kafka topic, each partition in order",
        options: [
            .init("topic", "", "the topic to read"),
            .init(
                "from", "latest",
                "where a query without a checkpoint begins: earliest, latest, or offsets by "
                    + "partition"),
            .init(
                "maxOffsetsPerTrigger", String(StreamLimits.batchRowsMax),
                "records of one batch at most"),
            .init(
                "failOnDataLoss", "true",
                "fail when records that were not read yet are gone; false goes on with the oldest"),
        ])

    package nonisolated let description: String
    private let options: StreamSource
    private let consumer: KafkaConsumer
    private let admin: KafkaAdmin
    /// The next offset to read, by partition.
    private var positions: [Int32: Int64] = [:]
    private var isAssigned = false
    private var refreshed = ContinuousClock.now

    package init(_ options: StreamSource, kafka: Endpoint, logger: Logger)
        throws(ConnectorError)
    {
        self.options = options
        description = "KafkaV2[Subscribe[\(options.topic)]]"
        let configuration = KafkaConfiguration(kafka)
        do throws(KafkaError) {
            consumer = try KafkaConsumer(configuration, reportsEnds: true, logger: logger)
            admin = try KafkaAdmin(configuration, logger: logger)
        } catch {
            throw ConnectorError("kafka: \(error)", isRetriable: false)
        }
    }

    package func open(at position: SourceOffsets?, or starting: StartingOffsets)
        async throws(ConnectorError) -> SourceOffsets
    {
        let ends = try await watermarks()
        var begin: [Int32: Int64] = [:]
        for (partition, end) in ends {
            if let position {
                let offset = position.partitions[partition] ?? end.low
                begin[partition] = try checked(offset, partition, end)
            } else {
                begin[partition] = Self.start(starting, partition, end)
            }
        }
        if let gone = position?.partitions.keys.sorted().first(where: { ends[$0] == nil }) {
            try lost("partition \(gone) of topic \"\(options.topic)\" is gone")
        }
        try await assign(begin)
        return SourceOffsets(topic: options.topic, partitions: begin)
    }

    package func next(rowsMax: Int, wait: Duration) async throws(ConnectorError) -> SourceRows? {
        let deadline = ContinuousClock.now + wait
        try await refreshPartitions()
        if !isAssigned {
            let position = SourceOffsets(topic: options.topic, partitions: positions)
            _ = try await open(at: position, or: .earliest)
        }
        repeat {
            let left = deadline - .now
            let records = try await poll(rowsMax: rowsMax, wait: max(left, .zero))
            if !records.isEmpty {
                var rows = SourceRows(
                    topic: options.topic, bytes: [], rows: [],
                    end: SourceOffsets(topic: options.topic, partitions: positions))
                rows.append(records)
                for (partition, offset) in rows.end.partitions { positions[partition] = offset }
                return rows
            }
        } while .now < deadline && !Task.isCancelled
        return nil
    }

    package func read(from start: SourceOffsets, to end: SourceOffsets)
        async throws(ConnectorError) -> SourceRows
    {
        let ends = try await watermarks()
        var rows = SourceRows(topic: options.topic, bytes: [], rows: [], end: end)
        var open: [Int32: Int64] = [:]
        for (partition, stop) in end.partitions {
            guard let watermark = ends[partition] else {
                try lost("partition \(partition) of topic \"\(options.topic)\" is gone")
                continue
            }
            let wanted = start.partitions[partition] ?? watermark.low
            guard wanted < stop else { continue }
            let from = try checked(wanted, partition, watermark)
            _ = try checked(stop, partition, watermark)
            if from < min(stop, watermark.high) { open[partition] = from }
        }
        if !open.isEmpty { try await assign(open) }
        var lastProgress = ContinuousClock.now
        while !open.isEmpty {
            let records = try await poll(
                rowsMax: StreamLimits.batchRowsMax, wait: StreamLimits.pollWait)
            rows.append(records, open: &open, end: end)
            if !records.isEmpty || !records.ends.isEmpty { lastProgress = .now }
            guard lastProgress + StreamLimits.rereadPatience > .now, !Task.isCancelled else {
                isAssigned = false
                throw ConnectorError(
                    await trouble() ?? "topic \"\(options.topic)\" gives no records",
                    isRetriable: true)
            }
        }
        // Where `next` goes on; assigned anew there, since this reading went its own way.
        positions = end.partitions
        for (partition, watermark) in ends where positions[partition] == nil {
            positions[partition] = start.partitions[partition] ?? watermark.low
        }
        isAssigned = false
        rows.end = end
        return rows
    }

    package func latest() async throws(ConnectorError) -> SourceOffsets {
        SourceOffsets(topic: options.topic, partitions: try await watermarks().mapValues(\.high))
    }

    package func trouble() async -> String? {
        switch consumer.state {
        case .connected: nil
        case .unreachable(let reason): "cannot reach Kafka: \(reason)"
        }
    }

    package func close() async {
        await consumer.close()
        await admin.close()
    }

    private static func start(
        _ starting: StartingOffsets, _ partition: Int32, _ end: (low: Int64, high: Int64)
    ) -> Int64 {
        switch starting {
        case .earliest: return end.low
        case .latest: return end.high
        case .offsets(let offsets):
            switch offsets[partition] {
            case nil, KafkaOffset.earliest: return end.low
            case KafkaOffset.latest: return end.high
            case .some(let offset): return min(max(offset, end.low), end.high)
            }
        }
    }

    /// An offset that can be read, or the failure that it cannot.
    private func checked(_ offset: Int64, _ partition: Int32, _ end: (low: Int64, high: Int64))
        throws(ConnectorError) -> Int64
    {
        if offset < end.low {
            try lost(
                "records \(offset) to \(end.low - 1) of partition \(partition) of topic "
                    + "\"\(options.topic)\" are gone (retention, or the topic was made anew)")
        }
        if offset > end.high {
            try lost(
                "topic \"\(options.topic)\" ends at \(end.high) in partition \(partition), the "
                    + "query had read up to \(offset): the topic was cut off or made anew")
        }
        return min(max(offset, end.low), end.high)
    }

    /// Fails the query, unless it was told to go on.
    private func lost(_ what: String) throws(ConnectorError) {
        guard options.failOnDataLoss else { return }
        throw ConnectorError(
            "\(what). Some data was lost to this query; restart it from earliest, or set "
                + "failOnDataLoss to false to go on with what is there", isRetriable: false)
    }

    private func watermarks() async throws(ConnectorError) -> [Int32: (low: Int64, high: Int64)] {
        do throws(KafkaError) {
            return try await admin.watermarks(options.topic)
        } catch {
            throw Self.connectorError(error, topic: options.topic)
        }
    }

    private func assign(_ offsets: [Int32: Int64]) async throws(ConnectorError) {
        do throws(KafkaError) {
            try await consumer.assign(
                Dictionary(
                    uniqueKeysWithValues: offsets.map {
                        (TopicPartition(topic: options.topic, partition: $0.key), $0.value)
                    }))
        } catch {
            throw Self.connectorError(error, topic: options.topic)
        }
        positions = offsets
        isAssigned = true
    }

    private func poll(rowsMax: Int, wait: Duration) async throws(ConnectorError)
        -> ConsumedRecords
    {
        do throws(KafkaError) {
            return try await consumer.poll(recordsMax: rowsMax, wait: wait)
        } catch {
            // The partition stands still until it is assigned anew, which also finds lost records.
            isAssigned = false
            guard !error.isOffsetOutOfRange else {
                throw ConnectorError(
                    "offsets of topic \"\(options.topic)\" are looked up again", isRetriable: true)
            }
            throw Self.connectorError(error, topic: options.topic)
        }
    }

    /// New partitions are read from their oldest record on.
    private func refreshPartitions() async throws(ConnectorError) {
        guard isAssigned, ContinuousClock.now - refreshed > StreamLimits.partitionRefresh,
            await trouble() == nil
        else { return }
        refreshed = .now
        let topics: [ClusterMetadata.Topic]
        do throws(KafkaError) {
            topics = try await admin.metadata(topic: options.topic).topics
        } catch {
            // Only a look; the records themselves tell whether something is wrong.
            return
        }
        guard let count = topics.first?.partitions, count > positions.count else { return }
        isAssigned = false
    }

    static func connectorError(_ error: KafkaError, topic: String) -> ConnectorError {
        if error.isUnknownTopic {
            return ConnectorError("topic \"\(topic)\" does not exist", isRetriable: true)
        }
        return ConnectorError(
            "kafka: \(error)", isRetriable: error.isRetriable || error.isCancelled)
    }
}

extension SourceRows {
    /// Adds all records of a poll.
    fileprivate mutating func append(_ records: ConsumedRecords) {
        let shift = bytes.count
        if shift == 0 { bytes = records.bytes } else { bytes += records.bytes }
        rows.reserveCapacity(rows.count + records.count)
        for record in records.records {
            let partition = records.partitions[record.partitionIndex].partition
            add(record, partition, shift)
            end.partitions[partition] = record.offset + 1
        }
    }

    /// Adds the records of a poll that are before `end`, and notes which partitions are done.
    fileprivate mutating func append(
        _ records: ConsumedRecords, open: inout [Int32: Int64], end: SourceOffsets
    ) {
        let shift = bytes.count
        bytes += records.bytes
        for record in records.records {
            let partition = records.partitions[record.partitionIndex].partition
            guard let stop = end.partitions[partition], open[partition] != nil else { continue }
            if record.offset < stop { add(record, partition, shift) }
            if record.offset >= stop - 1 { open[partition] = nil }
        }
        // Read to its end, and the end is not before ours: the records between were compacted.
        for place in records.ends { open[place.partition] = nil }
    }

    private mutating func add(_ record: ConsumedRecord, _ partition: Int32, _ shift: Int) {
        func cell(_ range: Range<Int>?) -> TextCell? {
            range.map { TextCell(start: $0.lowerBound + shift, length: $0.count) }
        }
        rows.append(
            SourceRow(
                partition: partition, offset: record.offset,
                timestampMilliseconds: record.timestampMilliseconds, key: cell(record.key),
                value: cell(record.value)))
    }
}
