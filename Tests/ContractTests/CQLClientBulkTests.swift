// `executeAll` against a scripted server: every row, whatever happens on the way.

import CQLClient
import CQLProtocol
import MillraceBase
import Synchronization
import Testing

@Suite("CQL client, bulk writes")
struct CQLClientBulkTests {
    /// What the server has seen of each row, by its number.
    private final class Seen: Sendable {
        let counts = Mutex<[Int32: Int]>([:])
        let timestamps = Mutex<[Int32: Set<Int64>]>([:])
        let requests = Mutex(0)

        /// - Returns: how many EXECUTEs came so far.
        func note(_ parameters: QueryParameters) -> Int {
            if case .int(let number)? = try? parameters.values.value(0, as: .int) {
                counts.withLock { $0[number, default: 0] += 1 }
                if let timestamp = parameters.timestampMicroseconds {
                    timestamps.withLock { _ = $0[number, default: []].insert(timestamp) }
                }
            }
            return requests.withLock {
                $0 += 1; return $0
            }
        }
    }

    private func rows(_ count: Int) -> EncodedRows {
        var rows = EncodedRows(columnCount: 1)
        for number in 0..<count {
            rows.append(Int32(number))
            rows.endRow()
        }
        return rows
    }

    private func check(_ seen: Seen, _ count: Int, repeats: Bool) {
        let counts = seen.counts.withLock { $0 }
        #expect(counts.count == count)
        #expect(repeats || counts.values.allSatisfy { $0 == 1 })
        // A repeated row has the timestamp it had, a later one has a later one.
        let stamps = seen.timestamps.withLock { $0 }
        #expect(stamps.values.allSatisfy { $0.count == 1 })
        let ordered = stamps.sorted { $0.key < $1.key }.compactMap(\.value.first)
        #expect(zip(ordered, ordered.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test(arguments: ProtocolVersion.allCases, ["", "?compression=lz4", "?connections=3"])
    func writesEachRowOnce(version: ProtocolVersion, options: String) async throws {
        let seen = Seen()
        let server = try await CQLScriptedServer.start(
            .init(versionMax: version) { request in
                guard case .execute(_, _, let parameters) = request else {
                    return .answer(CQLAnswers.prepared([1]))
                }
                _ = seen.note(parameters)
                return .answer(.result(.void))
            })
        let session = try await CQLSession.connect(server.endpoint(options), logger: cqlLogger)
        let statement = try await session.prepare("INSERT INTO t (n) VALUES (?)")
        try await session.executeAll(statement, rows: rows(3_000))
        check(seen, 3_000, repeats: false)
        try await session.executeAll(statement, rows: rows(0))
        await session.close()
        await server.stop()
    }

    /// Method: the server answers only once exactly `inFlightMax` rows are there: fewer under way
    /// would wait for ever, more would be counted.
    @Test func keepsToTheBound() async throws {
        let seen = Seen()
        let server = try await CQLScriptedServer.start(
            .init { request in
                guard case .execute(_, _, let parameters) = request else {
                    return .answer(CQLAnswers.prepared([1]))
                }
                _ = seen.note(parameters)
                return .hold(.result(.void), until: 50)
            })
        let session = try await CQLSession.connect(server.endpoint(), logger: cqlLogger)
        let statement = try await session.prepare("INSERT")
        try await session.executeAll(statement, rows: rows(1_000), inFlightMax: 50)
        check(seen, 1_000, repeats: false)
        await session.close()
        await server.stop()
    }

    /// Goal: overload, forgotten statements, lost connections: all rows arrive all the same.
    @Test(arguments: ["overloaded", "unprepared", "hang up", "silence", "write timeout"])
    func writesThroughTrouble(trouble: String) async throws {
        let seen = Seen()
        let server = try await CQLScriptedServer.start(
            .init { request in
                guard case .execute(let id, _, let parameters) = request else {
                    return .answer(CQLAnswers.prepared([1]))
                }
                let number = seen.note(parameters)
                guard number == 400 || number == 900 else { return .answer(.result(.void)) }
                switch trouble {
                case "overloaded": return .answer(CQLAnswers.error(.overloaded))
                case "unprepared":
                    return .answer(CQLAnswers.error(.unprepared, .unprepared(id: id)))
                case "hang up": return .hangUp
                case "silence": return .silence
                default:
                    return .answer(
                        CQLAnswers.error(
                            .writeTimeout,
                            .writeTimeout(
                                consistency: .one, received: 0, blockFor: 1, writeType: "SIMPLE",
                                contentions: nil)))
                }
            })
        let session = try await CQLSession.connect(
            server.endpoint("?timeout_ms=\(trouble == "silence" ? 2_000 : 30_000)"),
            logger: cqlLogger)
        let statement = try await session.prepare("INSERT")
        try await session.executeAll(statement, rows: rows(2_000))
        check(seen, 2_000, repeats: true)
        await session.close()
        await server.stop()
    }

    /// Goal: what trying again cannot help ends the call, with the server's own error.
    @Test func stopsAtALastingError() async throws {
        let seen = Seen()
        let server = try await CQLScriptedServer.start(
            .init { request in
                guard case .execute(_, _, let parameters) = request else {
                    return .answer(CQLAnswers.prepared([1]))
                }
                return .answer(
                    seen.note(parameters) == 300
                        ? CQLAnswers.error(.invalid) : .result(.void))
            })
        let session = try await CQLSession.connect(server.endpoint(), logger: cqlLogger)
        let statement = try await session.prepare("INSERT")
        let error = await #expect(throws: CQLError.self) {
            try await session.executeAll(statement, rows: rows(2_000))
        }
        #expect(error?.serverCode == .invalid)
        #expect(seen.counts.withLock { $0.count } < 2_000)
        // The session is as good as before.
        try await session.executeAll(statement, rows: rows(2_000))
        await session.close()
        await server.stop()
    }

