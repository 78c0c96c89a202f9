// The check of a run's configuration against the declared parameters.

package import MillraceBase

/// What values a parameter takes.
package enum ParameterKind: Sendable, Equatable {
    case integer(ClosedRange<Int>?)
    case number(ClosedRange<Double>?)
    case boolean
    /// How many characters.
    case text(ClosedRange<Int>?)
    case choice([String])

    /// Half a sentence for people: "a whole number from 1 to 1000000".
    package var words: String {
        switch self {
        case .integer(nil): "a whole number"
        case .integer(let bounds?):
            "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)"
        case .number(nil): "a number"
        case .number(let bounds?): "a number from \(bounds.lowerBound) to \(bounds.upperBound)"
        case .boolean: "true or false"
        case .text(nil): "a text"
        case .text(let bounds?):
            "a text of \(bounds.lowerBound) to \(bounds.upperBound) characters"
        case .choice(let choices): "one of " + choices.map { "\"\($0)\"" }.joined(separator: ", ")
        }
    }

    func takes(_ value: JSONValue) -> Bool {
        switch self {
        case .integer(let bounds): value.int.map { bounds?.contains($0) ?? true } ?? false
        case .number(let bounds): value.double.map { bounds?.contains($0) ?? true } ?? false
        case .boolean: value.bool != nil
        case .text(let bounds): value.string.map { bounds?.contains($0.count) ?? true } ?? false
        case .choice(let choices): value.string.map { choices.contains($0) } ?? false
        }
    }

    /// As JSON Schema, which is how Airflow's API shows a parameter.
    package var schema: JSONValue {
        switch self {
        case .integer(nil): ["type": "integer"]
        case .integer(let bounds?):
            [
                "type": "integer", "minimum": JSONValue(bounds.lowerBound),
                "maximum": JSONValue(bounds.upperBound),
            ]
        case .number(nil): ["type": "number"]
        case .number(let bounds?):
            [
                "type": "number", "minimum": JSONValue(bounds.lowerBound),
                "maximum": JSONValue(bounds.upperBound),
            ]
        case .boolean: ["type": "boolean"]
        case .text(nil): ["type": "string"]
        case .text(let bounds?):
            [
                "type": "string", "minLength": JSONValue(bounds.lowerBound),
                "maxLength": JSONValue(bounds.upperBound),
            ]
        case .choice(let choices):
            ["type": "string", "enum": .array(choices.map { .string($0) })]
        }
    }
}

package struct ParameterDefinition: Sendable, Equatable {
    package let name: String
    package let kind: ParameterKind
    package let defaultValue: JSONValue
    package let description: String

    init(_ name: String, _ kind: ParameterKind, _ defaultValue: JSONValue, _ description: String) {
        self.name = name
        self.kind = kind
        self.defaultValue = defaultValue
        self.description = description
    }

    var problem: DAGError.Problem? {
        kind.takes(defaultValue) ? nil : .badDefault(parameter: name, takes: kind.words)
    }
}

/// A configuration that the DAG's parameters do not take; says the parameter and its bounds.
package struct ParameterError: Error, Equatable, Sendable, CustomStringConvertible {
    package let parameter: String?
    package let description: String
}

extension DAGPlan {
    /// Checks what a run was given, and fills in the defaults.
    ///
    /// - Parameter configuration: an object by parameter name; `nil` or null for none.
    /// - Returns: a value for every parameter, by its name.
    package func parameterValues(
        for configuration: JSONValue?
    ) throws(ParameterError) -> [String: JSONValue] {
        var values = Dictionary(
            parameters.map { ($0.name, $0.defaultValue) }, uniquingKeysWith: { first, _ in first })
        guard let configuration, !configuration.isNull else { return values }
        guard let object = configuration.object else {
            throw ParameterError(
                parameter: nil, description: "the configuration (conf) is not a JSON object")
        }
        for (name, value) in object.members {
            guard let definition = parameters.first(where: { $0.name == name }) else {
                let known = parameters.map { "\"\($0.name)\"" }.joined(separator: ", ")
                throw ParameterError(
                    parameter: name,
                    description:
                        "Invalid input for param \(name): DAG \"\(id)\" has no such param; "
                        + (known.isEmpty ? "it has none" : "it has \(known)"))
            }
            guard definition.kind.takes(value) else {
                let shown = value.text.count <= 40 ? value.text : "the given value"
                throw ParameterError(
                    parameter: name,
                    description: "Invalid input for param \(name): \(shown) is not "
                        + definition.kind.words)
            }
            values[name] = value
        }
        return values
    }
}
