// A stack for one command: the live one on the data directory, or one of its own for a moment.

import Logging
import MillraceBase
import ServiceLifecycle

/// Which of the two came to its end first.
private enum Ended<Value: Sendable>: Sendable { case served, worked(Result<Value, any Error>) }

enum StackAccess {
    /// Runs `work` against the live stack of the data directory; when none is up, against one that
    /// is started for it on free ports and stopped after it. It schedules nothing.
    ///
    /// - Parameters:
    ///   - stages: what a stack of its own has.
    ///   - takenPort: which ports a stack of its own takes.
    ///   - needsSource: whether the work fetches people.
    /// - Throws: `Failure` when the live stack has another stage than one that was given.
    static func with<Value: Sendable>(
        _ arguments: SettingsArguments, stages: Set<StageName> = Set(StageName.allCases),
        takenPort: StackOptions.TakenPort = .alwaysFree,
        needsSource: Bool = false, notice: @escaping @Sendable (String) -> Void = { _ in },
        _ work: @escaping @Sendable (StackFile, Settings) async throws -> Value
    ) async throws -> Value {
        let settings = try arguments.settings()
        let logger = SettingsArguments.logger(settings)
        if let live = try StackFile.live(in: DataDirectory(settings.data)) {
            try live.demandSameStages(as: settings)
            return try await work(live, settings)
        }
        var options = StackOptions()
        options.stages = stages
        options.takenPort = takenPort
        options.schedules = false
        options.needsSource = needsSource
        options.notice = notice
        let stack = try await Stack.start(
            settings, pipelines: CommandScope.pipelines, options: options, logger: logger)
        let file = stack.file
        return try await beside(stack, logger: logger) { try await work(file, settings) }
    }

    /// Serves the stack while `work` runs, then stops it in reverse order.
    private static func beside<Value: Sendable>(
        _ stack: Stack, logger: Logger, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let (groups, groupReady) = AsyncStream.makeStream(of: ServiceGroup.self)
        let notice = StopNotice()
        let watched = stack.adding(notice)
        return try await withThrowingTaskGroup(of: Ended<Value>.self) { tasks in
            tasks.addTask {
                try await watched.run(stoppingOnSignals: true, logger: logger) {
                    groupReady.yield($0)
                }
                return .served
            }
            tasks.addTask {
                do { return .worked(.success(try await work())) } catch {
                    return .worked(.failure(error))
                }
            }
            guard let first = try await tasks.next() else { throw CancellationError() }
            switch first {
            case .served:
                // Ctrl-C: the stack stopped first; the work has nobody to talk to.
                tasks.cancelAll()
                throw CancellationError()
            case .worked(let result):
                // Ctrl-C, and the work noticed it before all of the stack had stopped.
                let isInterrupted = notice.isStopping
                for await group in groups {
                    await group.triggerGracefulShutdown()
                    break
                }
                _ = try await tasks.next()
                if isInterrupted, case .failure = result { throw CancellationError() }
                return try result.get()
            }
        }
    }
}
