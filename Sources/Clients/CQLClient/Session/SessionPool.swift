// The connections of a session: made, remade when they break, handed out in turn.

import CQLProtocol
import Logging
import MillraceBase
import NIOCore
import Synchronization

/// Keeps `connectionsPerHost` connections to each given host.
///
/// All hosts are equal: requests go round robin, a host that is away is skipped. (Routing by token
/// over the peers of `system.peers_v2` has its place in `acquire`.) A connection that breaks is made
/// again at once, then with growing waits, until the pool is closed. NIO's timers drive that, so no
/// task outlives its parent.
final class SessionPool: Sendable {
    private enum Link {
        case dialing(failures: Int)
        case ready(CQLConnection)
        /// Waits for the next try.
        case resting
    }

    private struct Slot {
        let host: Endpoint.Host
        var link: Link
    }

    private struct State {
        var slots: [Slot]
        var next = 0
        var waiters: [Waiter] = []
        /// The highest version that worked.
        var version: ProtocolVersion
        var lastError: CQLError?
        var isClosed = false
    }

    /// Somebody who needs a connection when there is none.
    private final class Waiter: Sendable {
        /// Gives up when every host has failed once instead of waiting for one to come back.
        let isFirst: Bool
        let isCancelled = Atomic(false)
        private let continuation: Mutex<CheckedContinuation<Result<Void, CQLError>, Never>?>

        init(isFirst: Bool) {
            self.isFirst = isFirst
            continuation = Mutex(nil)
        }

        func start(_ waiting: CheckedContinuation<Result<Void, CQLError>, Never>) {
            continuation.withLock { $0 = waiting }
        }

