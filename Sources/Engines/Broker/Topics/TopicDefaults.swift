// What topics take from the broker's own settings where they have none.

import KafkaProtocol

/// Settings of the broker, given at its start or changed while it ran, under the names topics know
/// them by. What was changed goes before what was given.
package struct TopicDefaults: Equatable, Sendable {
    package struct Value: Equatable, Sendable {
        enum Origin: Sendable {
            /// Changed for this broker alone, which goes before what was changed for all.
            case thisBroker
            case allBrokers
            case start
        }

        /// As the topic takes it.
        package var value: String
        var origin: Origin
        /// The broker's setting that says so, and what it says: `log.retention.hours`, `168`.
        var brokerName: String
        var brokerValue: String
    }

    /// What is in force, by the topic's name of the setting.
    package private(set) var values: [String: Value] = [:]
    /// What was given at the start, by the topic's name of the setting.
    private(set) var given: [String: Value] = [:]

    package init() {}

    /// - Parameter given: settings of the start, by the broker's names.
    package init(_ image: MetadataImage, nodeID: Int32, given: [String: String]) {
        self.given = Self.started(given)
        values = self.given
        let all = image.config(ConfigResource(.broker, ""))
        let own = image.config(ConfigResource(.broker, String(nodeID)))
        guard !(all.isEmpty && own.isEmpty) else { return }
        for setting in TopicSettings.all {
            guard let name = setting.brokerName, let value = own[name] ?? all[name] else {
                continue
            }
            values[setting.name] = Value(
                value: value, origin: own[name] == nil ? .allBrokers : .thisBroker,
                brokerName: name, brokerValue: value)
        }
    }

    private static func started(_ given: [String: String]) -> [String: Value] {
        var values: [String: Value] = [:]
        var factors: [String: Int64] = [:]
        for (name, text) in given {
            guard case .forTopics(let setting, let factor) = StartSetting.byName[name]?.content,
                factor < factors[setting.name] ?? .max
            else { continue }
            factors[setting.name] = factor
            values[setting.name] = Value(
                value: factor == 1 ? text : milliseconds(text, factor), origin: .start,
                brokerName: name, brokerValue: text)
        }
        return values
    }

    /// -1 is for ever in each unit.
    private static func milliseconds(_ text: String, _ factor: Int64) -> String {
        Int64(text).map { String($0 < 0 ? -1 : $0 * factor) } ?? text
    }

    /// - Returns: the settings in force for a topic with settings of its own.
    func effective(_ settings: [String: String]) -> [String: String] {
        if values.isEmpty { return settings }
        return values.mapValues(\.value).merging(settings) { _, own in own }
    }
}
