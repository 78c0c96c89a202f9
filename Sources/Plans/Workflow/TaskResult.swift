// Results of tasks as JSON: written when a task ends, read when another starts.

import Foundation
import MillraceBase

package typealias TaskBody<Context> = @Sendable (TaskInputs, Context) async throws -> TaskOutput

/// What a task left behind.
package enum TaskOutput: Sendable, Equatable {
    case nothing
    /// A result as JSON text, not larger than `WorkflowLimits.resultBytesMax`.
    case result([UInt8])
    /// The ids that a branch chose.
    case branch([String])
    /// Whether what follows shall run.
    case shortCircuit(Bool)

    /// - Throws: `FailTask` when the value has no JSON, or too much of it.
    init(encoding value: some Encodable) throws(FailTask) {
        let data: Data
        do { data = try JSONEncoder().encode(value) } catch {
            throw FailTask("the result cannot be written as JSON: \(error)")
        }
        guard data.count <= WorkflowLimits.resultBytesMax else {
            throw FailTask(
                "the result has \(data.count) bytes, more than the \(WorkflowLimits.resultBytesMax)"
                    + " that a result may have; return a name or a count of it instead")
        }
        self = .result(Array(data))
    }

    /// What is kept and handed on; `nil` for nothing.
    package var json: [UInt8]? {
        switch self {
        case .nothing: nil
        case .result(let bytes): bytes
        case .branch(let ids): JSONValue.array(ids.map { .string($0) }).bytes
        case .shortCircuit(let goesOn): JSONValue.bool(goesOn).bytes
        }
    }
}

/// The results that a task takes, by the id of the task that made them.
package struct TaskInputs: Sendable {
    private let results: [String: [UInt8]]

    /// - Parameter results: JSON by task id, of those tasks that succeeded with a result.
    package init(_ results: [String: [UInt8]]) { self.results = results }

    /// - Throws: `FailTask` when there is no result, or one of another type (an older program's).
    func value<Value: Decodable>(of task: TaskHandle<Value>) throws(FailTask) -> Value {
        guard let bytes = results[task.id] else {
            throw FailTask(
                "the task needs the result of \"\(task.id)\", which has none: it did not succeed")
        }
        do { return try JSONDecoder().decode(Value.self, from: Data(bytes)) } catch {
            throw FailTask("the result of \"\(task.id)\" is no \(Value.self): \(error)")
        }
    }

    func values<Value: Decodable>(of tasks: [TaskHandle<Value>]) throws(FailTask) -> [Value] {
        var values: [Value] = []
        for task in tasks where results[task.id] != nil { values.append(try value(of: task)) }
        return values
    }
}
