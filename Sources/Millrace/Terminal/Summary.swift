// What a run did, as tables.

import MillraceBase

enum Summary {
    /// Counts and latencies of each stage. Latencies start at the fetch.
    static func stages(_ snapshot: StageProgress.Snapshot) -> Table {
        var table = Table(
            head: ["stage", "people", "p50", "p99", "longest"], numbers: [1, 2, 3, 4])
        for stage in Stage.allCases {
            let counters = snapshot.stages[stage] ?? .init()
            let latency = counters.latency
            table.rows.append([
                stage.rawValue, Shown.count(counters.count), Shown.time(latency.percentile(0.5)),
                Shown.time(latency.percentile(0.99)),
                Shown.time(latency.percentile(1)),
            ])
        }
        return table
    }

    /// One line for what was sent again, skipped or rejected; none for what did not happen.
    static func exceptions(_ snapshot: StageProgress.Snapshot) -> [String] {
        var lines: [String] = []
        if snapshot.resent > 0 {
            lines.append(
                "\(Shown.count(snapshot.resent)) sent to the topic again after an interruption")
        }
        if snapshot.skipped > 0 {
            lines.append("\(Shown.count(snapshot.skipped)) skipped: landed before and unchanged")
        }
        for (reason, count) in snapshot.rejected.sorted(by: { $0.key < $1.key }) {
            lines.append("\(Shown.count(count)) to the dead-letter topic: \(reason)")
        }
        return lines.isEmpty ? ["nothing was sent again, skipped or rejected"] : lines
    }
}
