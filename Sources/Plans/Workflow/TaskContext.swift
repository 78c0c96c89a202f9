// What a task's closure is given: the run it belongs to, its parameters, its log.

public import Foundation
public import MillraceBase

/// What the closures of a DAG get. A pipeline library makes a type of its own with its services in it.
public protocol TaskContext: Sendable {
    var invocation: TaskInvocation { get }
}

extension TaskContext {
    /// The value of a declared parameter in this run: what was given, or its default.
    public subscript<Value>(parameter: Parameter<Value>) -> Value {
        parameter.value(in: invocation.parameters)
    }

    /// Adds a line to the log of this try. Never log people's data or secrets.
    public func log(_ message: String) { invocation.log(message) }
}

/// One try of one task in one run.
public struct TaskInvocation: Sendable {
    public let dagID: String
    /// `manual__2026-11-23T10:00:00+00:00`, `scheduled__…`, or what the trigger gave.
    public let runID: String
    /// 1 for the DAG's first run, then 2, 3, …; kept for ever, never used twice. The same in a retry.
    public let runNumber: Int
    public let taskID: String
    /// 1 for the first try, also counting tries that ended because the process did.
    public let tryNumber: Int
    /// The tick of a scheduled run, the moment of the trigger otherwise.
    public let logicalDate: Date
    /// By name, defaults filled in, checked.
    public let parameters: [String: JSONValue]
    private let logLine: @Sendable (String) -> Void

    public init(
        dagID: String, runID: String, runNumber: Int, taskID: String, tryNumber: Int,
        logicalDate: Date, parameters: [String: JSONValue],
        log: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.dagID = dagID
        self.runID = runID
        self.runNumber = runNumber
        self.taskID = taskID
        self.tryNumber = tryNumber
        self.logicalDate = logicalDate
        self.parameters = parameters
        self.logLine = log
    }

    /// Whether the task was asked to stop: its time is up, or the orchestrator stops.
    public var isCancelled: Bool { Task.isCancelled }

    public func log(_ message: String) { logLine(message) }
}

/// Throw it from a task that has nothing to do: the task becomes `skipped`.
public struct SkipTask: Error, Equatable, CustomStringConvertible {
    public var reason: String
    public init(_ reason: String) { self.reason = reason }
    public var description: String { reason }
}

/// Throw it from a task that no further try can help: it fails at once, retries left or not.
public struct FailTask: Error, Equatable, CustomStringConvertible {
    public var reason: String
    public init(_ reason: String) { self.reason = reason }
    public var description: String { reason }
}
