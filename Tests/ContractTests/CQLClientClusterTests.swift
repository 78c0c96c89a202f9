// The client and a cluster of several scripted nodes: discovery, routing, events, policies.

import CQLClient
import CQLProtocol
import MillraceBase
import Synchronization
import Testing

/// Some nodes that describe each other. All listen on 127.0.0.1, on ports of their own.
final class CQLScriptedCluster: Sendable {
    struct Node: Sendable {
        var port: Int
        var dataCenter = "dc1"
        var rack = "r1"
        var token: Int64
        var isMember = true
    }

    let servers: [CQLScriptedServer]
    let nodes: Mutex<[Node]>
    /// The index of the node that each request came to.
    let seen = Mutex<[Int]>([])

    private init(_ servers: [CQLScriptedServer], _ nodes: [Node]) {
        self.servers = servers
        self.nodes = Mutex(nodes)
    }

    /// - Parameters:
    ///   - peersTable: the only one of `system.peers_v2` and `system.peers` that there is.
    ///   - respond: what the node of that index answers to a statement.
    static func start(
        dataCenters: [String], replication: [(String, String)], peersTable: String = "peers_v2",
        respond: @escaping @Sendable (Int, CQLRequest) -> CQLScriptedServer.Reply
    ) async throws -> CQLScriptedCluster {
        let box = Mutex<CQLScriptedCluster?>(nil)
        var servers: [CQLScriptedServer] = []
        for index in dataCenters.indices {
            var script = CQLScriptedServer.Script()
            script.cluster = { text in
                box.withLock { $0 }?.describe(text, to: index, replication, peersTable)
            }
            script.respond = { request in
                box.withLock { $0 }?.seen.withLock { $0.append(index) }
                return respond(index, request)
            }
            servers.append(try await CQLScriptedServer.start(script))
        }
        // Four equal parts of the ring, or as many as there are nodes.
        let width = UInt64.max / UInt64(dataCenters.count)
        let nodes = dataCenters.enumerated().map { index, name in
            Node(
                port: servers[index].port, dataCenter: name,
                token: Int64.min &+ Int64(bitPattern: width &* UInt64(index + 1)))
        }
        let cluster = CQLScriptedCluster(servers, nodes)
        box.withLock { $0 = cluster }
        return cluster
    }

    func endpoint(_ options: String = "", contact: Int = 0) throws -> Endpoint {
        try servers[contact].endpoint(options)
    }

    func stop() async { for server in servers { await server.stop() } }

    private func describe(
        _ text: String, to index: Int, _ replication: [(String, String)], _ peersTable: String
    ) -> CQLResponse {
        let nodes = nodes.withLock { $0 }
        if text.contains("system_schema.keyspaces") {
            let map = CQLValue.map(replication.map { .init(.text($0.0), .text($0.1)) })
            return Self.rows(
                [("keyspace_name", .text), ("replication", .map(.text, .text))],
                [[.text("ks"), map]])
        }
        let isLocal = text.contains("system.local")
        guard isLocal || text.hasSuffix("system." + peersTable) else {
            return CQLAnswers.error(.invalid)
        }
        let isOld = !isLocal && peersTable == "peers"
        var columns: [(String, CQLType)] = [
            ("host_id", .uuid), ("data_center", .text), ("rack", .text),
            ("tokens", .set(.text)),
        ]
        columns.append((isLocal || isOld ? "rpc_address" : "native_address", .inet))
        if !isOld { columns.append((isLocal ? "rpc_port" : "native_port", .int)) }
        if isLocal { columns.append(("partitioner", .text)) }
        let rows = nodes.enumerated()
            .filter { $0.element.isMember && ($0.offset == index) == isLocal }
            .map { offset, node -> [CQLValue] in
                var row: [CQLValue] = [
                    .uuid(CQLUUID(high: 0, low: UInt64(offset))), .text(node.dataCenter),
                    .text(node.rack), .set([.text(String(node.token))]),
                    CQLInet("127.0.0.1").map { .inet($0) } ?? .null,
                ]
                if !isOld { row.append(.int(Int32(node.port))) }
                if isLocal { row.append(.text("org.apache.cassandra.dht.Murmur3Partitioner")) }
                return row
            }
        return Self.rows(columns, rows)
    }

    static func rows(_ columns: [(String, CQLType)], _ rows: [[CQLValue]]) -> CQLResponse {
        var cells = CellList()
        for row in rows {
            for (value, column) in zip(row, columns) { try? cells.append(value, as: column.1) }
        }
        let metadata = ResultMetadata(
            columns: columns.map {
                CQLColumn(keyspace: "system", table: "t", name: $0.0, type: $0.1)
            })
        return .result(.rows(RowsResult(metadata: metadata, rowCount: rows.count, cells: cells)))
    }
}

