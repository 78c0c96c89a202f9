// The two stages that take a plan: the streaming engine and the scheduler.

import Logging
import MillraceBase
import MillraceOrchestrator
import StreamEngine
import StreamPlan

extension Stack {
    static func processing(
        _ settings: Settings, kafka: Endpoint, store: Endpoint, queries: [StreamQuery],
        data: DataDirectory, progress: StageProgress, logger: Logger
    ) throws -> (StageInPlay, StreamEngineRunner) {
        let endpoint = settings.endpoint("processing")
        guard endpoint.scheme == "embedded" else {
            let isSpark = endpoint.scheme == "sc"
            throw Failure(
                isSpark
                    ? "Spark Connect is not served by this release"
                    : "no streaming engine speaks \"\(endpoint.scheme)\"",
                at: settings.place(of: "processing"), next: "--processing embedded:")
        }
        _ = try EngineOptions(.processing, settings: settings)
        let runner: StreamEngineRunner
        do {
            runner = try StreamEngineRunner(
                StreamEngineConfiguration(
                    kafka: kafka, store: store, checkpoints: data.path("checkpoints")),
                queries: queries, progress: progress, logger: logger)
        } catch {
            throw Failure(
                "a streaming query cannot run", at: settings.place(of: "processing"),
                because: "\(error)", next: "mend the query in the pipeline's source")
        }
        return (
            StageInPlay(
                name: .processing, address: Endpoint(scheme: "embedded"), engine: runner,
                policy: "offsets before, commits after each batch, both with fsync"),
            runner
        )
    }

    static func orchestrator(
        _ settings: Settings, _ options: StackOptions, dags: [DAG], data: DataDirectory,
        context: @escaping @Sendable (TaskInvocation) -> RunContext, logger: Logger
    ) async throws -> StageInPlay {
        let endpoint = settings.endpoint("orchestrator")
        guard endpoint.scheme == "embedded" else {
            throw Failure(
                "this release runs DAGs only in its own scheduler",
                at: settings.place(of: "orchestrator"), next: "--orchestrator embedded:")
        }
        let engine = try EngineOptions(.orchestrator, settings: settings)
        let server = try await engine.start(options, isTaken: isTaken) { port in
            try await OrchestratorServer.start(
                OrchestratorConfiguration(
                    metadata: Endpoint(scheme: "sqlite", path: data.path("orchestrator.sqlite")),
                    host: engine.host, port: port, schedules: options.schedules),
                dags: dags, context: context, logger: logger)
        }
        return StageInPlay(
            name: .orchestrator,
            address: Endpoint(scheme: "http", hosts: [.init(engine.host, port: server.port)]),
            engine: server, policy: "synchronous=FULL: each state is on disk when it is reached")
    }

    private static func isTaken(_ error: any Error) -> Bool {
        if case .portTaken = error as? OrchestratorError { true } else { false }
    }
}
