// The lines of the call that waits for the end of a run.

import MillraceBase
import MillraceWorkflow

/// `{"state":"running"}` … `{"state":"success","results":{"task":…}}`.
struct RunWatch: Sendable {
    let core: OrchestratorCore
    let run: DAGRun
    /// The longest silence; the end itself is told at once.
    let interval: Duration
    /// The tasks whose results come with the end.
    let results: [String]

    /// Lines are made while they are asked for; a client that leaves ends them.
    func lines() -> AsyncStream<JSONValue> {
        let steps = WatchSteps(watch: self)
        return AsyncStream { await steps.next() }
    }

    fileprivate func line(_ run: DAGRun) async -> JSONValue {
        var line: JSONObject = ["state": .string(run.state.rawValue)]
        if run.state.isFinished, !results.isEmpty,
            let stored = try? await core.store.results(run: run.key, taskIDs: results)
        {
            let values = results.map { taskID -> (name: String, value: JSONValue) in
                let value = stored[taskID].flatMap { try? JSONValue(parsing: $0.json) }
                return (taskID, value ?? .null)
            }
            line["results"] = .object(JSONObject(values))
        }
        return .object(line)
    }

    /// The run after the interval, or sooner when it is over.
    fileprivate func later() async -> DAGRun? {
        guard !core.listeners.isFinished else { return nil }
        return await withTaskGroup(of: DAGRun?.self) { group in
            group.addTask { try? await core.wait(run.dagID, run.runID) }
            group.addTask {
                guard (try? await Task.sleep(for: interval)) != nil else { return nil }
                return try? await core.stored(run.dagID, run.runID)?.run
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}

private actor WatchSteps {
    private let watch: RunWatch
    private var isFirst = true
    private var isOver = false

    init(watch: RunWatch) { self.watch = watch }

    func next() async -> JSONValue? {
        guard !isOver, !Task.isCancelled else { return nil }
        let run = isFirst ? watch.run : await watch.later()
        isFirst = false
        guard let run else {
            isOver = true
            return nil
        }
        isOver = run.state.isFinished
        return await watch.line(run)
    }
}
