// What a session does when a host fails it, or is slow.

import CQLProtocol
import MillraceBase
import Synchronization

extension CQLSession {
    /// One try: with a connection, and a consistency level when a policy demands another one.
    typealias Body<T> =
        @Sendable (CQLConnection, Consistency?) async throws(CQLError) -> T

    /// Executes on the best host; on others too, as the statement's policies say.
    @discardableResult
    func attempt(
        _ options: CQLStatementOptions, _ routing: CQLRouting?, _ body: @escaping Body<CQLRows>
    ) async throws(CQLError) -> CQLRows {
        let speculation = options.speculation ?? self.options.speculation
        if speculation.most > 1, options.isIdempotent, pool.hostCount > 1 {
            return try await speculate(speculation, options, routing, body)
        }
        return try await tries(options, routing, nil, body)
    }

    /// For requests of the client itself, which change nothing.
    func withRetries<T: Sendable>(
        _ body: (CQLConnection) async throws(CQLError) -> T
    ) async throws(CQLError) -> T {
        var failures = 0
        while true {
            let connection = try await pool.acquire()
            do throws(CQLError) {
                return try await body(connection)
            } catch {
                failures += 1
                guard error.isRetriable,
                    let wait = CQLClientLimits.retry.wait(afterFailures: failures)
                else { throw error }
                // Another host is tried at once; the same one is given time.
                if failures >= pool.hostCount { try await Self.sleep(wait) }
            }
        }
    }

    private func tries(
        _ options: CQLStatementOptions, _ routing: CQLRouting?, _ shared: TriedHosts?,
        _ body: Body<CQLRows>
    ) async throws(CQLError) -> CQLRows {
        var connection = try await pool.acquire(routing)
        // Most statements never need it.
        var tried = shared
        var level: Consistency?
        var retries = 0
        var rounds = 0
        while true {
            let failure: CQLError
            do throws(CQLError) {
                return try await body(connection, level)
            } catch { failure = error }
            if case .cancelled = failure { throw failure }
            let decision = options.retries.decide(
                CQLFailedTry(failure, isIdempotent: options.isIdempotent, retries: retries))
            retries += 1
            switch decision {
            case .rethrow: throw failure
            case .ignore: return .ignored(host: connection.host)
            case .retrySame(let other):
                level = other ?? level
                if !connection.isActive { connection = try await pool.acquire(routing) }
            case .retryNext:
                let tried = tried.setIfMissing()
                if let other = try pool.ready(routing, excluding: tried.add(connection.node)) {
                    connection = other
                    continue
                }
                // Every host has failed: from the first again, after a while.
                rounds += 1
                guard let wait = CQLClientLimits.retry.wait(afterFailures: rounds) else {
                    throw failure
                }
                try await Self.sleep(wait)
                tried.forget()
                connection = try await pool.acquire(routing)
            }
        }
    }

    // MARK: Speculation

    private enum Happening: Sendable {
        case answered(Result<CQLRows, CQLError>)
        /// There was no other host to ask.
        case nobody
        case due
    }

    /// The first answer counts; the other executions are cancelled.
    private func speculate(
        _ speculation: CQLSpeculation, _ options: CQLStatementOptions, _ routing: CQLRouting?,
        _ body: @escaping Body<CQLRows>
    ) async throws(CQLError) -> CQLRows {
        let tried = TriedHosts()
        let result = await withTaskGroup(of: Happening.self) {
            group -> Result<CQLRows, CQLError> in
            var running = 1
            var started = 1
            var failure = CQLError.cancelled
            // A child, not a task of its own: the group waits for it, and cancels it when another answered.
            group.addTask { await self.execution(nil, options, routing, tried, body) }
            // A child, not a task of its own: the group waits for it; cancelled, its pause ends at once.
            group.addTask { await Self.pause(speculation.delay) }
            while let happening = await group.next() {
                switch happening {
                case .answered(.success(let rows)):
                    group.cancelAll()
                    return .success(rows)
                case .answered(.failure(let error)):
                    running -= 1
                    failure = error
                    // What is wrong with the statement is wrong everywhere.
                    if running == 0 || !error.isRetriable {
                        group.cancelAll()
                        return .failure(error)
                    }
                case .nobody: running -= 1
                case .due:
                    guard started < speculation.most, !Task.isCancelled,
                        let other = try? self.pool.ready(routing, excluding: tried.all)
                    else { continue }
                    started += 1
                    running += 1
                    tried.add(other.node)
                    // A child, not a task of its own: the group waits for it. There are at most
                    // `speculation.most` of them, and the first answer cancels the others.
                    group.addTask { await self.execution(other, options, routing, tried, body) }
                    // A child, not a task of its own: the group waits for it; one for each execution.
                    group.addTask { await Self.pause(speculation.delay) }
                }
            }
            return .failure(failure)
        }
        return try result.get()
    }

    private func execution(
        _ first: CQLConnection?, _ options: CQLStatementOptions, _ routing: CQLRouting?,
        _ tried: TriedHosts, _ body: Body<CQLRows>
    ) async -> Happening {
        do throws(CQLError) {
            if let first { return .answered(.success(try await body(first, nil))) }
            let connection = try await pool.acquire(routing)
            tried.add(connection.node)
            return .answered(.success(try await body(connection, nil)))
        } catch {
            guard first == nil,
                case .retryNext = options.retries.decide(
                    CQLFailedTry(error, isIdempotent: true, retries: 0))
            else { return .answered(.failure(error)) }
            do throws(CQLError) {
                return .answered(.success(try await tries(options, routing, tried, body)))
            } catch {
                return .answered(.failure(error))
            }
        }
    }

    private static func pause(_ delay: Duration) async -> Happening {
        // Cut short by the answer: whoever looks then sees that it is not needed.
        try? await Task.sleep(for: delay)
        return .due
    }

    static func sleep(_ duration: Duration) async throws(CQLError) {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw .cancelled
        }
    }
}

/// The hosts that one statement has been sent to, by its speculative executions too.
final class TriedHosts: Sendable {
    private let nodes = Mutex<[Int]>([])

    var all: [Int] { nodes.withLock { $0 } }

    @discardableResult
    func add(_ node: Int) -> [Int] {
        nodes.withLock {
            if !$0.contains(node) { $0.append(node) }
            return $0
        }
    }

    func forget() { nodes.withLock { $0 = [] } }
}

extension Optional<TriedHosts> {
    fileprivate mutating func setIfMissing() -> TriedHosts {
        let hosts = self ?? TriedHosts()
        self = hosts
        return hosts
    }
}
