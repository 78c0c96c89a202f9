// The embedded engine: runs all queries of a stack, each in a loop of its own.

import CQLProtocol
package import Logging
package import MillraceBase
import ServiceLifecycle
package import StreamPlan

/// Runs streaming queries in this process.
///
/// Queries start when `run()` does. A query that fails does not stop the others, nor the service.
package final class StreamEngineRunner: Service, StreamRunner {
    private struct Query: Sendable {
        var plan: AnalyzedQuery
        var state: QueryState
    }

    private let configuration: StreamEngineConfiguration
    private let progress: StageProgress
    private let logger: Logger
    private let queries: [Query]
    private let starts: AsyncStream<String>
    private let starter: AsyncStream<String>.Continuation

    /// Analyses the queries. Nothing is opened yet.
    ///
    /// - Throws: `.analysis` for the first mistake in any of them, two queries of one name
    /// included.
    package init(
        _ configuration: StreamEngineConfiguration, queries: [StreamQuery],
        progress: StageProgress, logger: Logger
    ) throws(StreamRunnerError) {
        self.configuration = configuration
        self.progress = progress
        self.logger = logger
        var known: [Query] = []
        for query in queries {
            do throws(AnalysisError) {
                let plan = try query.analyzed()
                guard !known.contains(where: { $0.plan.name == plan.name }) else {
                    throw AnalysisError(
                        condition: .invalidName, query: plan.name, expression: "",
                        message: "two queries have this name, and so one checkpoint")
                }
                known.append(Query(plan: plan, state: QueryState(plan)))
            } catch {
                throw .analysis(error)
            }
        }
        self.queries = known
        (starts, starter) = AsyncStream.makeStream()
    }

    /// Runs all queries until it is cancelled or told to stop. At a graceful shutdown each batch
    /// that is under way is let finish, within `stopWait`; at a cancellation it is left as it is
    /// and runs again at the next start. Nothing is lost or stored twice either way.
    package func run() async throws {
        for query in queries { begin(query) }
        await withDiscardingTaskGroup { group in
            await withTaskCancellationOrGracefulShutdownHandler {
                for await name in starts {
                    guard let query = queries.first(where: { $0.plan.name == name }) else {
                        continue
                    }
                    group.addTask { await self.run(query) }
                }
            } onCancelOrGracefulShutdown: {
                self.starter.finish()
            }
            for query in queries { query.state.requestStop() }
        }
        for query in queries where query.state.isActive { query.state.end(exception: nil) }
    }

    package func statuses() async -> [StreamQueryStatus] { queries.map(\.state.status) }

    package func status(of query: String) async -> StreamQueryStatus? {
        (try? find(query))?.state.status
    }

    package func start(_ name: String) async throws(StreamRunnerError) {
        begin(try find(name))
    }

    package func stop(_ name: String) async throws(StreamRunnerError) {
        let query = try find(name)
        query.state.requestStop()
        await query.state.standsStill()
    }

    package func restart(_ name: String, from offsets: StartingOffsets)
        async throws(StreamRunnerError)
    {
        let query = try find(name)
        try await stop(name)
        let root = configuration.checkpoints
        do {
            try await SerialThread("stream.restart").run {
                try CheckpointFolder(root: root, query: name).restart(from: offsets)
            }
        } catch {
            throw Self.runnerError(error, path: "\(root)/\(name)")
        }
        query.state.update {
            $0.committedOffsets = [:]
            $0.endOffsets = [:]
            $0.batchID = -1
        }
        begin(query)
    }

    package func committedOffsets(of query: String) async -> [String: [Int32: Int64]] {
        (try? find(query))?.state.committedOffsets ?? [:]
    }

    package func recentProgress(of query: String) async -> [JSONValue] {
        (try? find(query))?.state.recentProgress ?? []
    }

    private func find(_ name: String) throws(StreamRunnerError) -> Query {
        guard let query = queries.first(where: { $0.plan.name == name }) else {
            throw .unknownQuery(name, known: queries.map(\.plan.name))
        }
        return query
    }

    private func begin(_ query: Query) {
        guard query.state.begin(runID: CQLUUID.random().description) else { return }
        if case .terminated = starter.yield(query.plan.name) { query.state.end(exception: nil) }
    }

    /// One run of one query, with its parts opened before and closed after it.
    private func run(_ query: Query) async {
        let thread = SerialThread("stream.\(query.plan.name)")
        let root = configuration.checkpoints
        let name = query.plan.name
        var exception: String?
        do {
            let folder = try await thread.run { try CheckpointFolder(root: root, query: name) }
            let parts = try parts(query.plan, folder.files, thread)
            exception = await withStopDeadline(query.state) {
                var loop = QueryLoop(
                    query.plan, parts, state: query.state, configuration: self.configuration,
                    progress: self.progress, logger: self.logger)
                return await loop.run()
            }
            await parts.close()
            withExtendedLifetime(folder) {}
        } catch {
            let why =
                (error as? ConnectorError)?.message
                ?? Self.runnerError(error, path: "\(root)/\(name)").description
            logger.error("query cannot start", metadata: ["query": "\(name)", "why": "\(why)"])
            exception = why
        }
        // Last, with the lock given back: who waited for this may take the checkpoint.
        query.state.end(exception: exception)
    }

    /// Cancels the loop when it takes too long to stop: what it waits for may never come.
    private func withStopDeadline(
        _ state: QueryState, _ body: @escaping @Sendable () async -> String?
    ) async -> String? {
        let signal = state.signal
        let patience = configuration.stopWait
        return await withTaskGroup(of: String?.self) { group in
            group.addTask(operation: body)
            group.addTask {
                await signal.wait()
                // Cancelled when the loop ends first, as it should.
                try? await Task.sleep(for: patience)
                return nil
            }
            var exception: String?
            for await outcome in group {
                group.cancelAll()
                exception = exception ?? outcome
            }
            return exception
        }
    }

    private func parts(_ plan: AnalyzedQuery, _ files: DiskFiles, _ thread: SerialThread)
        throws(ConnectorError) -> QueryParts
    {
        let sink: any RowSink =
            switch plan.sink {
            case .cassandra(let keyspace, let table):
                CassandraSink(
                    keyspace: keyspace, table: table, store: configuration.store, logger: logger)
            }
        return QueryParts(
            source: try KafkaSource(plan.source, kafka: configuration.kafka, logger: logger),
            sink: sink,
            rejections: plan.deadLetterTopic.map {
                DeadLetterSink(topic: $0, kafka: configuration.kafka, logger: logger)
            },
            checkpoint: CheckpointLog(files: files, topic: plan.source.topic), thread: thread)
    }

    private static func runnerError(_ error: any Error, path: String) -> StreamRunnerError {
        switch error {
        case let error as CheckpointFolderError:
            switch error {
            case .inUse(let path): .checkpointInUse(path: path)
            case .file(let file): .checkpoint(path: file.path, because: file.because)
            }
        case let error as CheckpointFileError:
            .checkpoint(path: error.path, because: error.because)
        default: .checkpoint(path: path, because: "\(error)")
        }
    }
}
