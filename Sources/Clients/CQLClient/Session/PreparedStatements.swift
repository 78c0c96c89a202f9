// The statements that a session has prepared, the latest used last.

import Synchronization

/// A bounded cache. Of several tasks that want the same new statement one prepares it, the others
/// wait for that.
final class PreparedStatements: Sendable {
    fileprivate enum Entry {
        case ready(PreparedStatement, used: UInt64)
        case coming([OneShot<PreparedStatement?>])
    }

    fileprivate struct State {
        var entries: [String: Entry] = [:]
        var clock: UInt64 = 0
    }

    private let state = Mutex(State())
    private let countMax: Int

    init(countMax: Int = CQLClientLimits.preparedMax) { self.countMax = countMax }

    var count: Int { state.withLock { $0.entries.count } }

    func statement(
        _ key: String, make: () async throws(CQLError) -> PreparedStatement
    ) async throws(CQLError) -> PreparedStatement {
        while true {
            let (found, wait) = state.withLock { $0.find(key) }
            if let found { return found }
            if let wait {
                // Whoever prepared it may have been cancelled: then the next one does it.
                if let statement = try await wait.value() { return statement }
                continue
            }
            do throws(CQLError) {
                let statement = try await make()
                for waiter in state.withLock({ $0.keep(statement, key, countMax) }) {
                    waiter.finish(.success(statement))
                }
                return statement
            } catch {
                for waiter in state.withLock({ $0.giveUp(key) }) {
                    if case .cancelled = error {
                        waiter.finish(.success(nil))
                    } else {
                        waiter.finish(.failure(error))
                    }
                }
                throw error
            }
        }
    }
}

extension PreparedStatements.State {
    /// - Returns: the statement; or what to wait for; or neither, when the caller is to make it.
    fileprivate mutating func find(
        _ key: String
    ) -> (PreparedStatement?, OneShot<PreparedStatement?>?) {
        clock += 1
        switch entries[key] {
        case .ready(let statement, _):
            entries[key] = .ready(statement, used: clock)
            return (statement, nil)
        case .coming(let waiters):
            let mine = OneShot<PreparedStatement?>()
            entries[key] = .coming(waiters + [mine])
            return (nil, mine)
        case nil:
            entries[key] = .coming([])
            return (nil, nil)
        }
    }

    fileprivate mutating func keep(
        _ statement: PreparedStatement, _ key: String, _ countMax: Int
    ) -> [OneShot<PreparedStatement?>] {
        let waiters = giveUp(key)
        if entries.count >= countMax {
            // A tenth at once, so that the search is rare.
            let uses = entries.compactMap { name, entry -> (String, UInt64)? in
                if case .ready(_, let used) = entry { (name, used) } else { nil }
            }
            for (name, _) in uses.sorted(by: { $0.1 < $1.1 }).prefix(max(1, countMax / 10)) {
                entries[name] = nil
            }
        }
        entries[key] = .ready(statement, used: clock)
        return waiters
    }

    fileprivate mutating func giveUp(_ key: String) -> [OneShot<PreparedStatement?>] {
        guard case .coming(let waiters)? = entries[key] else { return [] }
        entries[key] = nil
        return waiters
    }
}
