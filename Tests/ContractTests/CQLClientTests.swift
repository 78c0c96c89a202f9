// The client against a scripted server: versions, passwords, errors, pages, lost connections.

import CQLClient
import CQLProtocol
import Logging
import MillraceBase
import NIOCore
import Synchronization
import Testing

let cqlLogger = Logger(label: "cql.tests") { _ in SwiftLogNoOpLogHandler() }

/// What a scripted server answers.
enum CQLAnswers {
    static let column = CQLColumn(keyspace: "ks", table: "t", name: "n", type: .int)

    static func rows(
        _ numbers: [Int32], pagingState: [UInt8]? = nil, changedID: [UInt8]? = nil
    ) -> CQLResponse {
        var cells = CellList()
        for number in numbers { cells.append(withUnsafeBytes(of: number.bigEndian, Array.init)) }
        let metadata = ResultMetadata(
            columns: [column], pagingState: pagingState, changedID: changedID)
        return .result(.rows(RowsResult(metadata: metadata, rowCount: numbers.count, cells: cells)))
    }

    static func prepared(_ id: [UInt8]) -> CQLResponse {
        .result(
            .prepared(
                PreparedResult(
                    id: id, resultMetadataID: [1],
                    bind: BindMetadata(columns: [column], partitionKeyIndexes: [0]),
                    result: ResultMetadata(columns: [column]))))
    }

    static func error(_ code: ServerErrorCode, _ detail: CQLServerError.Detail = .none)
        -> CQLResponse
    {
        .error(CQLServerError(code, "scripted", detail))
    }
}

@Suite("CQL client")
struct CQLClientTests {
    /// Goal: the highest version that both speak, compressed or not.
    @Test(arguments: ProtocolVersion.allCases, ["", "?compression=lz4"])
    func agreesOnAVersion(version: ProtocolVersion, options: String) async throws {
        let numbers = (0..<5_000).map { Int32($0) }
        let server = try await CQLScriptedServer.start(
            .init(versionMax: version) { _ in .answer(CQLAnswers.rows(numbers)) })
        let session = try await CQLSession.connect(server.endpoint(options), logger: cqlLogger)
        let rows = try await session.execute("SELECT n FROM t WHERE x = ?", [.text("y")])
        #expect(try rows.map { try $0["n"] } == numbers.map { .int($0) })
        #expect(throws: CQLError.self) { try rows[0]["missing"] }
        await session.close()
        await server.stop()
    }

    @Test func goesWithoutCompressionWhereThereIsNone() async throws {
        let server = try await CQLScriptedServer.start(.init(compression: []))
        let session = try await CQLSession.connect(
            server.endpoint("/ks?compression=lz4"), logger: cqlLogger)
        try await session.execute("INSERT")
        await session.close()
        await server.stop()
    }

    @Test func givesTheRightPassword() async throws {
        let server = try await CQLScriptedServer.start(.init(user: "ada", password: "secret"))
        let session = try await CQLSession.connect(
            server.endpoint("/ks", user: "ada:secret@"), logger: cqlLogger)
        try await session.execute("INSERT")
        await session.close()
        await server.stop()
    }

