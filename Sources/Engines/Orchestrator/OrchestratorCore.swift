// What Swift callers and HTTP requests share: orders to the loop, and reads of the store.

import MillraceBase
import MillraceWorkflow

final class OrchestratorCore: Sendable {
    /// In the order they were given.
    let plans: [DAGPlan]
    let store: any MetadataStore
    let clock: WallClock
    let mailbox = Mailbox()
    let listeners = ChangeListeners()
    /// Milliseconds since 1970.
    let startedAt: Int64

    init(plans: [DAGPlan], store: any MetadataStore, clock: WallClock) {
        self.plans = plans
        self.store = store
        self.clock = clock
        startedAt = clock.milliseconds()
    }

    func plan(_ dagID: String) throws(OrchestratorError) -> DAGPlan {
        guard let plan = plans.first(where: { $0.id == dagID }) else { throw .unknownDAG(dagID) }
        return plan
    }

    /// Gives an order to the loop and waits until it is carried out and stored.
    func order(_ kind: Order.Kind) async throws(OrchestratorError) -> DAGRun? {
        let result = await withCheckedContinuation { continuation in
            mailbox.post(.order(Order(kind: kind, answer: continuation)))
        }
        return try result.get()
    }

    func trigger(_ request: TriggerRequest) async throws(OrchestratorError) -> DAGRun {
        guard let run = try await order(.trigger(request)) else { throw .stopping }
        return run
    }

    func stored(_ dagID: String, _ runID: String) async throws(OrchestratorError) -> StoredRun? {
        try await store.storedRun(dagID, runID, results: [:])
    }

    func existing(_ dagID: String, _ runID: String) async throws(OrchestratorError) -> StoredRun {
        _ = try plan(dagID)
        guard let stored = try await stored(dagID, runID) else {
            throw .unknownRun(dagID: dagID, runID: runID)
        }
        return stored
    }

    func wait(_ dagID: String, _ runID: String) async throws(OrchestratorError) -> DAGRun {
        // Listen first, look then: an end in between is heard.
        let ends = listeners.listen {
            $0.dagID == dagID && $0.runID == runID && $0.taskID == nil && $0.runState.isFinished
        }
        var run = try await existing(dagID, runID).run
        while !run.state.isFinished {
            var isHeard = false
            for await _ in ends {
                isHeard = true
                break
            }
            run = try await existing(dagID, runID).run
            if !isHeard { return run }
        }
        return run
    }
}
