// What an order needs to know from the store before the machine decides about it.

import MillraceBase
import MillraceWorkflow

extension SchedulerLoop {
    func apply(
        _ kind: Order.Kind, to next: inout SchedulerMachine, now: Int64,
        _ step: inout SchedulerStep
    ) async -> Result<DAGRun?, OrchestratorError> {
        do throws(OrchestratorError) {
            switch kind {
            case .trigger(let request):
                return .success(try await trigger(request, &next, now, &step))
            case .setPaused(let dagID, let isPaused):
                try next.setPaused(dagID, isPaused, now: now, &step)
                return .success(nil)
            case .clear(let dagID, let runID, let tasks):
                let stored = try await stored(dagID, runID, next)
                return .success(try next.clear(stored, tasks, now: now, &step))
            case .mark(let dagID, let runID, let state):
                let stored = try await stored(dagID, runID, next)
                return .success(try next.mark(stored, state, now: now, &step))
            case .setNote(let dagID, let runID, let note):
                let stored = try await stored(dagID, runID, next)
                return .success(next.setNote(stored, note, &step))
            case .delete(let dagID, let runID):
                try next.delete(try await stored(dagID, runID, next).run, &step)
                return .success(nil)
            }
        } catch {
            return .failure(error)
        }
    }

    private func trigger(
        _ request: TriggerRequest, _ next: inout SchedulerMachine, _ now: Int64,
        _ step: inout SchedulerStep
    ) async throws(OrchestratorError) -> DAGRun {
        guard let given = request.runID else {
            // Ids made before the clock was set back may still be there.
            while true {
                let runID = next.newRunID(now: now)
                let conflict = try await conflict(request, runID, next)
                guard let conflict else {
                    return try next.trigger(request, runID: runID, now: now, &step)
                }
                if !conflict.isOfRunID { throw .runExists(conflict.words) }
            }
        }
        try Self.check(given)
        if let conflict = try await conflict(request, given, next) {
            throw .runExists(conflict.words)
        }
        return try next.trigger(request, runID: given, now: now, &step)
    }

    /// Runs of this round are not in the store yet, so the machine is asked as well.
    private func conflict(
        _ request: TriggerRequest, _ runID: String, _ next: SchedulerMachine
    ) async throws(OrchestratorError) -> RunConflict? {
        if let conflict = next.conflict(request.dagID, runID, request.logicalDate) {
            return conflict
        }
        return try await store.conflict(
            request.dagID, runID: runID, logicalDate: request.logicalDate)
    }

    private func stored(
        _ dagID: String, _ runID: String, _ next: SchedulerMachine
    ) async throws(OrchestratorError) -> StoredRun {
        if let active = next.activeRun(dagID, runID) { return active }
        _ = try next.plan(dagID)
        guard
            let stored = try await store.storedRun(
                dagID, runID, results: next.plans.mapValues(\.choosingTaskIDs))
        else { throw .unknownRun(dagID: dagID, runID: runID) }
        return stored
    }

    /// Source: Airflow's `allowed_run_id_pattern`.
    private static func check(_ runID: String) throws(OrchestratorError) {
        let isAllowed = runID.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil)
                || "_.~:+-".unicodeScalars.contains($0)
        }
        guard isAllowed, (1...WorkflowLimits.idCharactersMax).contains(runID.count) else {
            throw .badRequest(
                "The run_id provided '\(runID.prefix(WorkflowLimits.idCharactersMax))' does not match "
                    + "regex pattern: '^[A-Za-z0-9_.~:+-]{1,\(WorkflowLimits.idCharactersMax)}$'")
        }
    }
}

/// What stands in the way of a new run.
package struct RunConflict: Sendable, Equatable {
    /// The run's id is taken; false: its logical date is.
    package var isOfRunID: Bool
    package var words: String

    package init(dagID: String, runID: String) {
        isOfRunID = true
        words = "DAGRun with DAG ID: '\(dagID)' and DAGRun ID: '\(runID)' already exists"
    }

    package init(dagID: String, logicalDate: Int64) {
        isOfRunID = false
        words =
            "DAGRun with DAG ID: '\(dagID)' and logical date "
            + "'\(Moment.text(milliseconds: logicalDate))' already exists"
    }
}

extension SchedulerMachine {
    func conflict(_ dagID: String, _ runID: String, _ logicalDate: Int64?) -> RunConflict? {
        for active in runs.values where active.run.dagID == dagID {
            if active.run.runID == runID { return RunConflict(dagID: dagID, runID: runID) }
            if let logicalDate, active.run.logicalDate == logicalDate {
                return RunConflict(dagID: dagID, logicalDate: logicalDate)
            }
        }
        return nil
    }
}

extension DAGPlan {
    /// The tasks whose results decide about others.
    var choosingTaskIDs: [String] { tasks.filter { $0.kind != .task }.map(\.id) }
}
