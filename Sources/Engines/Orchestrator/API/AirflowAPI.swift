// The calls of Airflow's REST API v2 that we answer.
// Source: apache-airflow-client 3.3.2; reference/orchestrator.md, section 5.

import MillraceBase
import MillraceWorkflow

/// From a request to its answer. Reads come from the store, changes go through the scheduler's loop.
struct AirflowAPI: Sendable {
    /// From 3.0 on clients choose the second version of the API.
    static let version = "3.3.2+millrace"

    let core: OrchestratorCore

    func answer(_ request: AirflowRequest) async throws(AirflowRefusal) -> AirflowAnswer {
        do {
            let path = request.path
            if path.first == "auth" { return try authenticate(request) }
            guard path.count >= 3, path[0] == "api", path[1] == "v2" else {
                throw AirflowRefusal.notFound
            }
            var request = request
            request.path = Array(path.dropFirst(2))
            switch request.path[0] {
            case "version", "monitor", "importErrors", "dagStats", "dagTags":
                return try await general(request)
            case "dags": return try await dags(request)
            default: throw AirflowRefusal.notFound
            }
        } catch let refusal as AirflowRefusal {
            throw refusal
        } catch let error as OrchestratorError {
            throw AirflowRefusal(error)
        } catch {
            throw AirflowRefusal(500, "\(error)")
        }
    }

    /// Whoever reaches this port is let in: it is bound to the loopback address, and what runs as the
    /// same user may do the same. The call is answered for clients that log in first.
    private func authenticate(_ request: AirflowRequest) throws(AirflowRefusal) -> AirflowAnswer {
        guard request.path == ["auth", "token"] else { throw .notFound }
        switch request.method {
        case .get, .head: break
        case .post:
            for field in ["username", "password"] where request.body?[field]?.string == nil {
                throw .invalid(field, "Field required")
            }
        case .patch, .delete: throw .methodNotAllowed
        }
        return AirflowAnswer(status: 201, body: .json(["access_token": "millrace-loopback"]))
    }

    private func general(_ request: AirflowRequest) async throws -> AirflowAnswer {
        guard request.method == .get || request.method == .head else {
            throw AirflowRefusal.methodNotAllowed
        }
        switch request.path {
        case ["version"]:
            return .ok(["version": .string(Self.version), "git_version": nil])
        case ["monitor", "health"]: return .ok(health)
        case ["importErrors"]: return .ok(["import_errors": [], "total_entries": 0])
        case ["dagStats"]: return .ok(try await stats(request))
        case ["dagTags"]:
            let tags = Set(core.plans.flatMap(\.tags)).sorted()
            return .ok([
                "tags": .array(tags.map { .string($0) }), "total_entries": JSONValue(tags.count),
            ])
        default: throw AirflowRefusal.notFound
        }
    }

    /// The loop is event-driven and in this process: when this is answered, it lives.
    private var health: JSONValue {
        let now = JSONValue.string(Moment.text(milliseconds: core.clock.milliseconds()))
        return [
            "metadatabase": ["status": "healthy"],
            "scheduler": ["status": "healthy", "latest_scheduler_heartbeat": now],
            "triggerer": ["status": nil, "latest_triggerer_heartbeat": nil],
            "dag_processor": ["status": "healthy", "latest_dag_processor_heartbeat": now],
        ]
    }

    private func stats(_ request: AirflowRequest) async throws -> JSONValue {
        let wanted = request.values("dag_ids")
        let counts = try await core.store.runCounts()
        let plans = core.plans.filter { wanted.isEmpty || wanted.contains($0.id) }
        let items = plans.map { plan -> JSONValue in
            let stats = RunState.allCases.map { state -> JSONValue in
                [
                    "state": .string(state.rawValue),
                    "count": JSONValue(counts[plan.id]?[state] ?? 0),
                ]
            }
            return [
                "dag_id": .string(plan.id), "dag_display_name": .string(plan.id),
                "stats": .array(stats),
            ]
        }
        return ["dags": .array(items), "total_entries": JSONValue(items.count)]
    }
}
