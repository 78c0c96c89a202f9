// The settings that one group can have of its own.
// Source: apache/kafka group-coordinator GroupConfig.java; KIP-848

/// Those of groups of KIP-848. Share and streams groups are not served, so their settings are refused.
package enum GroupSettings {
    package static let session = "consumer.session.timeout.ms"
    package static let heartbeat = "consumer.heartbeat.interval.ms"

    /// - Parameter rules: the broker's, which give the defaults and what a group may choose.
    package static func all(_ rules: GroupRules) -> [TopicSetting] {
        [
            TopicSetting(
                name: heartbeat, kind: .int(rules.heartbeat.allowed),
                defaultValue: String(rules.heartbeat.standard),
                brokerName: "group.consumer.heartbeat.interval.ms",
                documentation: "How often members say that they are alive."),
            TopicSetting(
                name: session, kind: .int(rules.session.allowed),
                defaultValue: String(rules.session.standard),
                brokerName: "group.consumer.session.timeout.ms",
                documentation: "How long a silent member stays in the group."),
        ]
    }

    static func byName(_ rules: GroupRules) -> [String: TopicSetting] {
        Dictionary(uniqueKeysWithValues: all(rules).map { ($0.name, $0) })
    }

    package static func fault(_ settings: [String: String], _ rules: GroupRules) -> String? {
        let known = byName(rules)
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            guard let setting = known[name] else { return "Unknown group config name: \(name)" }
            if let fault = setting.fault(value) {
                return "Invalid value \(value) for configuration \(name): \(fault)"
            }
        }
        let together = rules.overridden(by: settings)
        guard together.heartbeat.standard < together.session.standard else {
            return "\(session) must be greater than \(heartbeat)"
        }
        return nil
    }
}