    /// Four nodes of a quarter of the ring each, and which of them each number came to.
    private func routed(
        _ body: (CQLScriptedCluster, CQLSession, PreparedStatement) async throws -> Void
    ) async throws -> [Int32: [Int]] {
        let homes = Mutex<[Int32: [Int]]>([:])
        let cluster = try await CQLScriptedCluster.start(
            dataCenters: ["dc1", "dc1", "dc1", "dc1"],
            replication: [("class", "SimpleStrategy"), ("replication_factor", "1")]
        ) { index, request in
            if case .prepare = request { return .answer(CQLAnswers.prepared([1])) }
            if case .execute(_, _, let parameters) = request,
                case .int(let number)? = try? parameters.values.value(0, as: .int)
            {
                homes.withLock { $0[number, default: []].append(index) }
            }
            return .answer(.result(.void))
        }
        let session = try await CQLSession.connect(cluster.endpoint(), logger: cqlLogger)
        while Set(cluster.seen.withLock { $0 }).count < 4 { try await session.execute("INSERT") }
        try await body(cluster, session, try await session.prepare("INSERT INTO t (n) VALUES (?)"))
        await session.close()
        await cluster.stop()
        return homes.withLock { $0 }
    }

    private func owner(_ number: Int32, _ tokens: [Int64]) -> Int {
        let token = PartitionToken.of(withUnsafeBytes(of: number.bigEndian, Array.init))
        return tokens.firstIndex { token <= $0 } ?? 0
    }

    /// Goal: each row goes to the owner of its key, as other drivers' statements do.
    @Test func goesToTheOwners() async throws {
        let tokens = Mutex<[Int64]>([])
        let found = try await routed { cluster, session, statement in
            tokens.withLock { $0 = cluster.nodes.withLock { $0.map(\.token) } }
            try await session.executeAll(statement, rows: rows(3_000))
        }
        #expect(found.count == 3_000)
        let ring = tokens.withLock { $0 }
        for (number, nodes) in found where nodes != [owner(number, ring)] {
            Issue.record("\(number) went to \(nodes)")
        }
        #expect(Set(found.values.joined()).count == 4)
    }

    /// Goal: rows of a node that is gone are written by others.
    @Test func othersTakeOver() async throws {
        let found = try await routed { cluster, session, statement in
            await cluster.servers[2].stop()
            try await session.executeAll(statement, rows: rows(3_000))
        }
        #expect(found.count == 3_000)
        #expect(Set(found.values.joined()) == [0, 1, 3])
    }

    /// Goal: the token of a row is that of its key's cells, wherever they stand; of none without one.
    @Test func rowsKnowTheirTokens() throws {
        var rows = EncodedRows(columnCount: 3)
        rows.append(text: "hello world, this is longer than 16")
        rows.appendNull()
        rows.append(Int32(1))
        rows.endRow()
        #expect(rows.token(of: 0, keyAt: [0]) == -1_648_602_380_070_133_454)
        #expect(rows.token(of: 0, keyAt: [2]) == -4_069_959_284_402_364_209)
        #expect(rows.token(of: 0, keyAt: [1]) == nil)
        #expect(rows.token(of: 0, keyAt: [2, 1]) == nil)
        #expect(rows.token(of: 0, keyAt: [3]) == nil)
        let both: [UInt8] =
            [0, 4, 0, 0, 0, 1, 0] + [0, 35] + Array("hello world, this is longer than 16".utf8)
            + [0]
        #expect(rows.token(of: 0, keyAt: [2, 0]) == PartitionToken.of(both))
    }

    @Test func refusesRowsOfAnotherWidth() async throws {
        let server = try await CQLScriptedServer.start(
            .init { _ in .answer(CQLAnswers.prepared([1])) })
        let session = try await CQLSession.connect(server.endpoint(), logger: cqlLogger)
        let statement = try await session.prepare("INSERT")
        await #expect(throws: CQLError.self) {
            try await session.executeAll(statement, rows: EncodedRows(columnCount: 2))
        }
        await session.close()
        await server.stop()
    }

    /// Goal: a row given up halfway leaves nothing behind; each kind of cell has its bytes.
    @Test func encodesCells() throws {
        var rows = EncodedRows(columnCount: 3)
        rows.append(text: "ü")
        rows.append(true)
        rows.dropUnfinishedRow()
        rows.append(CQLUUID(high: 1, low: 2))
        rows.appendNull()
        try rows.append(.list([.int(1)]), as: .list(.int))
        rows.endRow()
        #expect(rows.count == 1)
        let expected: [UInt8] =
            [0, 0, 0, 16] + [0, 0, 0, 0, 0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, 2]
            + [255, 255, 255, 255] + [0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1]
        #expect(rows.bytes == expected)
        #expect(rows.rowEnds == [40])
    }
}
