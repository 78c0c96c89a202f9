// Secondary indexes against a scan: whatever was written, deleted, flushed, compacted and restarted,
// an index gives what filtering a table without indexes gives, in the same order.

import CQLClient
import CQLProtocol
import CQLStore
import Testing

@Suite("CQL store indexes")
struct CQLStoreIndexTests {
    private static let columns =
        "(p int, q int, c int, a int, t text, s int static, l set<int>, n list<int>, m map<int, int>,"
        + " f frozen<list<int>>, PRIMARY KEY ((p, q), c))"

    private static let legacy = [
        "a", "c", "q", "s", "l", "n", "keys(m)", "values(m)", "entries(m)", "full(f)", "t",
    ]
    private static let attached = [
        "a", "c", "q", "s", "l", "n", "keys(m)", "values(m)", "entries(m)", "full(f)", "t",
    ]

    /// Tables: `r` without indexes, `i` with legacy ones, `j` with storage-attached ones. Half of the
    /// indexes are made when there are rows already.
    @Test(arguments: [UInt64.random(in: 0 ... .max), 7])
    func agreeWithAScan(seed: UInt64) async throws {
        var random = CQLStoreRandom(state: seed)
        let stage = try await CQLStoreStage.start()
        try await stage.makeKeyspace()
        for name in ["r", "i", "j"] {
            try await stage.session.execute("CREATE TABLE ks.\(name) \(Self.columns)")
        }
        var waiting: [String] = []
        for target in Self.legacy { waiting.append("CREATE INDEX ON ks.i (\(target))") }
        for target in Self.attached {
            waiting.append("CREATE INDEX ON ks.j (\(target)) USING 'sai'")
        }
        waiting.shuffle(using: &random)
        for text in waiting.prefix(10) { try await stage.session.execute(text) }
        waiting.removeFirst(10)
        for step in 1...200 {
            let statement = mutation(&random)
            for name in ["r", "i", "j"] {
                try await stage.session.execute(statement.replacing("TABLE", with: "ks.\(name)"))
            }
            if step % 8 == 0, let text = waiting.popLast() { try await stage.session.execute(text) }
            if step % 45 == 0 { try await stage.server.compact() }
            if step % 80 == 0 { try await stage.restart() }
            if step == 120 {
                for name in ["r", "i", "j"] {
                    try await stage.session.execute("TRUNCATE ks.\(name)")
                }
            }
            if step > 100, step % 20 == 0 {
                try await compare(stage, "seed \(seed), step \(step)", &random)
            }
        }
        await stage.end()
    }

    private func mutation(_ random: inout CQLStoreRandom) -> String {
        func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
        let key = "p = \(number(0..<2)) AND q = \(number(0..<3))"
        let row = "\(key) AND c = \(number(0..<4))"
        let time = "USING TIMESTAMP \(number(1..<30))"
        let value = number(0..<5) == 0 ? "null" : String(number(0..<4))
        switch number(0..<16) {
        case 0...3:
            return
                "INSERT INTO TABLE (p, q, c, a, t, f) VALUES (\(number(0..<2)), \(number(0..<3)), "
                + "\(number(0..<4)), \(value), 'T\(number(0..<3))', [\(number(0..<3))]) \(time)"
        case 4, 5: return "UPDATE TABLE \(time) SET a = \(value) WHERE \(row)"
        case 6: return "UPDATE TABLE \(time) SET s = \(value) WHERE \(key)"
        case 7: return "UPDATE TABLE \(time) SET l = l + {\(number(0..<4))} WHERE \(row)"
        case 8: return "UPDATE TABLE \(time) SET l = {\(number(0..<4)), 9} WHERE \(row)"
        case 9: return "UPDATE TABLE \(time) SET m[\(number(0..<3))] = \(value) WHERE \(row)"
        case 10: return "UPDATE TABLE \(time) SET n = [\(number(0..<3)), 1] WHERE \(row)"
        case 11:
            return "DELETE l[\(number(0..<4))], m[\(number(0..<3))] FROM TABLE \(time) WHERE \(row)"
        case 12: return "DELETE a FROM TABLE \(time) WHERE \(row)"
        case 13: return "DELETE FROM TABLE \(time) WHERE \(row)"
        case 14: return "DELETE FROM TABLE \(time) WHERE \(key) AND c > \(number(0..<3))"
        default: return "DELETE FROM TABLE USING TIMESTAMP \(number(1..<8)) WHERE \(key)"
        }
    }

    /// What both kinds answer, and what the attached ones answer alone.
    private static let everywhere = [
        "a = V", "c = V", "q = V", "s = V", "l CONTAINS V", "n CONTAINS V", "m CONTAINS KEY V",
        "m CONTAINS V", "m[V] = W", "f = [V]", "t = 'TV'", "a = V AND p = 1", "a = V AND c = W",
        "p = 0 AND q = V AND a = W", "p = 1 AND q = V AND c > 0 AND a = W", "s = V AND a = W",
        "token(p, q) > 0 AND a = V", "a = V AND token(p, q) <= 100",
    ]
    private static let ranges = [
        "a > V", "a >= V AND a < W", "c <= V", "q > V AND q < W", "s < V", "a = V AND l CONTAINS W",
        "a >= V AND c >= W", "a < V AND t = 'TW' AND s = W",
    ]

    private func compare(
        _ stage: CQLStoreStage, _ what: String, _ random: inout CQLStoreRandom
    ) async throws {
        let shown = "p, q, c, a, t, s, l, n, m, f"
        for table in ["i", "j"] {
            for relations in Self.everywhere + (table == "j" ? Self.ranges : []) {
                let size = Int32.random(in: 1...6, using: &random)
                let condition =
                    relations
                    .replacing("V", with: String(Int.random(in: 0..<4, using: &random)))
                    .replacing("W", with: String(Int.random(in: 0..<4, using: &random)))
                let limit = Bool.random(using: &random) ? " LIMIT 4" : ""
                let each = Bool.random(using: &random) ? " PER PARTITION LIMIT 2" : ""
                let end = "WHERE \(condition)\(each)\(limit) ALLOW FILTERING"
                let found = try await stage.rows(
                    "SELECT \(shown) FROM ks.\(table) \(end)", pageSize: size)
                let wanted = try await stage.rows("SELECT \(shown) FROM ks.r \(end)")
                #expect(found == wanted, "\(what), table \(table), page of \(size): \(end)")
            }
        }
    }

    /// A crash between making an index and its last step: it is built anew when the store opens.
    @Test func indexSurvivesACrash() async throws {
        let stage = try await CQLStoreStage.start()
        try await stage.makeKeyspace()
        try await stage.session.execute("CREATE TABLE ks.t (k int PRIMARY KEY, v int)")
        for k in 0..<50 {
            try await stage.session.execute("INSERT INTO ks.t (k, v) VALUES (\(k), \(k % 5))")
        }
        try await stage.session.execute("CREATE INDEX ON ks.t (v)")
        try await stage.session.execute("UPDATE ks.t SET v = 3 WHERE k = 0")
        let crashed = try await CQLStoreStage.start(try stage.crashCopy())
        let found = try await crashed.rows("SELECT k FROM ks.t WHERE v = 3")
        #expect(found.count == 11)
        #expect(try await crashed.rows("SELECT k FROM ks.t WHERE v = 0").count == 9)
        await crashed.end()
        await stage.end()
    }
}