    @Test(arguments: [("ada:wrong@", true), ("", false)])
    func refusesWithoutTheRightPassword(user: String, isServersError: Bool) async throws {
        let server = try await CQLScriptedServer.start(.init(user: "ada", password: "secret"))
        let error = await #expect(throws: CQLError.self) {
            try await CQLSession.connect(server.endpoint(user: user), logger: cqlLogger)
        }
        #expect((error?.serverCode == .badCredentials) == isServersError)
        #expect(error?.description.contains("wrong") == false)
        await server.stop()
    }

    /// Method: answers are held and sent in reverse order; each caller must get its own.
    @Test func matchesAnswersThatComeOutOfOrder() async throws {
        let server = try await CQLScriptedServer.start(
            .init { request in
                guard case .query(let text, _) = request, let number = Int32(text) else {
                    return .silence
                }
                return .hold(CQLAnswers.rows([number]), until: 50)
            })
        let session = try await CQLSession.connect(server.endpoint(), logger: cqlLogger)
        let matches = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<2_000 {
                group.addTask {
                    let rows = try? await session.execute("\(number)")
                    return (try? rows?.first?["n"]) == .int(Int32(number))
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(matches == 2_000)
        await session.close()
        await server.stop()
    }

    /// Goal: a request that nobody answers ends, and the connection goes on for the others.
    @Test func timesOut() async throws {
        let server = try await CQLScriptedServer.start(
            .init { request in
                if case .query("silence", _) = request { return .silence }
                return .answer(.result(.void))
            })
        let session = try await CQLSession.connect(server.endpoint(), logger: cqlLogger)
        let error = await #expect(throws: CQLError.self) {
            try await session.execute("silence", timeout: .milliseconds(30))
        }
        guard case .timeout = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try await session.execute("INSERT")
        #expect(server.connectionsOpened == 1)
        await session.close()
        await server.stop()
    }

    @Test func isCancelled() async throws {
        let server = try await CQLScriptedServer.start(.init { _ in .silence })
        let session = try await CQLSession.connect(server.endpoint(), logger: cqlLogger)
        let isCancelled = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do throws(CQLError) {
                    try await session.execute("silence")
                    return false
                } catch {
                    if case .cancelled = error { return true }
                    return false
                }
            }
            group.cancelAll()
            return await group.next() ?? false
        }
        #expect(isCancelled)
        await session.close()
        await server.stop()
    }

    /// Goal: a broken connection is made again, without the caller's doing.
    @Test func reconnects() async throws {
        let server = try await CQLScriptedServer.start(.init())
        let session = try await CQLSession.connect(server.endpoint(), logger: cqlLogger)
        for _ in 0..<3 {
            server.hangUp()
            try await session.execute("INSERT", isIdempotent: true)
        }
        #expect(server.connectionsOpened >= 2)
        await session.close()
        await server.stop()
    }

    /// Goal: a host that is away does not matter while another is there; alone it is an error that
    /// names it.
    @Test func failsOver() async throws {
        let gone = try await CQLScriptedServer.start(.init())
        let port = gone.port
        await gone.stop()
        let server = try await CQLScriptedServer.start(.init())
        let both = try Endpoint.parse("cassandra://127.0.0.1:\(port),127.0.0.1:\(server.port)")
        let session = try await CQLSession.connect(both, logger: cqlLogger)
        for _ in 0..<4 { try await session.execute("INSERT") }
        await session.close()
        let error = await #expect(throws: CQLError.self) {
            try await CQLSession.connect(gone.endpoint(), logger: cqlLogger)
        }
        guard case .unreachable(let host, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(host == "127.0.0.1:\(port)" || host == "127.0.0.1:0")
        await server.stop()
    }

    /// Goal: every page is fetched once, an empty one in the middle does not end it.
    @Test func walksThePages() async throws {
        let server = try await CQLScriptedServer.start(
            .init { request in
                guard case .query(_, let parameters) = request else { return .silence }
                switch parameters.pagingState {
                case nil: return .answer(CQLAnswers.rows([1, 2], pagingState: [1]))
                case [1]: return .answer(CQLAnswers.rows([], pagingState: [2]))
                default: return .answer(CQLAnswers.rows([3]))
                }
            })
        let session = try await CQLSession.connect(server.endpoint(), logger: cqlLogger)
        var numbers: [CQLValue] = []
        for try await row in session.rows("SELECT", pageSize: 2) { numbers.append(try row[0]) }
        #expect(numbers == [.int(1), .int(2), .int(3)])
        var counts: [Int] = []
        for try await page in session.pages("SELECT") { counts.append(page.count) }
        #expect(counts == [2, 0, 1])
        await session.close()
        await server.stop()
    }

    /// Goal: a statement that a server forgot is prepared again, with its new id.
    @Test(arguments: [ProtocolVersion.v4, .v5])
    func preparesAgain(version: ProtocolVersion) async throws {
        let prepares = Mutex<UInt8>(0)
        let server = try await CQLScriptedServer.start(
            .init(versionMax: version) { request in
                switch request {
                case .prepare:
                    return .answer(
                        CQLAnswers.prepared([
                            prepares.withLock {
                                $0 += 1; return $0
                            }
                        ]))
                case .execute(let id, _, let parameters) where id == [2]:
                    guard parameters.values[0] == .bytes(.init(bytes: [0, 0, 0, 5])) else {
                        return .answer(CQLAnswers.error(.invalid))
                    }
                    return .answer(CQLAnswers.rows([9]))
                case .execute(let id, _, _):
                    return .answer(CQLAnswers.error(.unprepared, .unprepared(id: id)))
                default: return .silence
                }
            })
        let session = try await CQLSession.connect(server.endpoint(), logger: cqlLogger)
        let statement = try await session.prepare("SELECT n FROM t WHERE n = ?")
        #expect(try await session.prepare("SELECT n FROM t WHERE n = ?") === statement)
        #expect(statement.partitionKeyIndexes == [0])
        let rows = try await session.execute(statement, [.bigint(5)])
        #expect(try rows[0][0] == .int(9))
        #expect(prepares.withLock { $0 } == 2)
        await #expect(throws: CQLError.self) { try await session.execute(statement, []) }
        await #expect(throws: CQLError.self) {
            try await session.execute(statement, [.text("no number")])
        }
        await session.close()
        await server.stop()
    }

    /// Goal: with a new metadata id the next execution names it (v5).
    @Test func followsChangedMetadata() async throws {
        let seen = Mutex<[[UInt8]?]>([])
        let server = try await CQLScriptedServer.start(
            .init { request in
                switch request {
                case .prepare: return .answer(CQLAnswers.prepared([1]))
                case .execute(_, let metadataID, _):
                    seen.withLock { $0.append(metadataID) }
                    return .answer(
                        CQLAnswers.rows([1], changedID: metadataID == [1] ? [7] : nil))
                default: return .silence
                }
            })
        let session = try await CQLSession.connect(server.endpoint(), logger: cqlLogger)
        let statement = try await session.prepare("SELECT")
        for _ in 0..<2 { try await session.execute(statement, [.int(1)]) }
        #expect(seen.withLock { $0 } == [[1], [7]])
        await session.close()
        await server.stop()
    }

    /// Goal: bytes that are no frame end the connection as a typed error.
    @Test func refusesGarbage() async throws {
        let server = try await CQLScriptedServer.start(
            .init { _ in .garbage(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)) })
        let session = try await CQLSession.connect(server.endpoint(), logger: cqlLogger)
        let error = await #expect(throws: CQLError.self) { try await session.execute("SELECT") }
        guard case .wire = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await session.close()
        await server.stop()
    }

    /// Goal: a silent connection is asked, and given up when it does not answer.
    @Test(arguments: [true, false])
    func asksWhetherASilentConnectionLives(answers: Bool) async throws {
        let server = try await CQLScriptedServer.start(.init(answersHeartbeats: answers))
        let session = try await CQLSession.connect(
            server.endpoint("?heartbeat_ms=20&timeout_ms=\(answers ? 5_000 : 100)"),
            logger: cqlLogger)
        while server.heartbeats < 3 || !answers && server.connectionsOpened < 2 {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(answers == (server.connectionsOpened == 1))
        await session.close()
        await server.stop()
    }

    @Test(arguments: [
        "kafka://h:1", "cassandra:", "cassandra://h?compression=zstd",
        "cassandra://h?timeout_ms=0",
        "cassandra://h?consistency=SOME", "cassandra://h?speed=high", "cassandra://h?protocol=2",
    ])
    func refusesSettings(url: String) async throws {
        let endpoint = try Endpoint.parse(url)
        let error = await #expect(throws: CQLError.self) {
            try await CQLSession.connect(endpoint, logger: cqlLogger)
        }
        guard case .configuration = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
