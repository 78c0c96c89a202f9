// An orchestrator of our own for the tests of Airflow's REST API, in a folder that goes away.

import AirflowClient
import Foundation
import Logging
import MillraceBase
import MillraceOrchestrator
import MillraceWorkflow
import Synchronization

struct AirflowTestContext: TaskContext {
    var invocation: TaskInvocation
    var effects: AirflowEffects
}

typealias AirflowTestDAG = WorkflowDAG<AirflowTestContext>

/// What tasks did, counted outside of the orchestrator: it survives its restarts.
final class AirflowEffects: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    func add(_ name: String) { counts.withLock { $0[name, default: 0] += 1 } }
    func count(_ name: String) -> Int { counts.withLock { $0[name] ?? 0 } }
    var all: [String: Int] { counts.withLock { $0 } }
}

struct AirflowTestServer {
    var server: OrchestratorServer
    var client: AirflowConnection
    var effects: AirflowEffects

    /// Starts an orchestrator, runs `body` beside it, and stops it.
    static func with(
        _ dags: [AirflowTestDAG], at path: String, effects: AirflowEffects = AirflowEffects(),
        store: (any MetadataStore)? = nil, tasksMax: Int = 8,
        _ body: @Sendable (AirflowTestServer) async throws -> Void
    ) async throws {
        let configuration = OrchestratorConfiguration(
            metadata: Endpoint(scheme: "sqlite", path: path), port: 0, schedules: false,
            tasksMax: tasksMax)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server: OrchestratorServer
        if let store {
            let runners = try dags.map { dag in
                try dag.runner { AirflowTestContext(invocation: $0, effects: effects) }
            }
            server = try await OrchestratorServer.start(
                configuration, runners, store: store, logger: logger)
        } else {
            server = try await OrchestratorServer.start(
                configuration, dags: dags,
                context: { AirflowTestContext(invocation: $0, effects: effects) }, logger: logger)
        }
        let host = Endpoint.Host("127.0.0.1", port: server.port)
        let client = AirflowConnection(
            Endpoint(scheme: "http", hosts: [host], user: "a", password: "b"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            defer { group.cancelAll() }
            try await body(AirflowTestServer(server: server, client: client, effects: effects))
        }
    }

    /// A folder for the time of `body`.
    static func inFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "airflow-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.appending(path: "orchestrator.sqlite").path)
    }

    /// Waits until `condition` holds; the test's own time limit ends it otherwise.
    static func until(_ condition: () async throws -> Bool) async throws {
        while !(try await condition()) { try await Task.sleep(for: .milliseconds(2)) }
    }
}
