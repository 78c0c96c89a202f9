// The counters in Prometheus' text format, version 0.0.4.

import MillraceBase

enum MetricsText {
    static func of(_ snapshot: StageProgress.Snapshot) -> String {
        var lines = [
            "# HELP millrace_people_total People that passed a stage since the stack started.",
            "# TYPE millrace_people_total counter",
        ]
        for stage in Stage.allCases {
            lines.append(
                "millrace_people_total{stage=\"\(stage.rawValue)\"} \(snapshot.count(stage))")
        }
        lines += [
            "# HELP millrace_latency_seconds Time from the fetch to the end of a stage.",
            "# TYPE millrace_latency_seconds summary",
        ]
        for stage in Stage.allCases {
            guard let latency = snapshot.stages[stage]?.latency, latency.count > 0 else { continue }
            for share in [0.5, 0.99] {
                let seconds = (latency.percentile(share) ?? .zero).milliseconds / 1_000
                lines.append(
                    "millrace_latency_seconds{stage=\"\(stage.rawValue)\",quantile=\"\(share)\"} \(seconds)"
                )
            }
            lines.append(
                "millrace_latency_seconds_count{stage=\"\(stage.rawValue)\"} \(latency.count)")
        }
        lines += [
            "# HELP millrace_resent_total People sent to the topic again.",
            "# TYPE millrace_resent_total counter", "millrace_resent_total \(snapshot.resent)",
            "# HELP millrace_skipped_total People landed before and unchanged.",
            "# TYPE millrace_skipped_total counter", "millrace_skipped_total \(snapshot.skipped)",
            "# HELP millrace_rejected_total Records sent to a dead-letter topic.",
            "# TYPE millrace_rejected_total counter",
        ]
        for (reason, count) in snapshot.rejected.sorted(by: { $0.key < $1.key }) {
            let shown = reason.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
                .replacing("\n", with: "\\n")
            lines.append("millrace_rejected_total{reason=\"\(shown)\"} \(count)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
