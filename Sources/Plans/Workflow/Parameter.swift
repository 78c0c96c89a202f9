// A declared parameter of a DAG: its name, type, default and bounds.

import MillraceBase

/// A parameter as its DAG declared it. `run[parameter]` is its value in a run.
public struct Parameter<Value: Sendable>: Sendable {
    public let name: String
    public let defaultValue: Value
    private let read: @Sendable (JSONValue) -> Value?

    init(name: String, defaultValue: Value, read: @escaping @Sendable (JSONValue) -> Value?) {
        self.name = name
        self.defaultValue = defaultValue
        self.read = read
    }

    /// The default also for a run that was made before the parameter was declared as it is now.
    func value(in parameters: [String: JSONValue]) -> Value {
        parameters[name].flatMap(read) ?? defaultValue
    }
}

extension DAGBuilder {
    /// A whole number. Without bounds, any that fits 64 bits.
    public func parameter(
        _ name: String, default defaultValue: Int, in bounds: ClosedRange<Int>? = nil,
        description: String = ""
    ) -> Parameter<Int> {
        let kind = ParameterKind.integer(bounds)
        add(ParameterDefinition(name, kind, JSONValue(defaultValue), description))
        return Parameter(name: name, defaultValue: defaultValue) { $0.int }
    }

    public func parameter(
        _ name: String, default defaultValue: Double, in bounds: ClosedRange<Double>? = nil,
        description: String = ""
    ) -> Parameter<Double> {
        let kind = ParameterKind.number(bounds)
        add(ParameterDefinition(name, kind, JSONValue(defaultValue), description))
        return Parameter(name: name, defaultValue: defaultValue) { $0.double }
    }

    public func parameter(
        _ name: String, default defaultValue: Bool, description: String = ""
    ) -> Parameter<Bool> {
        add(ParameterDefinition(name, .boolean, .bool(defaultValue), description))
        return Parameter(name: name, defaultValue: defaultValue) { $0.bool }
    }

    /// - Parameter lengths: how many characters the text may have.
    public func parameter(
        _ name: String, default defaultValue: String, lengths: ClosedRange<Int>? = nil,
        description: String = ""
    ) -> Parameter<String> {
        add(ParameterDefinition(name, .text(lengths), .string(defaultValue), description))
        return Parameter(name: name, defaultValue: defaultValue) { $0.string }
    }

    /// One of some texts.
    public func parameter(
        _ name: String, default defaultValue: String, oneOf choices: [String],
        description: String = ""
    ) -> Parameter<String> {
        add(ParameterDefinition(name, .choice(choices), .string(defaultValue), description))
        return Parameter(name: name, defaultValue: defaultValue) { $0.string }
    }

    /// One of the cases of an enum, by its raw value.
    public func parameter<Choice>(
        _ name: String, default defaultValue: Choice, description: String = ""
    ) -> Parameter<Choice>
    where Choice: RawRepresentable & CaseIterable & Sendable, Choice.RawValue == String {
        let kind = ParameterKind.choice(Choice.allCases.map(\.rawValue))
        add(ParameterDefinition(name, kind, .string(defaultValue.rawValue), description))
        return Parameter(name: name, defaultValue: defaultValue) {
            $0.string.flatMap { Choice(rawValue: $0) }
        }
    }
}
