// The orchestrator as a service: opens its metadata, takes up what was left, answers and runs.

package import Logging
package import MillraceBase
import MillraceHTTPServing
package import MillraceWorkflow
import ServiceLifecycle

/// Runs DAGs durably and answers Airflow's REST API v2.
///
/// `start` opens and recovers the metadata and binds the port; orders are carried out once `run` runs.
/// Killed at any moment, the next start goes on: a task whose end was stored never runs again, one
/// that was running runs again as a fresh try, without using up a retry.
package final class OrchestratorServer: Service {
    /// What is shared by the server's faces: Swift calls and HTTP.
    let core: OrchestratorCore
    private let loop: SchedulerLoop
    private let http: BoundHTTPServer
    private let logger: Logger

    /// - Parameters:
    ///   - dags: each is validated; ids must differ.
    ///   - context: makes the context of one task try. It is called once for each try.
    package static func start<Context: TaskContext>(
        _ configuration: OrchestratorConfiguration, dags: [WorkflowDAG<Context>],
        context: @escaping @Sendable (TaskInvocation) -> Context, logger: Logger
    ) async throws(OrchestratorError) -> OrchestratorServer {
        var runners: [DAGRunner] = []
        for dag in dags {
            do throws(DAGError) { runners.append(try dag.runner(context: context)) } catch {
                throw .badDAG(error.description)
            }
        }
        guard configuration.metadata.scheme == "sqlite" else {
            throw .unsupportedMetadata(configuration.metadata.scheme)
        }
        let store = try SQLiteMetadata(path: configuration.metadata.path)
        do {
            return try await start(configuration, runners, store: store, logger: logger)
        } catch {
            await store.close()
            throw error
        }
    }

    /// The same over any store, for tests that let it fail.
    package static func start(
        _ configuration: OrchestratorConfiguration, _ runners: [DAGRunner],
        store: any MetadataStore, clock: WallClock = .system, logger: Logger
    ) async throws(OrchestratorError) -> OrchestratorServer {
        var byID: [String: DAGRunner] = [:]
        for runner in runners where byID.updateValue(runner, forKey: runner.plan.id) != nil {
            throw .badDAG("two DAGs are called \"\(runner.plan.id)\"")
        }
        let plans = runners.map(\.plan)
        var machine = SchedulerMachine(
            plans: plans, tasksMax: max(1, configuration.tasksMax), dags: try await store.dags(),
            nextRunKey: try await store.nextRunKey())
        let stored = try await store.unfinishedRuns(
            results: machine.plans.mapValues(\.choosingTaskIDs))
        let first = machine.began(
            stored, schedules: configuration.schedules,
            pausedAtCreation: configuration.pausedAtCreation, now: clock.milliseconds())
        if !first.changes.isEmpty { try await store.write(first.changes) }
        let core = OrchestratorCore(plans: plans, store: store, clock: clock)
        let loop = SchedulerLoop(
            machine: machine, first: first, mailbox: core.mailbox, store: store, runners: byID,
            listeners: core.listeners, clock: clock, logger: logger)
        let http = try await listen(
            AirflowResponder(api: AirflowAPI(core: core), logger: logger), configuration,
            logger: logger)
        return OrchestratorServer(core: core, loop: loop, http: http, logger: logger)
    }

    private init(
        core: OrchestratorCore, loop: SchedulerLoop, http: BoundHTTPServer, logger: Logger
    ) {
        self.core = core
        self.loop = loop
        self.http = http
        self.logger = logger
    }

    private static func listen(
        _ responder: AirflowResponder, _ configuration: OrchestratorConfiguration, logger: Logger
    ) async throws(OrchestratorError) -> BoundHTTPServer {
        do {
            return try await BoundHTTPServer.start(
                responder, host: configuration.host, port: configuration.port, logger: logger)
        } catch {
            switch error {
            case .portTaken(let port): throw .portTaken(port)
            case .cannotListen(let why): throw .cannotListen(why)
            }
        }
    }

    package var port: Int { http.port }

    /// Runs tasks and answers until cancelled or asked to shut down. Tries that run are cancelled,
    /// waited for, and run again at the next start; then the port and the metadata are closed.
    package func run() async throws {
        let mailbox = core.mailbox
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await loop.run()
            } onGracefulShutdown: {
                mailbox.post(.stop)
            }
        } onCancel: {
            mailbox.post(.stop)
        }
        core.listeners.finish()
        await http.stop()
        await core.store.close()
    }
}

extension OrchestratorServer {
    /// Makes a run.
    ///
    /// - Parameter conf: an object of parameters by name.
    /// - Throws: `.badConfiguration` with the parameter and its bounds, `.runExists`, `.unknownDAG`.
    package func trigger(
        dagID: String, runID: String? = nil, conf: JSONValue? = nil
    ) async throws(OrchestratorError) -> DAGRun {
        try await core.trigger(
            TriggerRequest(dagID: dagID, runID: runID, configuration: conf, triggeredBy: .cli))
    }

    package func dagRun(
        dagID: String, runID: String
    ) async throws(OrchestratorError) -> DAGRun? {
        try await core.stored(dagID, runID)?.run
    }

    /// The tasks of a run, in the DAG's order.
    package func taskInstances(
        dagID: String, runID: String
    ) async throws(OrchestratorError) -> [TaskInstance] {
        try await core.existing(dagID, runID).tasks
    }

    /// The last tries of a run's failed tasks, for who wants to say why a run failed.
    package func failures(
        dagID: String, runID: String
    ) async throws(OrchestratorError) -> [(taskID: String, reason: String)] {
        let stored = try await core.existing(dagID, runID)
        var failures: [(taskID: String, reason: String)] = []
        for task in stored.tasks where task.state == .failed {
            let tries = try await core.store.tries(run: stored.run.key, taskID: task.taskID)
            failures.append((task.taskID, tries.last?.reason ?? "it was marked as failed"))
        }
        return failures
    }

    /// Waits until a run is over.
    ///
    /// - Returns: the run as it ended; as it is when the orchestrator stops or the caller is cancelled.
    package func wait(dagID: String, runID: String) async throws(OrchestratorError) -> DAGRun {
        try await core.wait(dagID, runID)
    }

    package func setPaused(dagID: String, _ isPaused: Bool) async throws(OrchestratorError) {
        _ = try await core.order(.setPaused(dagID: dagID, isPaused))
    }

    /// Every change of a run's or a task's state from now on, after it was stored. A listener that is
    /// slower than the changes loses the oldest.
    package func changes() -> AsyncStream<RunChange> { core.listeners.listen() }
}
