// The settings that one group can have of its own.
// Source: apache/kafka group-coordinator GroupConfig.java; KIP-848

/// Those of groups of KIP-848. Share and streams groups are not served, so their settings are refused.
package enum GroupSettings {
    /// A setting's default, and what a group may choose.
    package struct Range: Sendable {
        package var standard: Int64
        package var allowed: ClosedRange<Int64>
    }

    package static let session = "consumer.session.timeout.ms"
    package static let heartbeat = "consumer.heartbeat.interval.ms"
    package static let sessionMilliseconds = Range(standard: 45_000, allowed: 6_000...60_000)
    package static let heartbeatMilliseconds = Range(standard: 5_000, allowed: 500...15_000)

    package static let all: [TopicSetting] = [
        TopicSetting(
            name: heartbeat, kind: .int(heartbeatMilliseconds.allowed),
            defaultValue: String(heartbeatMilliseconds.standard),
            brokerName: "group.consumer.heartbeat.interval.ms",
            documentation: "How often members say that they are alive."),
        TopicSetting(
            name: session, kind: .int(sessionMilliseconds.allowed),
            defaultValue: String(sessionMilliseconds.standard),
            brokerName: "group.consumer.session.timeout.ms",
            documentation: "How long a silent member stays in the group."),
    ]

    static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    package static func fault(_ settings: [String: String]) -> String? {
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            guard let setting = byName[name] else { return "Unknown group config name: \(name)" }
            if let fault = setting.fault(value) {
                return "Invalid value \(value) for configuration \(name): \(fault)"
            }
        }
        return nil
    }
}

extension MetadataImage {
    /// Milliseconds after which a silent member of a KIP-848 group is gone.
    package func groupSessionMilliseconds(_ groupID: String) -> Int64 {
        number(groupID, GroupSettings.session) ?? GroupSettings.sessionMilliseconds.standard
    }

    /// Milliseconds between the heartbeats of a KIP-848 group's members.
    package func groupHeartbeatMilliseconds(_ groupID: String) -> Int64 {
        number(groupID, GroupSettings.heartbeat) ?? GroupSettings.heartbeatMilliseconds.standard
    }

    private func number(_ groupID: String, _ name: String) -> Int64? {
        configs[ConfigResource(.group, groupID)]?[name].flatMap { Int64($0) }
    }
}
