// What all connections and lanes share: the data, the schema, prepared statements, who we are.

import CQLProtocol
import MillraceBase
import Synchronization

/// How this node presents itself to drivers.
struct NodeIdentity: Sendable {
    static let releaseVersion = "5.0.0"
    static let cqlVersion = "3.4.7"
    static let partitioner = "org.apache.cassandra.dht.Murmur3Partitioner"
    /// Evenly over the ring, as many as Cassandra's default.
    static let tokens: [Int64] = (0..<16).map { Int64.min + 1 &+ $0 &* 1 << 60 }

    static let loopback: CQLInet = {
        guard let address = CQLInet("127.0.0.1") else {
            preconditionFailure("127.0.0.1 is an address")
        }
        return address
    }()

    var hostID: CQLUUID
    var clusterName: String
    var dataCenter: String
    var rack: String
    var address: CQLInet
}

final class StoreCore: Sendable {
    let database: Database
    let identity: NodeIdentity
    let ids = TimeIDSource()
    let events = EventHub()
    let clients = ClientRegistry()
    let budgets = StoreBudgets()
    /// Indexes that are to be built, for the write lane's thread.
    let indexBuilds = WorkQueue<IndexBuildJob>()
    let viewBuilds = ViewBuilds()
    let health = StoreHealth()
    let garbage = GarbageLedger()
    let compactions = Compactions()
    /// Where clients dial; set once the socket is bound.
    let port = Atomic<Int>(0)
    let authenticator: CQLAuthenticator
    let authorizer: CQLAuthorizer
    /// `dynamic_data_masking_enabled`
    let masksColumns: Bool
    private let schemaState: Mutex<Schema>
    private let authState: Mutex<AuthState>
    let statements = PreparedStatements()
    private let lastTimestamp = Mutex<Int64>(0)
    private let clock: WallClock

    init(
        database: Database, identity: NodeIdentity, schema: Schema, security: StoreSecurity,
        clock: WallClock
    ) {
        self.database = database
        self.identity = identity
        self.clock = clock
        schemaState = Mutex(schema)
        authenticator = security.authenticator
        authorizer = security.authorizer
        masksColumns = security.masksColumns
        authState = Mutex(security.state)
        if database.isReadOnly { health.fail("the disk was full at the start") }
    }

    var schema: Schema { schemaState.withLock { $0 } }

    /// Called by the write lane alone, once the change is on disk.
    func publish(_ schema: Schema) { schemaState.withLock { $0 = schema } }

    /// Roles and permissions as they are now.
    var auth: AuthState { authState.withLock { $0 } }

    /// Called by the write lane alone, once the change is on disk.
    func publish(_ state: AuthState) { authState.withLock { $0 = state } }

    /// - Parameter now: the client's idea of the time, in seconds.
    func context(now: Int32? = nil, notes: StatementNotes? = nil) -> EvaluationContext {
        EvaluationContext(
            nowMicroseconds: now.map { Int64($0) * 1_000_000 } ?? clock.milliseconds() * 1000,
            ids: ids, notes: notes, masksColumns: masksColumns)
    }

    /// Seconds since 1970, by the client's clock when it tells.
    func seconds(_ now: Int32?) -> UInt32 {
        UInt32(clamping: now.map { Int64($0) } ?? clock.milliseconds() / 1000)
    }

    /// Microseconds; rises with every call, so that of two writes the later one wins.
    func nextTimestamp() -> Int64 {
        let now = clock.milliseconds() * 1000
        return lastTimestamp.withLock { last in
            last = max(last + 1, now)
            return last
        }
    }

    // MARK: Prepared statements

    func prepared(_ id: [UInt8]) throws(StatementError) -> PreparedStatement {
        guard let found = statements.find(id) else { throw .unprepared(id: id) }
        return found
    }

    /// - Parameter keyspace: the connection's or the request's; nothing of a statement that names its
    ///   own keyspaces depends on it.
    /// - Returns: the statement and, when it is new, what had to go for it.
    func prepare(
        _ text: String, keyspace: String?, _ context: EvaluationContext
    ) throws(StatementError) -> (statement: PreparedStatement, gone: [PreparedStatement]?) {
        let qualified = Digests.statementID(text, keyspace: nil)
        if let known = statements.find(qualified) {
            let compiled = try known.preparedAnew(schema, context)
            if compiled.statement.namesItsKeyspace || keyspace == nil { return (known, nil) }
        }
        let parsed = try Self.parse(text)
        let isQualified = parsed.namesItsKeyspace
        let id = isQualified ? qualified : Digests.statementID(text, keyspace: keyspace)
        if let known = statements.find(id) {
            _ = try known.preparedAnew(schema, context)
            return (known, nil)
        }
        let own = isQualified ? nil : keyspace
        let made = PreparedStatement(
            id: id, text: text, keyspace: own,
            compiled: try Compiled(parsed, schema: schema, keyspace: own, context: context))
        return (made, statements.add(made))
    }

    static func parse(_ text: String) throws(StatementError) -> CQLStatement {
        do {
            return try CQLParser.parse(text)
        } catch {
            throw .syntax(error.description)
        }
    }

    func compile(
        _ text: String, keyspace: String?, _ context: EvaluationContext
    ) throws(StatementError) -> Compiled {
        try Compiled(Self.parse(text), schema: schema, keyspace: keyspace, context: context)
    }
}
