// What topics take from the broker's own settings where they have none.

import KafkaProtocol

/// Settings that were changed on the broker while it ran, under the names topics know them by.
package struct TopicDefaults: Equatable, Sendable {
    package struct Value: Equatable, Sendable {
        package var value: String
        /// Whether it was set for this broker alone, which goes before what was set for all.
        package var isForThisBroker: Bool
    }

    /// By the topic's name of the setting.
    package private(set) var values: [String: Value] = [:]

    package init() {}

    package init(_ image: MetadataImage, nodeID: Int32) {
        let all = image.config(ConfigResource(.broker, ""))
        let own = image.config(ConfigResource(.broker, String(nodeID)))
        guard !(all.isEmpty && own.isEmpty) else { return }
        for setting in TopicSettings.all {
            guard let name = setting.brokerName else { continue }
            if let value = own[name] {
                values[setting.name] = Value(value: value, isForThisBroker: true)
            } else if let value = all[name] {
                values[setting.name] = Value(value: value, isForThisBroker: false)
            }
        }
    }

    /// - Returns: the settings in force for a topic with settings of its own.
    func effective(_ settings: [String: String]) -> [String: String] {
        if values.isEmpty { return settings }
        return values.mapValues(\.value).merging(settings) { _, own in own }
    }
}
