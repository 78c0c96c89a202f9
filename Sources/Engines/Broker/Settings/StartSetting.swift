// A setting of the broker that is given when it starts, and where in its configuration it goes.

/// What is read from the properties, honoured and shown by DescribeConfigs are one entry of a table,
/// so that they cannot differ.
package struct StartSetting: Sendable {
    enum Content: Sendable {
        /// What is said, and how it comes into the configuration and out of it.
        case number(
            get: @Sendable (BrokerConfiguration) -> Int64,
            set: @Sendable (inout BrokerConfiguration, Int64) -> Void)
        case flag(any WritableKeyPath<BrokerConfiguration, Bool> & Sendable)
        /// Nothing else is honoured.
        case only(String)
        /// What topics have where they have no setting of their own. A unit of the topic's setting
        /// has so many units of it.
        case forTopics(TopicSetting, factor: Int64)
    }

    package var name: String
    /// What it says, for help and DescribeConfigs.
    package var documentation: String
    var kind: TopicSetting.Kind
    var content: Content

    /// - Returns: why a text is no value of it; `nil` for a good one.
    func fault(_ text: String) -> String? {
        switch content {
        case .only(let value):
            let isSame = TopicSetting.items(text) == TopicSetting.items(value)
            return isSame ? nil : "only \(value) is honoured here: \(documentation)"
        case .number, .flag:
            return faultOfKind(text)
        case .forTopics(let setting, _):
            // As Kafka: what is told at the start may be "never", but not "at once".
            if setting.name == "retention.ms", Int64(text) == 0 {
                return "expected -1 or at least 1"
            }
            return faultOfKind(text)
        }
    }

    private func faultOfKind(_ text: String) -> String? {
        guard
            let fault = TopicSetting(
                name: name, kind: kind, defaultValue: "", documentation: documentation
            ).fault(text)
        else { return nil }
        return "\"\(text)\" is no value of it: \(fault)"
    }

    /// Puts a good text into the configuration.
    func apply(_ text: String, to configuration: inout BrokerConfiguration) {
        switch content {
        case .number(_, let set): if let number = Int64(text) { set(&configuration, number) }
        case .flag(let path): configuration[keyPath: path] = text.lowercased() == "true"
        case .only, .forTopics: break
        }
        configuration.given[name] = text
    }

    /// The value a configuration has, as text; `nil` when there is none.
    func value(in configuration: BrokerConfiguration) -> String? {
        switch content {
        case .number(let get, _): String(get(configuration))
        case .flag(let path): String(configuration[keyPath: path])
        case .only(let value): value
        case .forTopics(let setting, let factor):
            configuration.given[name]
                ?? (factor == 1
                    ? (setting.brokerHasDefault ? setting.defaultValue : nil)
                    : Self.defaults[name])
        }
    }

    /// The value when none is given; `nil` when there is none.
    var defaultValue: String? { value(in: BrokerConfiguration(directory: "")) }

    /// Defaults of those with a factor: the others of the same meaning have none.
    private static let defaults = ["log.retention.hours": "168", "log.roll.hours": "168"]
}

// MARK: Making one

extension StartSetting {
    private static let intMax = Int64(Int32.max)

    static func int<Number: FixedWidthInteger & Sendable>(
        _ name: String, _ path: any WritableKeyPath<BrokerConfiguration, Number> & Sendable,
        _ range: ClosedRange<Int64>, _ documentation: String
    ) -> StartSetting {
        number(name, .int(range), path, documentation)
    }

    /// One from 1 on.
    static func int<Number: FixedWidthInteger & Sendable>(
        _ name: String, _ path: any WritableKeyPath<BrokerConfiguration, Number> & Sendable,
        _ documentation: String
    ) -> StartSetting {
        number(name, .int(1...intMax), path, documentation)
    }

    static func long<Number: FixedWidthInteger & Sendable>(
        _ name: String, _ path: any WritableKeyPath<BrokerConfiguration, Number> & Sendable,
        _ range: ClosedRange<Int64>, _ documentation: String
    ) -> StartSetting {
        number(name, .long(range), path, documentation)
    }

    private static func number<Number: FixedWidthInteger & Sendable>(
        _ name: String, _ kind: TopicSetting.Kind,
        _ path: any WritableKeyPath<BrokerConfiguration, Number> & Sendable, _ documentation: String
    ) -> StartSetting {
        StartSetting(
            name: name, documentation: documentation, kind: kind,
            content: .number(
                get: { Int64(clamping: $0[keyPath: path]) },
                set: { $0[keyPath: path] = Number(clamping: $1) }))
    }

    static func flag(
        _ name: String, _ path: any WritableKeyPath<BrokerConfiguration, Bool> & Sendable,
        _ documentation: String
    ) -> StartSetting {
        StartSetting(
            name: name, documentation: documentation, kind: .boolean, content: .flag(path))
    }

    static func only(
        _ name: String, _ kind: TopicSetting.Kind, _ value: some CustomStringConvertible,
        _ documentation: String
    ) -> StartSetting {
        StartSetting(
            name: name, documentation: documentation, kind: kind,
            content: .only(value.description))
    }

    /// - Parameter factor: how many milliseconds its unit has.
    static func topicTime(
        _ name: String, of setting: TopicSetting, factor: Int64, least: Int64,
        _ documentation: String
    ) -> StartSetting {
        StartSetting(
            name: name, documentation: documentation, kind: .int(least...intMax),
            content: .forTopics(setting, factor: factor))
    }
}
