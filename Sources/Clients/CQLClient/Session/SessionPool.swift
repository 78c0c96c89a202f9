// The connections of a session: made, remade when they break, handed out by what they are for.

import CQLProtocol
import Logging
import MillraceBase
import NIOCore
import Synchronization

/// Keeps `connectionsPerHost` connections to each host of the cluster: first those of the URL, then,
/// when the cluster was looked at, those that it names (`SessionPool+Cluster.swift`).
///
/// A request goes to a replica of its rows, else to the hosts of the local data centre in turn, and
/// to those of others when no local one is there. A connection that breaks is made again at once,
/// then with growing waits, until the pool is closed. NIO's timers drive that, so no task outlives
/// its parent.
final class SessionPool: Sendable {
    enum Link {
        case dialing(failures: Int)
        case ready(CQLConnection)
        /// Waits for the next try.
        case resting

        var connection: CQLConnection? {
            guard case .ready(let connection) = self, connection.isActive else { return nil }
            return connection
        }
    }

    struct Node {
        let address: Endpoint.Host
        /// `nil` until the cluster has told.
        var description: NodeDescription?
        var isLocal = true
        var links: [Link]
        var next = 0

        /// Its connections in turn.
        mutating func connection() -> CQLConnection? {
            for step in links.indices {
                let index = (next &+ step) % links.count
                guard let connection = links[index].connection else { continue }
                next = index + 1
                return connection
            }
            return nil
        }
    }

    struct State {
        /// By numbers that are never used again.
        var nodes: [Int: Node] = [:]
        var lastNode = -1
        /// The numbers in `nodes`, of the local data centre first.
        var order: [Int] = []
        var localCount = 0
        var next = 0
        var waiters: [Waiter] = []
        /// The highest version that worked.
        var version: ProtocolVersion
        var keyspace: String?
        var lastError: CQLError?
        var isClosed = false
        // What the cluster told.
        var dataCenter: String?
        var cluster: ClusterDescription?
        var ring: TokenRing?
        /// The connection that is registered for events.
        var watched: CQLConnection?
        var isLookDue = false
    }

    /// Somebody who needs a connection when there is none.
    final class Waiter: Sendable {
        /// Gives up when every host has failed once instead of waiting for one to come back.
        let isFirst: Bool
        let answer = OneShot<Void>()

        init(isFirst: Bool) { self.isFirst = isFirst }
    }

    let options: SessionOptions
    let logger: Logger
    let dialer: Dialer
    let state: Mutex<State>
    /// The end of the first look at the cluster, whatever came of it.
    let firstLook = OneShot<Void>()

    init(_ options: SessionOptions, logger: Logger) throws(CQLError) {
        self.options = options
        self.logger = logger
        dialer = try Dialer(options: options, logger: logger)
        var state = State(version: options.version)
        state.keyspace = options.keyspace
        for host in options.hosts where !state.nodes.values.contains(where: { $0.address == host })
        {
            _ = state.add(host, links: options.connectionsPerHost)
        }
        self.state = Mutex(state)
    }

    func start() {
        let nodes = state.withLock { $0.order }
        for node in nodes {
            for link in 0..<options.connectionsPerHost { dial(node, link, failures: 0) }
        }
        if !options.discovers { firstLook.finish(.success(())) }
    }

    var hostCount: Int { state.withLock { $0.nodes.count } }

    /// Whether it makes a difference where a key is.
    var routesByToken: Bool { state.withLock { $0.ring != nil } }

    // MARK: Handing out

    /// A connection that is ready, each time the next one.
    ///
    /// - Parameter isFirst: fail as soon as each host has refused once, instead of waiting until one
    ///   comes back.
    func acquire(
        _ routing: CQLRouting? = nil, isFirst: Bool = false
    ) async throws(CQLError) -> CQLConnection {
        // A dial fails by itself in time; it may take one for each version.
        let patience = max(options.connectTimeout * 3, options.requestTimeout)
        let deadline = NIODeadline.now() + TimeAmount(patience)
        while true {
            if let connection = try ready(routing) { return connection }
            try await wait(isFirst: isFirst, until: deadline)
        }
    }

    /// A connection that is ready now, to none of the given nodes; `nil` when there is no other.
    func ready(
        _ routing: CQLRouting?, excluding tried: [Int] = []
    ) throws(CQLError) -> CQLConnection? {
        let found = state.withLock { state -> Result<CQLConnection?, CQLError> in
            if state.isClosed { return .failure(.closed) }
            return .success(state.pick(routing, excluding: tried))
        }
        return try found.get()
    }

