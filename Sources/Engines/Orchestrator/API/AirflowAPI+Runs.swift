// Calls about runs: trigger, list, get, wait, mark, clear, delete.

import MillraceBase
import MillraceWorkflow

extension AirflowAPI {
    /// `/dags/{dag_id}/dagRuns…`; `~` as DAG means all of them.
    func runs(_ dagID: String, _ request: AirflowRequest) async throws -> AirflowAnswer {
        let rest = Array(request.path.dropFirst(3))
        switch (request.method, rest) {
        case (.get, []), (.head, []):
            return .ok(try await list(try query(request, dagID: dagID == "~" ? nil : dagID)))
        case (.post, []):
            return .ok(try await trigger(try core.plan(dagID), request))
        case (.post, ["list"]): return .ok(try await list(try bodyQuery(request)))
        case (_, []), (_, ["list"]): throw AirflowRefusal.methodNotAllowed
        default: break
        }
        let runID = rest[0]
        if rest.count >= 2, rest[1] == "taskInstances" {
            return try await taskInstances(dagID, runID, request)
        }
        switch (request.method, Array(rest.dropFirst())) {
        case (.get, []), (.head, []):
            return .ok(AirflowJSON.run(try await core.existing(dagID, runID).run))
        case (.get, ["wait"]): return try await wait(dagID, runID, request)
        case (.patch, []): return .ok(try await patchRun(dagID, runID, request))
        case (.post, ["clear"]): return .ok(try await clearRun(dagID, runID, request))
        case (.delete, []):
            _ = try await core.order(.delete(dagID: dagID, runID: runID))
            return .noContent
        case (_, []), (_, ["wait"]), (_, ["clear"]): throw AirflowRefusal.methodNotAllowed
        default: throw AirflowRefusal.notFound
        }
    }

    private func trigger(_ plan: DAGPlan, _ request: AirflowRequest) async throws -> JSONValue {
        let body = request.body ?? [:]
        guard body.object != nil else {
            throw AirflowRefusal.invalid("body", "The body is a JSON object")
        }
        var wish = TriggerRequest(dagID: plan.id)
        wish.runID = try text("dag_run_id", in: body)
        wish.note = try text("note", in: body)
        if let date = try text("logical_date", in: body) {
            guard let moment = Moment.milliseconds(date) else {
                throw AirflowRefusal.invalid(
                    "logical_date", "logical_date is a moment with a time zone, as in RFC 3339")
            }
            wish.logicalDate = moment
        }
        if let conf = body["conf"], !conf.isNull {
            guard conf.object != nil else {
                throw AirflowRefusal.invalid("conf", "conf is an object of params by name")
            }
            wish.configuration = conf
        }
        return AirflowJSON.run(try await core.trigger(wish))
    }

    private func text(_ field: String, in body: JSONValue) throws(AirflowRefusal) -> String? {
        guard let value = body[field], !value.isNull else { return nil }
        guard let text = value.string else { throw .invalid(field, "\(field) is a text") }
        return text
    }

    private func list(_ query: RunQuery) async throws -> JSONValue {
        if let dagID = query.dagID { _ = try core.plan(dagID) }
        let page = try await core.store.runs(query)
        return [
            "dag_runs": .array(page.items.map { AirflowJSON.run($0) }),
            "total_entries": JSONValue(page.total),
        ]
    }

    private func query(
        _ request: AirflowRequest, dagID: String?
    ) throws(AirflowRefusal) -> RunQuery {
        let page = try request.page()
        var query = RunQuery(dagID: dagID, limit: page.limit)
        query.offset = page.offset
        query.states = try states(request.values("state"))
        if let order = request.order.first {
            query.order = try Self.order(order.name)
            query.isDescending = order.isDescending
        }
        return query
    }

    private func bodyQuery(_ request: AirflowRequest) throws(AirflowRefusal) -> RunQuery {
        let body = request.body ?? [:]
        let limit = body["page_limit"]?.int ?? OrchestratorLimits.pageItemsDefault
        let offset = body["page_offset"]?.int ?? 0
        guard (0...OrchestratorLimits.pageItemsMax).contains(limit), offset >= 0 else {
            throw .invalid("page_limit", "0 to \(OrchestratorLimits.pageItemsMax)")
        }
        var query = RunQuery(limit: limit)
        query.offset = offset
        query.states = try states((body["states"]?.array ?? []).compactMap(\.string))
        let dagIDs = (body["dag_ids"]?.array ?? []).compactMap(\.string)
        guard dagIDs.count <= 1 else { throw .invalid("dag_ids", "One DAG, or none for all") }
        query.dagID = dagIDs.first
        if let order = body["order_by"]?.string {
            query.isDescending = order.hasPrefix("-")
            query.order = try Self.order(order.hasPrefix("-") ? String(order.dropFirst()) : order)
        }
        return query
    }

    private func states(_ names: [String]) throws(AirflowRefusal) -> [RunState] {
        var states: [RunState] = []
        for name in names {
            guard let state = RunState(rawValue: name) else {
                let known = RunState.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalid(
                    "state", "Invalid value for state. Valid values are \(known)", in: "query")
            }
            states.append(state)
        }
        return states
    }

    private static func order(_ name: String) throws(AirflowRefusal) -> RunQuery.Order {
        if name == "run_id" { return .runID }
        guard let order = RunQuery.Order(rawValue: name) else {
            throw AirflowRefusal(
                400,
                "Ordering with '\(name)' is disallowed or the attribute does not exist on the model"
            )
        }
        return order
    }

    /// One line at once, one whenever the interval has passed, and one with the end.
    private func wait(
        _ dagID: String, _ runID: String, _ request: AirflowRequest
    ) async throws -> AirflowAnswer {
        let first = try await core.existing(dagID, runID).run
        let seconds = request.value("interval").flatMap { Double($0) } ?? 1
        guard seconds > 0, .seconds(seconds) <= OrchestratorLimits.waitIntervalMax else {
            throw AirflowRefusal.invalid(
                "interval", "interval is seconds, more than 0", in: "query")
        }
        let wanted = request.values("result")
        let watch = RunWatch(core: core, run: first, interval: .seconds(seconds), results: wanted)
        return AirflowAnswer(status: 200, body: .lines(watch.lines()))
    }

    private func patchRun(
        _ dagID: String, _ runID: String, _ request: AirflowRequest
    ) async throws -> JSONValue {
        let body = request.body ?? [:]
        let mask = request.values("update_mask")
        func isMeant(_ field: String) -> Bool {
            body[field] != nil && (mask.isEmpty || mask.contains(field))
        }
        var run = try await core.existing(dagID, runID).run
        if isMeant("state"), let name = body["state"]?.string {
            guard let state = RunState(rawValue: name), state != .running else {
                throw AirflowRefusal.invalid("state", "state is queued, success or failed")
            }
            run = try await core.order(.mark(dagID: dagID, runID: runID, state)) ?? run
        }
        if isMeant("note") {
            let note = try text("note", in: body)
            run = try await core.order(.setNote(dagID: dagID, runID: runID, note)) ?? run
        }
        return AirflowJSON.run(run)
    }
}
