// What a loop tells about its batches, and what becomes of rows that do not fit.

import MillraceBase
import StreamPlan

extension QueryLoop {
    mutating func newReport(
        _ batch: Int, _ entry: OffsetEntry, started: ContinuousClock.Instant
    ) -> BatchProgress {
        let status = state.status
        defer { lastBatchStart = started }
        return BatchProgress(
            id: status.id, runID: status.runID, name: plan.name, batchID: batch,
            timestampMilliseconds: entry.batchTimestampMilliseconds, numInputRows: 0,
            numOutputRows: 0, numRejectedRows: 0, source: parts.source.description,
            sink: parts.sink.description, start: position, end: entry.end,
            interval: started - lastBatchStart)
    }

    func addProgress(_ batch: RowBatch, _ stage: Stage) {
        var latencies = LatencyHistogram()
        let now = configuration.clock.milliseconds()
        let rows = batch.source.rows
        var run = 0
        var time: Int64 = -1
        // Records that were fetched together have one time: they are counted at once.
        for row in batch.selection {
            let next = rows[Int(row)].timestampMilliseconds
            if next != time, run > 0 {
                latencies.record(.milliseconds(max(0, now - time)), times: run)
                run = 0
            }
            time = next
            run += 1
        }
        if run > 0 { latencies.record(.milliseconds(max(0, now - time)), times: run) }
        progress.add(batch.selection.count, to: stage, latencies: latencies)
    }

    func refuseRejections(_ rejections: [Rejection]) throws(QueryEnd) {
        guard parts.rejections == nil, let first = rejections.first, let rows else { return }
        let row = rows.rows[first.row]
        throw .failed(
            "record \(row.offset) of partition \(row.partition) of topic \"\(rows.topic)\": "
                + "\(first.reason). A query with dead letters would have put it there")
    }

    func writeRejections(_ batch: RowBatch) async throws(QueryEnd) {
        guard let sink = parts.rejections, !batch.rejections.isEmpty else { return }
        let (rejections, rows) = (batch.rejections, batch.source)
        state.waits(for: "the dead-letter topic")
        try await patiently { () async throws(ConnectorError) in
            try await sink.write(rejections, of: rows)
        }
        state.waits(for: nil)
        for (reason, group) in Dictionary(grouping: rejections, by: \.reason) {
            progress.addRejected(group.count, because: reason)
        }
    }
}