@Suite("CQL client and clusters")
struct CQLClientClusterTests {
    private static let simple = [("class", "SimpleStrategy"), ("replication_factor", "1")]

    /// Polls, since connections to found nodes are made beside the test.
    private func until(_ check: @Sendable () -> Bool) async throws {
        while !check() { try await Task.sleep(for: .milliseconds(2)) }
    }

    /// Goal: from one contact all nodes are found and used, by the new table and by the old one.
    @Test func findsTheOtherNodes() async throws {
        let cluster = try await CQLScriptedCluster.start(
            dataCenters: ["dc1", "dc1", "dc1"], replication: Self.simple
        ) { _, _ in .answer(.result(.void)) }
        let session = try await CQLSession.connect(cluster.endpoint(), logger: cqlLogger)
        #expect(session.cluster?.peers.count == 2)
        try await until { cluster.servers.allSatisfy { $0.connectionsOpened == 1 } }
        while Set(cluster.seen.withLock { $0 }).count < 3 { try await session.execute("INSERT") }
        await session.close()
        await cluster.stop()
    }

    @Test func findsThemByTheOldTable() async throws {
        let cluster = try await CQLScriptedCluster.start(
            dataCenters: ["dc1", "dc1"], replication: Self.simple, peersTable: "peers"
        ) { _, _ in .answer(.result(.void)) }
        let session = try await CQLSession.connect(cluster.endpoint(), logger: cqlLogger)
        // The old table has no ports: the contact's own is taken.
        #expect(session.cluster?.peers.first?.address.port == cluster.servers[0].port)
        await session.close()
        await cluster.stop()
    }

    @Test func staysWithTheURLWhenToldSo() async throws {
        let cluster = try await CQLScriptedCluster.start(
            dataCenters: ["dc1", "dc1"], replication: Self.simple
        ) { _, _ in .answer(.result(.void)) }
        let session = try await CQLSession.connect(
            cluster.endpoint("?discovery=false"), logger: cqlLogger)
        for _ in 0..<20 { try await session.execute("INSERT") }
        #expect(session.cluster == nil)
        #expect(Set(cluster.seen.withLock { $0 }) == [0])
        await session.close()
        await cluster.stop()
    }

    /// Goal: a prepared statement goes to the owner of its key, and nowhere else.
    @Test func routesByToken() async throws {
        let cluster = try await CQLScriptedCluster.start(
            dataCenters: ["dc1", "dc1", "dc1", "dc1"], replication: Self.simple
        ) { _, request in
            if case .prepare = request { return .answer(CQLAnswers.prepared([1])) }
            return .answer(.result(.void))
        }
        let session = try await CQLSession.connect(cluster.endpoint(), logger: cqlLogger)
        try await until { cluster.servers.allSatisfy { $0.connectionsOpened == 1 } }
        // A connection counts once the server took it; the client may still be shaking hands.
        while Set(cluster.seen.withLock { $0 }).count < 4 { try await session.execute("INSERT") }
        let statement = try await session.prepare("SELECT n FROM t WHERE n = ?")
        let tokens = cluster.nodes.withLock { $0.map(\.token) }
        for number in 0..<200 {
            cluster.seen.withLock { $0 = [] }
            try await session.execute(statement, [.int(Int32(number))])
            let key = withUnsafeBytes(of: Int32(number).bigEndian, Array.init)
            let token = PartitionToken.of(key)
            let owner = tokens.firstIndex { token <= $0 } ?? 0
            #expect(cluster.seen.withLock { $0 } == [owner])
        }
        await session.close()
        await cluster.stop()
    }

