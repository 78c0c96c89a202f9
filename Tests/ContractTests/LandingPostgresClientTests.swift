// The PostgreSQL client itself, against a real server.

import MillraceBase
import PostgresClient
import Synchronization
import Testing

@Suite("PostgreSQL client", .enabled(if: LandingPostgres.isAvailable, LandingPostgres.missing))
struct LandingPostgresClientTests {
    private func withConnection(
        _ body: (PostgresConnection) async throws -> Void
    ) async throws {
        let connection = try await PostgresConnection.connect(LandingPostgres.schema())
        try await body(connection)
        await connection.close()
    }

    /// Goal: values go there and back.
    @Test func carriesValues() async throws {
        try await withConnection { connection in
            let rows = try await connection.query(
                "SELECT $1::text AS t, $2::bytea, $3::bigint, $4::text, true, 7::int4, $5::text",
                [.text("é😀'\\"), .bytes([0, 1, 255]), .int(-5), .text(nil), .text("")])
            #expect(rows.count == 1)
            #expect(rows.columns.first == "t")
            #expect(rows.text(0, 0) == "é😀'\\")
            #expect(rows.bytes(0, 1) == [0, 1, 255])
            #expect(rows.int(0, 2) == -5)
            #expect(rows.text(0, 3) == nil)
            #expect(rows.bool(0, 4) == true)
            #expect(rows.int(0, 5) == 7)
            #expect(rows.text(0, 6) == "")
        }
    }

    @Test func carriesArrays() async throws {
        try await withConnection { connection in
            let rows = try await connection.query(
                "SELECT * FROM unnest($1::text[], $2::bytea[], $3::bigint[])",
                [
                    .texts(["a", "", "{x,\"y\"}"]), .byteStrings([[], [1], [2, 0]]),
                    .ints([1, -2, .max]),
                ])
            #expect((0..<3).map { rows.text($0, 0) } == ["a", "", "{x,\"y\"}"])
            #expect((0..<3).map { rows.bytes($0, 1) } == [[], [1], [2, 0]])
            #expect((0..<3).map { rows.int($0, 2) } == [1, -2, .max])
            let none = try await connection.query("SELECT unnest($1::text[])", [.texts([])])
            #expect(none.count == 0)
        }
    }

    @Test func copiesIn() async throws {
        try await withConnection { connection in
            try await connection.execute("CREATE TABLE t (a int, b text)")
            let copied = try await connection.copyIn(
                "COPY t FROM STDIN", Array("1\tx\n2\ty\n".utf8))
            #expect(copied == 2)
            let error = await #expect(throws: PostgresError.self) {
                _ = try await connection.copyIn("COPY t FROM STDIN", Array("oops\tx\n".utf8))
            }
            #expect(error?.sqlState == "22P02")
            let rows = try await connection.query("SELECT count(*) FROM t")
            #expect(rows.int(0, 0) == 2)
        }
    }

    /// Goal: an error rolls all of it back and leaves the connection usable.
    @Test func rollsBack() async throws {
        try await withConnection { connection in
            try await connection.execute("CREATE TABLE t (a int PRIMARY KEY)")
            let error = await #expect(throws: PostgresError.self) {
                try await connection.transaction { session throws(PostgresError) in
                    try session.query("INSERT INTO t VALUES (1)")
                    try session.query("INSERT INTO t VALUES (1)")
                }
            }
            #expect(error?.sqlState == "23505")
            #expect(error?.isConnectionLost == false)
            #expect(error?.description.contains("(1)") == false)
            let rows = try await connection.query("SELECT count(*) FROM t")
            #expect(rows.int(0, 0) == 0)
        }
    }

    /// Goal: a session that the server ends is known as lost.
    @Test func knowsALostConnection() async throws {
        try await withConnection { connection in
            let error = await #expect(throws: PostgresError.self) {
                try await connection.query("SELECT pg_terminate_backend(pg_backend_pid())")
            }
            #expect(error?.isConnectionLost == true)
            #expect(error?.mayPass == true)
        }
    }

    @Test func passesNoticesOn() async throws {
        let notices = Mutex<[String]>([])
        let connection = try await PostgresConnection.connect(LandingPostgres.schema()) { notice in
            notices.withLock { $0.append(notice) }
        }
        try await connection.execute("DROP TABLE IF EXISTS never_was")
        await connection.close()
        #expect(notices.withLock { $0.count } == 1)
    }

    /// Goal: libpq's own options pass through, and one that it does not know is said.
    @Test func passesOptionsOn() async throws {
        var endpoint = try await LandingPostgres.schema()
        endpoint.options["application_name"] = "mill"
        let connection = try await PostgresConnection.connect(endpoint)
        let rows = try await connection.query("SELECT current_setting('application_name')")
        #expect(rows.text(0, 0) == "mill")
        await connection.close()
        endpoint.options["sslmood"] = "x"
        let wrong = endpoint
        let error = await #expect(throws: PostgresError.self) {
            _ = try await PostgresConnection.connect(wrong)
        }
        #expect(error?.message.contains("sslmood") == true)
    }
}
