// Progress as JSON, histograms included, so that a command elsewhere can take differences.

import MillraceBase

extension StageProgress.Snapshot {
    var json: JSONValue {
        let stages = Stage.allCases.map { stage -> (name: String, value: JSONValue) in
            let counters = self.stages[stage] ?? .init()
            return (
                stage.rawValue,
                ["count": JSONValue(Int(counters.count)), "latency": counters.latency.json]
            )
        }
        let rejected = rejected.sorted { $0.key < $1.key }
            .map { (name: $0.key, value: JSONValue(Int($0.value))) }
        return [
            "stages": .object(JSONObject(stages)), "resent": JSONValue(Int(resent)),
            "skipped": JSONValue(Int(skipped)), "rejected": .object(JSONObject(rejected)),
        ]
    }

    init(json: JSONValue) {
        self.init()
        for stage in Stage.allCases {
            let counters = json["stages"]?[stage.rawValue]
            stages[stage] = .init()
            stages[stage]?.count = counters?["count"]?.int ?? 0
            stages[stage]?.latency =
                counters?["latency"].flatMap { LatencyHistogram(json: $0) } ?? .init()
        }
        resent = json["resent"]?.int ?? 0
        skipped = json["skipped"]?.int ?? 0
        for (reason, count) in json["rejected"]?.object?.members ?? [] {
            rejected[reason] = count.int ?? 0
        }
    }

    /// What came after `earlier`.
    func since(_ earlier: Self) -> Self {
        var rest = self
        for stage in Stage.allCases {
            let old = earlier.stages[stage] ?? .init()
            rest.stages[stage, default: .init()].count -= old.count
            if let latency = stages[stage]?.latency {
                rest.stages[stage]?.latency = latency.since(old.latency)
            }
        }
        rest.resent -= earlier.resent
        rest.skipped -= earlier.skipped
        rest.rejected = rejected.reduce(into: [:]) { reasons, item in
            let more = item.value - (earlier.rejected[item.key] ?? 0)
            if more > 0 { reasons[item.key] = more }
        }
        return rest
    }
}