    /// Goal: other data centres are used only when nobody near by is left.
    @Test func staysInItsDataCentre() async throws {
        let cluster = try await CQLScriptedCluster.start(
            dataCenters: ["near", "far", "near", "far"],
            replication: [("class", "NetworkTopologyStrategy"), ("near", "1"), ("far", "1")]
        ) { _, _ in .answer(.result(.void)) }
        let session = try await CQLSession.connect(
            cluster.endpoint("?local_dc=near", contact: 1), logger: cqlLogger)
        try await until { cluster.servers.allSatisfy { $0.connectionsOpened == 1 } }
        while !Set([0, 2]).isSubset(of: Set(cluster.seen.withLock { $0 })) {
            try await session.execute("INSERT")
        }
        cluster.seen.withLock { $0 = [] }
        for _ in 0..<20 { try await session.execute("INSERT") }
        #expect(Set(cluster.seen.withLock { $0 }) == [0, 2])
        await cluster.servers[0].stop()
        await cluster.servers[2].stop()
        for _ in 0..<20 { try await session.execute("INSERT", isIdempotent: true) }
        #expect(Set(cluster.seen.withLock { $0 }).isSuperset(of: [1, 3]))
        await session.close()
        let error = await #expect(throws: CQLError.self) {
            try await CQLSession.connect(
                cluster.endpoint("?local_dc=nowhere", contact: 1), logger: cqlLogger)
        }
        #expect(error?.description.contains("far, near") == true)
        await cluster.stop()
    }

    /// Goal: nodes come and go by events, and the watch moves when its connection breaks.
    @Test func followsTheCluster() async throws {
        let cluster = try await CQLScriptedCluster.start(
            dataCenters: ["dc1", "dc1", "dc1"], replication: Self.simple
        ) { _, _ in .answer(.result(.void)) }
        cluster.nodes.withLock { $0[2].isMember = false }
        let session = try await CQLSession.connect(cluster.endpoint(), logger: cqlLogger)
        try await until { cluster.servers[1].connectionsOpened == 1 }
        #expect(cluster.servers[0].registrations == 1)
        cluster.nodes.withLock { $0[2].isMember = true }
        let address = try #require(CQLInet("127.0.0.1"))
        cluster.servers[0].push(
            .topologyChange(
                change: "NEW_NODE", address: address, port: Int32(cluster.servers[2].port)))
        try await until { cluster.servers[2].connectionsOpened == 1 }
        // The first node goes away, and with it the connection that heard the events.
        await cluster.servers[0].stop()
        try await until {
            cluster.servers[1].registrations + cluster.servers[2].registrations > 0
        }
        cluster.nodes.withLock { $0[0].isMember = false }
        for server in cluster.servers[1...] {
            server.push(.topologyChange(change: "REMOVED_NODE", address: address, port: 1))
        }
        while session.cluster?.peers.count != 1 { try await Task.sleep(for: .milliseconds(5)) }
        for _ in 0..<10 { try await session.execute("INSERT", isIdempotent: true) }
        await session.close()
        await cluster.stop()
    }

    /// Goal: while the first host thinks, a second answers an idempotent read; a write waits.
    @Test func asksASecondHost() async throws {
        let cluster = try await CQLScriptedCluster.start(
            dataCenters: ["dc1", "dc1"], replication: Self.simple
        ) { index, request in
            guard case .query(let text, _) = request, text != "warm" else {
                return .answer(.result(.void))
            }
            return index == 0 ? .silence : .answer(CQLAnswers.rows([7]))
        }
        let session = try await CQLSession.connect(
            cluster.endpoint("?speculative_ms=20"), logger: cqlLogger)
        while Set(cluster.seen.withLock { $0 }).count < 2 { try await session.execute("warm") }
        for _ in 0..<6 {
            let rows = try await session.execute("SELECT", isIdempotent: true)
            #expect(try rows[0][0] == .int(7))
        }
        // Whether it is answered or not: what is not idempotent goes to one host only.
        cluster.seen.withLock { $0 = [] }
        for _ in 0..<2 { _ = try? await session.execute("UPDATE", timeout: .milliseconds(200)) }
        #expect(cluster.seen.withLock { $0 }.count == 2)
        await session.close()
        await cluster.stop()
    }

    /// Goal: the rules of the standard policy: what goes to another host, what is thrown.
    @Test(arguments: [
        (ServerErrorCode.overloaded, true, true), (.overloaded, false, false),
        (.isBootstrapping, false, true), (.serverError, true, true), (.invalid, true, false),
        (.syntaxError, true, false),
    ])
    func triesElsewhere(code: ServerErrorCode, isIdempotent: Bool, succeeds: Bool) async throws {
        let cluster = try await CQLScriptedCluster.start(
            dataCenters: ["dc1", "dc1"], replication: Self.simple
        ) { index, request in
            guard case .query(let text, _) = request, text != "warm", index == 0 else {
                return .answer(.result(.void))
            }
            return .answer(CQLAnswers.error(code))
        }
        let session = try await CQLSession.connect(cluster.endpoint(), logger: cqlLogger)
        while Set(cluster.seen.withLock { $0 }).count < 2 { try await session.execute("warm") }
        var failures = 0
        for _ in 0..<4 {
            do { try await session.execute("INSERT", isIdempotent: isIdempotent) } catch {
                failures += 1
            }
        }
        #expect(failures == (succeeds ? 0 : 2))
        await session.close()
        await cluster.stop()
    }
}