        func finish(_ result: Result<Void, CQLError>) {
            continuation.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }?.resume(returning: result)
        }
    }

    let options: SessionOptions
    private let dialer: Dialer
    private let logger: Logger
    private let state: Mutex<State>

    init(_ options: SessionOptions, logger: Logger) {
        self.options = options
        self.logger = logger
        dialer = Dialer(options: options, logger: logger)
        let slots = options.hosts.flatMap { host in
            (0..<options.connectionsPerHost).map { _ in
                Slot(host: host, link: .dialing(failures: 0))
            }
        }
        state = Mutex(State(slots: slots, version: options.version))
    }

    var hostCount: Int { options.hosts.count }

    func start() {
        for index in 0..<options.hosts.count * options.connectionsPerHost {
            dial(index, failures: 0)
        }
    }

    /// A connection that is ready, each time the next one.
    ///
    /// - Parameter isFirst: fail as soon as each host has refused once, instead of waiting until one
    ///   comes back.
    func acquire(isFirst: Bool = false) async throws(CQLError) -> CQLConnection {
        // A dial fails by itself in time; it may take one for each version.
        let patience = max(options.connectTimeout * 3, options.requestTimeout)
        let deadline = NIODeadline.now() + TimeAmount(patience)
        while true {
            if let connection = try readyNow() { return connection }
            try await wait(isFirst: isFirst, until: deadline)
        }
    }

    /// All connections that are ready, at least one.
    func acquireAll() async throws(CQLError) -> [CQLConnection] {
        let one = try await acquire()
        let all = state.withLock { state in
            state.slots.compactMap { slot in
                if case .ready(let connection) = slot.link, connection.isActive {
                    connection
                } else {
                    nil
                }
            }
        }
        return all.isEmpty ? [one] : all
    }

    func close() async {
        let (connections, waiters) = state.withLock { state in
            state.isClosed = true
            let connections = state.slots.compactMap { slot in
                if case .ready(let connection) = slot.link { connection } else { nil }
            }
            defer { state.waiters = [] }
            return (connections, state.waiters)
        }
        for waiter in waiters { waiter.finish(.failure(.closed)) }
        for connection in connections { await connection.close() }
    }

    private func readyNow() throws(CQLError) -> CQLConnection? {
        let found = state.withLock { state -> Result<CQLConnection?, CQLError> in
            if state.isClosed { return .failure(.closed) }
            for step in 0..<state.slots.count {
                let index = (state.next + step) % state.slots.count
                if case .ready(let connection) = state.slots[index].link, connection.isActive {
                    state.next = index + 1
                    return .success(connection)
                }
            }
            return .success(nil)
        }
        return try found.get()
    }

    /// Until a connection may be ready.
    private func wait(isFirst: Bool, until deadline: NIODeadline) async throws(CQLError) {
        let waiter = Waiter(isFirst: isFirst)
        let timer = dialer.eventLoop.scheduleTask(deadline: deadline) { self.expire(waiter) }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiter.start(continuation)
                let immediate = state.withLock { state -> Result<Void, CQLError>? in
                    if state.isClosed { return .failure(.closed) }
                    if waiter.isCancelled.load(ordering: .acquiring) { return .failure(.cancelled) }
                    if let answer = Self.answer(to: waiter, in: state) { return answer }
                    state.waiters.append(waiter)
                    return nil
                }
                if let immediate { waiter.finish(immediate) }
            }
        } onCancel: {
            waiter.isCancelled.store(true, ordering: .releasing)
            drop(waiter)
            waiter.finish(.failure(.cancelled))
        }
        timer.cancel()
        try result.get()
    }

    /// What is to be told to a waiter now; `nil` when it must wait on.
    private static func answer(to waiter: Waiter, in state: State) -> Result<Void, CQLError>? {
        var isHopeless = true
        for slot in state.slots {
            switch slot.link {
            case .ready(let connection):
                if connection.isActive { return .success(()) }
                isHopeless = false
            case .dialing(let failures): if failures == 0 { isHopeless = false }
            case .resting: break
            }
        }
        guard waiter.isFirst, isHopeless, let error = state.lastError else { return nil }
        return .failure(error)
    }

    private func drop(_ waiter: Waiter) {
        state.withLock { $0.waiters.removeAll { $0 === waiter } }
    }

    private func expire(_ waiter: Waiter) {
        drop(waiter)
        let error = state.withLock { $0.lastError }
        let hosts = options.hosts.map(\.description).joined(separator: ", ")
        waiter.finish(
            .failure(error ?? .unreachable(host: hosts, because: "no connection in time")))
    }

    /// Tells the waiters what there is to tell after a change.
    private func tellWaiters() {
        let told = state.withLock { state -> [(Waiter, Result<Void, CQLError>)] in
            var told: [(Waiter, Result<Void, CQLError>)] = []
            let waiters = state.waiters
            state.waiters = []
            for waiter in waiters {
                if let answer = Self.answer(to: waiter, in: state) {
                    told.append((waiter, answer))
                } else {
                    state.waiters.append(waiter)
                }
            }
            return told
        }
        for (waiter, answer) in told { waiter.finish(answer) }
    }

    // MARK: Making connections

    private func dial(_ index: Int, failures: Int) {
        let (host, version) = state.withLock { state in
            state.slots[index].link = .dialing(failures: failures)
            return (state.slots[index].host, state.version)
        }
        let port = host.port ?? SessionOptions.defaultPort
        dialer.dial(host.name, port, version: version).whenComplete { result in
            switch result {
            case .success(let connection): self.connected(index, connection)
            case .failure(let error): self.failed(index, error, failures: failures + 1)
            }
        }
    }

    private func connected(_ index: Int, _ connection: CQLConnection) {
        let isClosed = state.withLock { state in
            state.slots[index].link = .ready(connection)
            state.version = min(state.version, connection.version)
            state.lastError = nil
            return state.isClosed
        }
        connection.whenClosed { self.lost(index, connection) }
        if isClosed { connection.closeSoon() }
        logger.debug("connected to \(connection.host), protocol v\(connection.version.rawValue)")
        tellWaiters()
    }

    private func failed(_ index: Int, _ error: any Error, failures: Int) {
        let error = error as? CQLError ?? .unreachable(host: "the store", because: "\(error)")
        let isClosed = state.withLock { state in
            state.slots[index].link = .resting
            state.lastError = error
            return state.isClosed
        }
        guard !isClosed else { return }
        logger.debug("no connection: \(error)", metadata: ["failures": "\(failures)"])
        tellWaiters()
        dialLater(index, failures: failures)
    }

    private func lost(_ index: Int, _ connection: CQLConnection) {
        state.withLock { $0.slots[index].link = .resting }
        guard !isClosed else { return }
        logger.debug("lost the connection to \(connection.host)")
        // A server that takes connections only to cut them must not be asked without a pause.
        dialLater(index, failures: 1)
    }

    private func dialLater(_ index: Int, failures: Int) {
        let limits = CQLClientLimits.reconnect
        let wait = limits.wait(afterFailures: failures) ?? limits.longest
        dialer.eventLoop.scheduleTask(in: TimeAmount(wait)) {
            if !self.isClosed { self.dial(index, failures: failures) }
        }
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }
}
