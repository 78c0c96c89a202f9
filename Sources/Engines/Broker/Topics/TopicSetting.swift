// One setting of a topic: its type, default, what values it takes.

/// A topic setting as Kafka documents it, and what of it is honoured here.
package struct TopicSetting: Sendable {
    /// Kafka's number for the type in DescribeConfigs.
    package enum Kind: Sendable, Equatable {
        case boolean
        case int(ClosedRange<Int64>)
        case long(ClosedRange<Int64>)
        case double(ClosedRange<Double>)
        /// One of these words.
        case choice([String])
        /// A comma-separated list of these words.
        case list([String])

        package var number: Int8 {
            switch self {
            case .boolean: 1
            case .choice: 2
            case .int: 3
            case .long: 5
            case .double: 6
            case .list: 7
            }
        }
    }

    package var name: String
    package var kind: Kind
    package var defaultValue: String
    /// The broker's setting that gives the default, for the synonyms in DescribeConfigs.
    package var brokerName: String
    package var documentation: String

    /// - Returns: why the value is not taken, in words; `nil` for a good one.
    package func fault(_ value: String) -> String? {
        switch kind {
        case .boolean:
            return value == "true" || value == "false" ? nil : "expected true or false"
        case .int(let range), .long(let range):
            guard let number = Int64(value) else { return "expected a whole number" }
            return range.contains(number) ? nil : "expected \(range.lowerBound) or more"
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

    /// The words of a list setting.
    package static func items(_ value: String) -> [String] {
        value.split(separator: ",").map { word in
            String(word.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }
}
