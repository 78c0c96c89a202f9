// One try of one task, from its inputs to its end.

import Foundation
import MillraceBase
import MillraceWorkflow
import Synchronization

/// Tells a running try that it is not wanted any more.
final class TryStop: Sendable {
    private let stream: AsyncStream<Void>
    private let source: AsyncStream<Void>.Continuation

    init() { (stream, source) = AsyncStream.makeStream(of: Void.self) }

    func ask() { source.finish() }

    /// Returns when asked, or when the waiting task is cancelled.
    func asked() async { for await _ in stream {} }
}

struct TaskExecution: Sendable {
    let runner: DAGRunner
    let store: any MetadataStore
    let run: DAGRun
    let id: TryID
    let log: TaskLog
    let stop: TryStop

    /// Runs the try. Its end is returned when the body has really ended: a body that does not look
    /// at cancellation is waited for, so that two tries of a task never run at once.
    func perform() async -> TryEnding {
        let plan = runner.plan.tasks[id.task]
        do {
            let inputs = try await inputs(plan)
            return .succeeded(try await race(inputs, plan))
        } catch let skip as SkipTask {
            log.add("skipped: \(skip.reason)")
            return .skipped(reason: skip.reason)
        } catch let failure as FailTask {
            log.add("failed: \(failure.reason)", level: .error)
            return .failed(reason: failure.reason, mayRetry: false)
        } catch is CancellationError where Task.isCancelled {
            return .interrupted
        } catch {
            // A body that wraps its cancellation in an error of its own was cancelled all the same.
            if Task.isCancelled { return .interrupted }
            log.add("failed: \(error)", level: .error)
            return .failed(reason: "\(error)", mayRetry: true)
        }
    }

    private func inputs(_ plan: TaskPlan) async throws(OrchestratorError) -> TaskInputs {
        guard !plan.inputIDs.isEmpty else { return TaskInputs([:]) }
        let results = try await store.results(run: run.key, taskIDs: plan.inputIDs)
        return TaskInputs(results.mapValues(\.json))
    }

    /// The first of: the body ends, its time is up, it is stopped.
    private func race(_ inputs: TaskInputs, _ plan: TaskPlan) async throws -> TaskOutput {
        let invocation = invocation(plan)
        return try await withThrowingTaskGroup(of: TaskOutput?.self) { group in
            group.addTask { try await runner.run(inputs, invocation) }
            group.addTask { [stop] in
                await stop.asked()
                return nil
            }
            if let timeout = plan.timeout {
                group.addTask {
                    try await Task.sleep(for: timeout)
                    throw TaskTimedOut(timeout: timeout)
                }
            }
            defer { group.cancelAll() }
            guard let output = try await group.next() else { throw CancellationError() }
            if let output { return output }
            if Task.isCancelled { throw CancellationError() }
            throw FailTask("stopped: the task was cleared or its run was marked")
        }
    }

    private func invocation(_ plan: TaskPlan) -> TaskInvocation {
        var parameters: [String: JSONValue] = [:]
        for member in run.parameters.object?.members ?? [] {
            parameters[member.name] = member.value
        }
        let date = Double(run.logicalDate ?? run.runAfter) / 1_000
        return TaskInvocation(
            dagID: run.dagID, runID: run.runID, runNumber: run.number, taskID: plan.id,
            tryNumber: id.number, logicalDate: Date(timeIntervalSince1970: date),
            parameters: parameters, log: { [log] in log.add($0) })
    }
}

/// A try took longer than its task allows. A further try may follow.
struct TaskTimedOut: Error, CustomStringConvertible {
    var timeout: Duration
    var description: String { "timed out after \(timeout)" }
}
