// One batch of a query: waiting for its rows, writing it, committing it.

import MillraceBase
import StreamPlan

extension QueryLoop {
    /// - Returns: `false` when the query shall stop, or has read all it was to read.
    mutating func waitForRows() async throws(QueryEnd) -> Bool {
        state.update {
            $0.isTriggerActive = false
            $0.isDataAvailable = false
        }
        state.running("Waiting for data to arrive")
        let rowsMax = min(
            configuration.batchRowsMax, plan.source.maxOffsetsPerTrigger ?? .max)
        if let end = ticks.availableEnd { return try await nextAvailable(end, rowsMax) }
        let (source, wait) = (parts.source, configuration.pollWait)
        while !isStopping {
            if let delay = ticks.delay(nowMilliseconds: configuration.clock.milliseconds()) {
                await pause(delay)
                continue
            }
            let next = try await patiently { () async throws(ConnectorError) in
                try await source.next(rowsMax: rowsMax, wait: wait)
            }
            if let next {
                rows = next
                return true
            }
            if let trouble = await source.trouble() {
                state.retrying(trouble)
            } else {
                state.running("Waiting for data to arrive")
            }
            ticks.passed(nowMilliseconds: configuration.clock.milliseconds())
        }
        return false
    }

    /// The next batch of AvailableNow: up to the end that the source had at the start.
    mutating func nextAvailable(_ end: SourceOffsets, _ rowsMax: Int)
        async throws(QueryEnd) -> Bool
    {
        var stop = position
        var room = Int64(rowsMax)
        for (partition, last) in end.partitions.sorted(by: { $0.key < $1.key }) {
            let first = position.partitions[partition] ?? 0
            let part = min(room, max(0, last - first))
            stop.partitions[partition] = first + part
            room -= part
        }
        guard stop != position else { return false }
        let (source, begin, target) = (parts.source, position, stop)
        rows = try await patiently { () async throws(ConnectorError) in
            try await source.read(from: begin, to: target)
        }
        return true
    }

    mutating func logOffsets(_ batch: Int) async throws(QueryEnd) {
        guard let rows else { preconditionFailure("a batch is planned when its rows are there") }
        let started = ContinuousClock.now
        let now = max(configuration.clock.milliseconds(), lastTimestampMilliseconds)
        var end = rows.end
        end.partitions.merge(position.partitions) { new, _ in new }
        let entry = OffsetEntry(batchTimestampMilliseconds: now, end: end)
        state.update {
            $0.isDataAvailable = true
            $0.isTriggerActive = true
            $0.batchID = batch
            $0.endOffsets = [end.topic: end.partitions]
        }
        let checkpoint = parts.checkpoint
        try await onDisk { () throws(CheckpointFileError) in
            try checkpoint.logOffsets(batch, entry)
        }
        pending = entry
        report = newReport(batch, entry, started: started)
        report?.walCommit = .now - started
    }

    mutating func runBatch(_ batch: Int) async throws(QueryEnd) {
        guard let entry = pending else { preconditionFailure("batch \(batch) was never planned") }
        if rows == nil { try await readAgain(batch, entry) }
        guard let rows else { preconditionFailure("batch \(batch) has no rows") }
        state.running("Processing new data")
        let started = ContinuousClock.now
        var result = pipeline.run(rows)
        addProgress(result, .processed)
        try refuseRejections(result.rejections)
        let (sink, computed) = (parts.sink, result)
        state.waits(for: sink.description)
        let refused = try await patiently { () async throws(ConnectorError) in
            try await sink.write(computed)
        }
        state.waits(for: nil)
        result.reject(refused)
        try refuseRejections(result.rejections)
        addProgress(result, .stored)
        try await writeRejections(result)
        report?.addBatch = .now - started
        report?.numInputRows = rows.rows.count
        report?.numOutputRows = result.selection.count
        report?.numRejectedRows = result.rejections.count
    }

    /// A batch that was planned by an earlier run: exactly its records, not those there are now.
    mutating func readAgain(_ batch: Int, _ entry: OffsetEntry) async throws(QueryEnd) {
        let started = ContinuousClock.now
        let (source, begin) = (parts.source, position)
        rows = try await patiently { () async throws(ConnectorError) in
            try await source.read(from: begin, to: entry.end)
        }
        report = newReport(batch, entry, started: started)
        report?.getBatch = .now - started
    }

    mutating func logCommit(_ batch: Int) async throws(QueryEnd) {
        let started = ContinuousClock.now
        let checkpoint = parts.checkpoint
        try await onDisk { () throws(CheckpointFileError) in
            try checkpoint.logCommit(batch)
            if batch % StreamLimits.purgeEvery == 0 { try checkpoint.purge(before: batch) }
        }
        if let entry = pending {
            position.partitions.merge(entry.end.partitions) { _, new in new }
            lastTimestampMilliseconds = entry.batchTimestampMilliseconds
        }
        if var report {
            report.commitOffsets = .now - started
            report.triggerExecution =
                report.walCommit + report.getBatch + report.addBatch + report.commitOffsets
            state.add(report)
        }
        rows = nil
        pending = nil
        report = nil
        ticks.passed(nowMilliseconds: configuration.clock.milliseconds())
    }
}
