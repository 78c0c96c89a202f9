// One setting of a topic, the broker or a group: its type, default, what values it takes.

/// A setting as Kafka documents it, and what of it is honoured here.
package struct TopicSetting: Sendable {
    /// Kafka's number for the type in DescribeConfigs.
    package enum Kind: Sendable, Equatable {
        case boolean
        case string
        case int(ClosedRange<Int64>)
        case long(ClosedRange<Int64>)
        case double(ClosedRange<Double>)
        /// One of these words.
        case choice([String])
        /// A comma-separated list of these words.
        case list([String])
        /// A comma-separated list of anything.
        case items
        /// Never shown.
        case password

        package var number: Int8 {
            switch self {
            case .boolean: 1
            case .choice, .string: 2
            case .int: 3
            case .long: 5
            case .double: 6
            case .list, .items: 7
            case .password: 9
            }
        }

        package var isList: Bool {
            switch self {
            case .list, .items: true
            case .boolean, .string, .int, .long, .double, .choice, .password: false
            }
        }
    }

    package var name: String
    package var kind: Kind
    package var defaultValue: String
    /// The broker's setting that gives the default; `nil` when there is none.
    package var brokerName: String?
    /// Whether that setting has the default itself. `log.retention.ms` has not: `log.retention.hours` has.
    package var brokerHasDefault = true
    package var documentation: String

    /// - Returns: why the value is not taken, in words; `nil` for a good one.
    package func fault(_ value: String) -> String? {
        switch kind {
        case .boolean:
            return ["true", "false"].contains(value.lowercased()) ? nil : "expected true or false"
        case .string, .password, .items: return nil
        case .int(let range), .long(let range):
            guard let number = Int64(value) else { return "expected a whole number" }
            return range.contains(number) ? nil : Self.outside(range)
        case .double(let range):
            guard let number = Double(value) else { return "expected a number" }
            return range.contains(number)
                ? nil : "expected \(range.lowerBound) to \(range.upperBound)"
        case .choice(let words):
            return words.contains(value)
                ? nil : "expected one of \(words.joined(separator: ", "))"
        case .list(let words):
            let given = TopicSetting.items(value)
            return given.allSatisfy(words.contains) && !(given.isEmpty && !value.isEmpty)
                ? nil : "expected a list of \(words.joined(separator: ", "))"
        }
    }

    private static func outside(_ range: ClosedRange<Int64>) -> String {
        if range.lowerBound == range.upperBound {
            return "only \(range.lowerBound) is honoured here"
        }
        let isOpen = [Int64.max, Int64(Int32.max)].contains(range.upperBound)
        return isOpen
            ? "Value must be at least \(range.lowerBound)"
            : "expected \(range.lowerBound) to \(range.upperBound)"
    }

    /// The words of a list setting.
    package static func items(_ value: String) -> [String] {
        value.split(separator: ",").map { word in
            String(word.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }
}
