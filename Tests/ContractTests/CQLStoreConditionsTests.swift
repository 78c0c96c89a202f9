// The store against a model of user types, static columns, conditions and counters: flushed, compacted
// and restarted in between.

import CQLClient
import CQLProtocol
import CQLStore
import Testing

@Suite("CQL store, conditions and model")
struct CQLStoreConditionsTests {
    private static func start() async throws -> CQLStoreStage {
        let stage = try await CQLStoreStage.start()
        try await stage.makeKeyspace()
        return stage
    }

    private static func rest(_ stage: CQLStoreStage, _ step: Int) async throws {
        if step % 45 == 0 { try await stage.server.compact() }
        guard step % 110 == 0 else { return }
        try await stage.restart()
        try await stage.session.execute("USE ks")
    }

    /// Invariants 1 to 3 of the reference with user types, and its rules of conditions: each is
    /// answered as the model answers it, alone and in batches, and what it writes wins.
    @Test(arguments: [UInt64.random(in: 0 ... .max), 1, 2])
    func agree(seed: UInt64) async throws {
        var statements = CQLConditionsStatements(seed: seed)
        var model = CQLConditionsModel()
        let stage = try await Self.start()
        try await stage.session.execute("CREATE TYPE ks.pair (x int, y int)")
        try await stage.session.execute("USE ks")
        try await stage.session.execute(
            "CREATE TABLE t (k int, c int, s int static, a int, f frozen<pair>, u pair, "
                + "PRIMARY KEY (k, c))")
        for step in 1...330 {
            let kind = statements.pick(0..<8)
            let place = statements.place()
            // A third of the plain writes say they are older than all others.
            let old = statements.pick(1..<1000) * 1000 + step
            let isOld = kind < 4 && statements.pick(0..<3) == 0
            let statement =
                switch kind {
                case 0..<4:
                    statements.plain(place, using: isOld ? " USING TIMESTAMP \(old)" : "")
                case 4..<7: statements.conditional(place)
                default: statements.batch()
                }
            let note = "seed \(seed), step \(step): \(statement.text)"
            let answer = try await stage.session.execute(statement.text)
            let holds = statement.conditions.allSatisfy { model.holds($0) }
            if !statement.conditions.isEmpty {
                #expect(answer.wasApplied == holds, "\(note)")
            }
            if holds {
                model.hear(statement.words, at: isOld ? old : 10_000_000 + step * 10)
            }
            try await Self.rest(stage, step)
            guard step % 5 == 0 else { continue }
            for k in CQLConditionsStatements.keys {
                let order = step % 2 == 0 ? "ASC" : "DESC"
                let found = try await stage.rows(
                    "SELECT c, s, a, f, u FROM t WHERE k = \(k) ORDER BY c \(order)",
                    pageSize: Int32(statements.pick(1..<5)))
                let expected = model.rows(k)
                #expect(
                    found == (order == "ASC" ? expected : expected.reversed()), "\(note), k = \(k)")
            }
        }
        await stage.end()
    }

    /// Invariant 9 of the reference: a counter is the sum of what was added to it.
    @Test(arguments: [UInt64.random(in: 0 ... .max), 1])
    func countersAddUp(seed: UInt64) async throws {
        var random = CQLStoreRandom(state: seed)
        func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
        let stage = try await Self.start()
        try await stage.session.execute(
            "CREATE TABLE ks.n (k int, c int, s counter static, d counter, e counter, "
                + "PRIMARY KEY (k, c))")
        var sums: [Int: [String: Int]] = [:]
        var fixed: Int?
        var gone: Set<Int> = []
        for step in 1...220 {
            var texts: [String] = []
            for c in (0..<6).shuffled(using: &random).prefix(pick(1..<4)) where !gone.contains(c) {
                let (name, more) = (pick(0..<2) == 0 ? "d" : "e", pick(-5..<6))
                texts.append(
                    "UPDATE ks.n SET \(name) = \(name) \(more < 0 ? "-" : "+") \(abs(more)) "
                        + "WHERE k = 0 AND c = \(c)")
                sums[c, default: [:]][name, default: 0] += more
            }
            if pick(0..<4) == 0 {
                texts.append("UPDATE ks.n SET s = s + 3 WHERE k = 0")
                fixed = (fixed ?? 0) + 3
            }
            if texts.count > 1 {
                let all = texts.joined(separator: "; ")
                try await stage.session.execute("BEGIN COUNTER BATCH \(all); APPLY BATCH")
            } else if let text = texts.first {
                try await stage.session.execute(text)
            }
            // A counter that was deleted must not be used again, so it is not.
            if step % 70 == 0 {
                let c = pick(0..<6)
                gone.insert(c)
                sums[c] = nil
                try await stage.session.execute("DELETE FROM ks.n WHERE k = 0 AND c = \(c)")
            }
            try await Self.rest(stage, step)
            guard step % 10 == 0 else { continue }
            let found = try await stage.rows(
                "SELECT c, s, d, e FROM ks.n WHERE k = 0", pageSize: Int32(pick(1..<5)))
            let expected = sums.sorted { $0.key < $1.key }.map { c, sums in
                [c, fixed, sums["d"], sums["e"]]
            }
            #expect(
                found.map { $0.map { $0.int64.map(Int.init) } } == expected,
                "seed \(seed), step \(step)")
        }
        await stage.end()
    }
}
