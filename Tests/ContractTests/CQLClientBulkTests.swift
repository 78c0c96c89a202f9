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
