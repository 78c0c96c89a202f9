// The client against a store: ours, and a real Cassandra where there is one.

import CQLClient
import CQLProtocol
import CQLStore
import Foundation
import MillraceBase
import Testing

/// A store to test against, and what ends it.
struct CQLTestStore: Sendable {
    var endpoint: Endpoint
    var stop: @Sendable () async -> Void

    /// Our own, in a directory of its own, on a free port.
    static func embedded() async throws -> CQLTestStore {
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("cql-\(UUID().uuidString)").path
        let server = try await CQLStoreServer.start(
            CQLStoreConfiguration(directory: directory, port: 0), logger: cqlLogger)
        // The server runs until `stop` cancels it and waits for its end.
        let running = Task { try await server.run() }
        return CQLTestStore(
            endpoint: try Endpoint.parse("cassandra://127.0.0.1:\(server.port)")
        ) {
            running.cancel()
            _ = await running.result
            try? FileManager.default.removeItem(atPath: directory)
        }
    }

    /// `MILLRACE_TEST_CASSANDRA=cassandra://host:9042`: Cassandra, ScyllaDB.
    static let realAddress = ProcessInfo.processInfo.environment["MILLRACE_TEST_CASSANDRA"]
}

@Suite("CQL client and store")
struct CQLClientStoreTests {
    @Test(arguments: ["?protocol=5", "?protocol=4", "?protocol=5&compression=lz4"])
    func worksWithOurStore(options: String) async throws {
        let store = try await CQLTestStore.embedded()
        do {
            try await exercise(try Endpoint.parse("\(store.endpoint)\(options)"))
        } catch {
            await store.stop()
            throw error
        }
        await store.stop()
    }

    @Test(
        .enabled(
            if: CQLTestStore.realAddress != nil,
            "set MILLRACE_TEST_CASSANDRA=cassandra://host:9042 to test a real Cassandra"))
    func worksWithARealCassandra() async throws {
        try await exercise(try Endpoint.parse(CQLTestStore.realAddress ?? ""))
    }

    /// Goal: the same steps, whoever the server is: schema, prepared writes in bulk, reading by key
    /// and by pages, errors of the right class.
    private func exercise(_ endpoint: Endpoint) async throws {
        let session = try await CQLSession.connect(endpoint, logger: cqlLogger)
        let keyspace = "client_test"
        try await session.execute("DROP KEYSPACE IF EXISTS \(keyspace)")
        try await session.execute(
            "CREATE KEYSPACE \(keyspace) WITH replication = "
                + "{'class': 'SimpleStrategy', 'replication_factor': 1}")
        try await session.execute(
            "CREATE TABLE \(keyspace).people (id uuid PRIMARY KEY, name text, age int)")
        let insert = try await session.prepare(
            "INSERT INTO \(keyspace).people (id, name, age) VALUES (?, ?, ?)")
        #expect(insert.columns.map(\.type) == [.uuid, .text, .int])
        #expect(insert.partitionKeyIndexes == [0])
        try await writeAndRead(session, insert, keyspace)
        let error = await #expect(throws: CQLError.self) {
            try await session.execute("SELECT * FROM \(keyspace).nobody")
        }
        #expect(error?.serverCode == .invalid)
        let syntax = await #expect(throws: CQLError.self) { try await session.execute("SELEC") }
        #expect(syntax?.serverCode == .syntaxError)
        try await session.execute("DROP KEYSPACE \(keyspace)")
        await session.close()
    }

    private func writeAndRead(
        _ session: CQLSession, _ insert: PreparedStatement, _ keyspace: String
    ) async throws {
        let count = 1_000
        var rows = EncodedRows(columnCount: 3)
        for number in 0..<count {
            rows.append(CQLUUID(high: 0x4000, low: 0x8000_0000_0000_0000 | UInt64(number)))
            rows.append(text: "name \(number)")
            if number % 2 == 0 { rows.append(Int32(number)) } else { rows.appendNull() }
            rows.endRow()
        }
        // Twice: a repeated write changes nothing.
        for _ in 0..<2 { try await session.executeAll(insert, rows: rows) }
        let select = try await session.prepare(
            "SELECT name, age FROM \(keyspace).people WHERE id = ?")
        let key = CQLValue.uuid(CQLUUID(high: 0x4000, low: 0x8000_0000_0000_0000 | 42))
        let found = try await session.execute(select, [key])
        #expect(found.count == 1)
        #expect(try found[0]["name"] == .text("name 42"))
        #expect(try found[0]["age"] == .int(42))
        var names: Set<String> = []
        var nulls = 0
        let all = session.rows("SELECT name, age FROM \(keyspace).people", pageSize: 97)
        for try await row in all {
            names.insert(try row["name"].string ?? "")
            if try row["age"].isNull { nulls += 1 }
        }
        #expect(names.count == count)
        #expect(nulls == count / 2)
        let total = try await session.execute("SELECT count(*) FROM \(keyspace).people")
        #expect(try total[0][0] == .bigint(Int64(count)))
    }
}