    /// All connections that are ready in the local data centre, at least one.
    func acquireAll() async throws(CQLError) -> [CQLConnection] {
        let one = try await acquire()
        let all = state.withLock { state in
            state.order.prefix(max(state.localCount, 1)).flatMap { id in
                state.nodes[id]?.links.compactMap(\.connection) ?? []
            }
        }
        return all.isEmpty ? [one] : all
    }

    func close() async {
        let (connections, waiters) = state.withLock { state in
            state.isClosed = true
            let connections = state.nodes.values.flatMap { $0.links.compactMap(\.connection) }
            defer { state.waiters = [] }
            return (connections, state.waiters)
        }
        firstLook.finish(.failure(.closed))
        for waiter in waiters { waiter.answer.finish(.failure(.closed)) }
        for connection in connections { await connection.close() }
    }

    /// Until a connection may be ready.
    private func wait(isFirst: Bool, until deadline: NIODeadline) async throws(CQLError) {
        let waiter = Waiter(isFirst: isFirst)
        let immediate = state.withLock { state -> Result<Void, CQLError>? in
            if state.isClosed { return .failure(.closed) }
            if let answer = state.answer(to: waiter) { return answer }
            state.waiters.append(waiter)
            return nil
        }
        if let immediate { return try immediate.get() }
        let timer = dialer.eventLoop.scheduleTask(deadline: deadline) { self.expire(waiter) }
        defer {
            timer.cancel()
            drop(waiter)
        }
        try await waiter.answer.value()
    }

    private func drop(_ waiter: Waiter) {
        state.withLock { $0.waiters.removeAll { $0 === waiter } }
    }

    private func expire(_ waiter: Waiter) {
        let (error, hosts) = state.withLock { state in
            (state.lastError, state.nodes.values.map(\.address.description).sorted())
        }
        let nothing = CQLError.unreachable(
            host: hosts.joined(separator: ", "), because: "no connection in time")
        waiter.answer.finish(.failure(error ?? nothing))
    }

    /// Tells the waiters what there is to tell after a change.
    func tellWaiters() {
        let told = state.withLock { state -> [(Waiter, Result<Void, CQLError>)] in
            var told: [(Waiter, Result<Void, CQLError>)] = []
            let waiters = state.waiters
            state.waiters = []
            for waiter in waiters {
                if let answer = state.answer(to: waiter) {
                    told.append((waiter, answer))
                } else {
                    state.waiters.append(waiter)
                }
            }
            return told
        }
        for (waiter, answer) in told { waiter.answer.finish(answer) }
    }

    // MARK: Making connections

    func dial(_ node: Int, _ link: Int, failures: Int) {
        let target = state.withLock { state -> Dialer.Target? in
            guard let address = state.nodes[node]?.address, !state.isClosed else { return nil }
            state.nodes[node]?.links[link] = .dialing(failures: failures)
            return Dialer.Target(
                node: node, name: address.name, port: address.port ?? SessionOptions.defaultPort,
                version: state.version, keyspace: state.keyspace)
        }
        guard let target else { return }
        dialer.dial(target).whenComplete { result in
            switch result {
            case .success(let connection):
                self.connected(node, link, connection, keyspace: target.keyspace)
            case .failure(let error): self.failed(node, link, error, failures: failures + 1)
            }
        }
    }

    private func connected(
        _ node: Int, _ link: Int, _ connection: CQLConnection, keyspace: String?
    ) {
        let (isWanted, chosen) = state.withLock { state in
            guard state.nodes[node] != nil, !state.isClosed else { return (false, keyspace) }
            state.nodes[node]?.links[link] = .ready(connection)
            state.version = min(state.version, connection.version)
            state.lastError = nil
            return (true, state.keyspace)
        }
        connection.whenClosed { self.lost(node, link, connection) }
        guard isWanted else { return connection.closeSoon() }
        logger.debug("connected to \(connection.host), protocol v\(connection.version.rawValue)")
        if let chosen, chosen != keyspace {
            // Somebody said USE while it was being made. Requests are answered in any order, but a
            // server takes them up one by one, so those that follow know the keyspace.
            connection.send(Self.use(chosen), timeout: options.requestTimeout) { _ in }
        }
        watchIfNobody(connection)
        tellWaiters()
    }

