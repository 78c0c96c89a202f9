// What a load measured, as one line of JSON.

import MillraceBase

struct LoadResult {
    var records: Int
    var bytes: Int
    var microseconds: Int64
    var failed = 0
    var latency = LatencyHistogram()

    var json: String {
        let seconds = max(Double(microseconds) / 1e6, 1e-9)
        var text = "{\"records\": \(records), \"bytes\": \(bytes), \"seconds\": \(seconds), "
        text += "\"records_per_second\": \(Int(Double(records) / seconds)), "
        text += "\"megabytes_per_second\": \(Double(bytes) / seconds / 1e6), \"failed\": \(failed)"
        if latency.count > 0 {
            text +=
                ", \"latency_ms\": {\"p50\": \(milliseconds(0.5)), \"p99\": \(milliseconds(0.99)), "
            text +=
                "\"p999\": \(milliseconds(0.999)), \"max\": \(latency.longest / .milliseconds(1))}"
        }
        return text + "}"
    }

    private func milliseconds(_ share: Double) -> Double {
        (latency.percentile(share) ?? .zero) / .milliseconds(1)
    }
}
