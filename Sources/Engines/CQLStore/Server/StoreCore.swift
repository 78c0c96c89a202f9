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

/// A statement that a client prepared.
final class PreparedStatement: Sendable {
    let id: [UInt8]
    let text: String
    let keyspace: String?
    private let compiled: Mutex<Compiled>

    init(id: [UInt8], text: String, keyspace: String?, compiled: Compiled) {
        self.id = id
        self.text = text
        self.keyspace = keyspace
        self.compiled = Mutex(compiled)
    }

    /// The statement on this schema; compiled anew when the schema has changed.
    func current(
        _ schema: Schema, _ context: EvaluationContext
    ) throws(StatementError) -> Compiled {
        let known = compiled.withLock { $0 }
        if known.schema === schema { return known }
        let fresh = try known.current(schema, context)
        compiled.withLock { $0 = fresh }
        return fresh
    }
}

final class StoreCore: Sendable {
    let database: Database
    let identity: NodeIdentity
    let ids = TimeIDSource()
    let events = EventHub()
    /// Where clients dial; set once the socket is bound.
    let port = Atomic<Int>(0)
    private let schemaState: Mutex<Schema>
    private let statements = Mutex<[[UInt8]: PreparedStatement]>([:])
    private let lastTimestamp = Mutex<Int64>(0)
    private let clock: WallClock

    init(database: Database, identity: NodeIdentity, schema: Schema, clock: WallClock) {
        self.database = database
        self.identity = identity
        self.clock = clock
        schemaState = Mutex(schema)
    }

    var schema: Schema { schemaState.withLock { $0 } }

    /// Called by the write lane alone, once the change is on disk.
    func publish(_ schema: Schema) { schemaState.withLock { $0 = schema } }

    /// - Parameter now: the client's idea of the time, in seconds.
    func context(now: Int32? = nil) -> EvaluationContext {
        EvaluationContext(
            nowMicroseconds: now.map { Int64($0) * 1_000_000 } ?? clock.milliseconds() * 1000,
            ids: ids)
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
        guard let found = statements.withLock({ $0[id] }) else { throw .unprepared(id: id) }
        return found
    }

    func prepare(_ text: String, keyspace: String?) throws(StatementError) -> PreparedStatement {
        let id = Digests.statementID(text, keyspace: keyspace)
        if let known = statements.withLock({ $0[id] }) {
            _ = try known.current(schema, context())
            return known
        }
        let compiled = try compile(text, keyspace: keyspace)
        let made = PreparedStatement(id: id, text: text, keyspace: keyspace, compiled: compiled)
        statements.withLock { statements in
            // Whoever loses a statement here is told so and prepares it again.
            if statements.count >= StoreLimits.preparedStatementsMax,
                let oldest = statements.keys.first
            {
                statements[oldest] = nil
            }
            statements[id] = made
        }
        return made
    }

    var preparedStatements: [PreparedStatement] { statements.withLock { Array($0.values) } }

    func compile(_ text: String, keyspace: String?) throws(StatementError) -> Compiled {
        let statement: CQLStatement
        do {
            statement = try CQLParser.parse(text)
        } catch {
            throw .syntax(error.description)
        }
        return try Compiled(statement, schema: schema, keyspace: keyspace, context: context())
    }
}