    private func failed(_ node: Int, _ link: Int, _ error: any Error, failures: Int) {
        let error = error as? CQLError ?? .unreachable(host: "the store", because: "\(error)")
        let goesOn = state.withLock { state in
            guard state.nodes[node] != nil, !state.isClosed else { return false }
            state.nodes[node]?.links[link] = .resting
            state.lastError = error
            return true
        }
        guard goesOn else { return }
        logger.debug("no connection: \(error)", metadata: ["failures": "\(failures)"])
        tellWaiters()
        dialLater(node, link, failures: failures)
    }

    private func lost(_ node: Int, _ link: Int, _ connection: CQLConnection) {
        let goesOn = state.withLock { state in
            if state.watched === connection { state.watched = nil }
            guard case .ready(let current)? = state.nodes[node]?.links[link],
                current === connection, !state.isClosed
            else { return false }
            state.nodes[node]?.links[link] = .resting
            return true
        }
        watchAnother()
        guard goesOn else { return }
        logger.debug("lost the connection to \(connection.host)")
        // A server that takes connections only to cut them must not be asked without a pause.
        dialLater(node, link, failures: 1)
    }

    private func dialLater(_ node: Int, _ link: Int, failures: Int) {
        let limits = CQLClientLimits.reconnect
        let wait = limits.wait(afterFailures: failures) ?? limits.longest
        dialer.eventLoop.scheduleTask(in: TimeAmount(wait)) {
            // It may be back already: the cluster said so.
            let isResting = self.state.withLock { state in
                if case .resting? = state.nodes[node]?.links[link] { true } else { false }
            }
            if isResting { self.dial(node, link, failures: failures) }
        }
    }

    // MARK: The keyspace

    static func use(_ keyspace: String) -> RequestEnvelope {
        RequestEnvelope(
            .query("USE \(CQLIdentifier.quoted(keyspace))", QueryParameters(consistency: .one)))
    }

    /// One connection was told to USE a keyspace: so are the others, and those to come.
    func use(_ keyspace: String, saidTo connection: CQLConnection) async {
        let others = state.withLock { state in
            state.keyspace = keyspace
            return state.nodes.values.flatMap { $0.links.compactMap(\.connection) }
        }
        for other in others where other !== connection {
            // One that cannot do it is lost or says so to the next request.
            _ = try? await other.send(Self.use(keyspace), timeout: options.requestTimeout)
        }
    }

    var keyspace: String? { state.withLock { $0.keyspace } }
}

extension SessionPool.State {
    /// - Returns: the number of the new node.
    mutating func add(_ address: Endpoint.Host, links: Int) -> Int {
        lastNode += 1
        nodes[lastNode] = SessionPool.Node(
            address: address, links: Array(repeating: .dialing(failures: 0), count: links))
        order.append(lastNode)
        localCount = order.count
        return lastNode
    }

    /// A replica near by, any node near by, any node.
    mutating func pick(_ routing: CQLRouting?, excluding tried: [Int]) -> CQLConnection? {
        next &+= 1
        if let routing, let ring, let strategy = cluster?.keyspaces[routing.keyspace] {
            let replicas = ring.replicas(of: routing.token, strategy)
            for step in replicas.indices {
                let id = replicas[
                    (Int(UInt(bitPattern: next) % UInt(replicas.count)) + step) % replicas.count]
                guard nodes[id]?.isLocal == true, !tried.contains(id) else { continue }
                if let connection = nodes[id]?.connection() { return connection }
            }
        }
        return pick(order.prefix(localCount), excluding: tried)
            ?? pick(order.dropFirst(localCount), excluding: tried)
    }

    private mutating func pick(
        _ ids: ArraySlice<Int>, excluding tried: [Int]
    ) -> CQLConnection? {
        guard !ids.isEmpty else { return nil }
        let first = Int(UInt(bitPattern: next) % UInt(ids.count))
        for step in 0..<ids.count {
            let id = ids[ids.startIndex + (first + step) % ids.count]
            guard !tried.contains(id) else { continue }
            if let connection = nodes[id]?.connection() { return connection }
        }
        return nil
    }

    /// What is to be told to a waiter now; `nil` when it must wait on.
    func answer(to waiter: SessionPool.Waiter) -> Result<Void, CQLError>? {
        var isHopeless = true
        for node in nodes.values {
            for link in node.links {
                switch link {
                case .ready(let connection):
                    if connection.isActive { return .success(()) }
                    isHopeless = false
                case .dialing(let failures): if failures == 0 { isHopeless = false }
                case .resting: break
                }
            }
        }
        guard waiter.isFirst, isHopeless, let lastError else { return nil }
        return .failure(lastError)
    }
}
