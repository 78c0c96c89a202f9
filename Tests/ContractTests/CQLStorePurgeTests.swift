// Nothing deleted or expired comes back, and it goes for good: sweeps, compactions and restarts at
// any moment, against the model of Cassandra's rules.

import CQLProtocol
import Foundation
import MillraceBase
import Testing

@testable import CQLStore

@Suite("CQL store purging")
struct CQLStorePurgeTests {
    private static let grace = 6
    private static let keys = 0..<3
    private static let clusterings = 0..<6

    /// Random mutations of the same few rows. `now` goes on; timestamps are at most `grace` seconds
    /// old, which is what `gc_grace_seconds` promises to honour, and collide all the time.
    private struct Generator {
        var random: CQLStoreRandom
        var now = 1_000_000
        private var step = 0

        init(seed: UInt64) { random = CQLStoreRandom(state: seed) }

        mutating func next(_ model: inout CQLRulesModel) -> [String] {
            step += 1
            now += pick(0..<3)
            guard pick(0..<8) == 0 else { return [one(&model, nil)] }
            // A batch: all of it at one timestamp.
            let timestamp = plainTimestamp()
            let parts = (0..<pick(2..<4)).map { _ in one(&model, timestamp) + ";" }
            return ["BEGIN BATCH \(parts.joined(separator: " ")) APPLY BATCH"]
        }

        mutating func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }

        private mutating func plainTimestamp() -> Int {
            (now - pick(0..<CQLStorePurgeTests.grace)) * 1_000 + pick(0..<4)
        }

        private mutating func one(
            _ model: inout CQLRulesModel, _ shared: Int?
        ) -> String {
            let (k, c) = (pick(CQLStorePurgeTests.keys), pick(CQLStorePurgeTests.clusterings))
            let place = CQLRulesModel.Place(k: k, c: c)
            let fixed = CQLRulesModel.Place(k: k, c: nil)
            let expires = shared == nil && pick(0..<3) == 0
            // What expires has a timestamp of its own: of two that expire at different seconds the
            // earlier one may be a plain tombstone by the time the other comes.
            let timestamp =
                expires ? now * 1_000 + 10 + step % 900 : shared ?? plainTimestamp()
            let ttl = pick(1..<8)
            let expiry = expires ? now + ttl : nil
            let using = "USING TIMESTAMP \(timestamp)" + (expires ? " AND TTL \(ttl)" : "")
            let value = pick(0..<4) == 0 ? nil : pick(0..<3)
            let text = value.map(String.init) ?? "null"
            let said = CQLRulesModel.Said(timestamp: timestamp, value: value, expiry: expiry)
            let key = pick(0..<3)
            let plain = "USING TIMESTAMP \(timestamp)"
            switch pick(0..<14) {
            case 0...2:
                model.cell(place, said)
                model.marker(
                    place, CQLRulesModel.Said(timestamp: timestamp, value: 1, expiry: expiry))
                return "INSERT INTO t (k, c, a) VALUES (\(k), \(c), \(text)) \(using)"
            case 3, 4:
                model.cell(place, said)
                return "UPDATE t \(using) SET a = \(text) WHERE k = \(k) AND c = \(c)"
            case 5, 6:
                model.element(place, key, said)
                return "UPDATE t \(using) SET m[\(key)] = \(text) WHERE k = \(k) AND c = \(c)"
            case 7:
                model.empty(place, timestamp - 1)
                if let value {
                    model.element(
                        place, key,
                        CQLRulesModel.Said(timestamp: timestamp, value: value, expiry: expiry))
                }
                let map = value.map { "{\(key): \($0)}" } ?? "null"
                return "UPDATE t \(using) SET m = \(map) WHERE k = \(k) AND c = \(c)"
            case 8:
                model.empty(place, timestamp)
                return "DELETE m FROM t \(plain) WHERE k = \(k) AND c = \(c)"
            case 9:
                model.cell(fixed, said)
                return "UPDATE t \(using) SET s = \(text) WHERE k = \(k)"
            case 10:
                model.delete(k, c...c, timestamp)
                return "DELETE FROM t \(plain) WHERE k = \(k) AND c = \(c)"
            case 11, 12:
                let end = pick(c..<CQLStorePurgeTests.clusterings.upperBound)
                model.delete(k, c...end, timestamp)
                return "DELETE FROM t \(plain) WHERE k = \(k) AND c >= \(c) AND c <= \(end)"
            default:
                guard pick(0..<3) == 0 else {
                    model.cell(place, CQLRulesModel.Said(timestamp: timestamp, value: nil))
                    return "DELETE a FROM t \(plain) WHERE k = \(k) AND c = \(c)"
                }
                model.deletePartition(k, timestamp)
                return "DELETE FROM t \(plain) WHERE k = \(k)"
            }
        }
    }

    private func compare(
        _ engine: CQLStoreEngine, _ model: CQLRulesModel, _ now: Int, _ pageSize: Int32,
        _ note: String
    ) throws {
        for k in Self.keys {
            let expected = model.rows(k, now: now)
            for order in ["ASC", "DESC"] {
                let found = try engine.rows(
                    "SELECT c, s, a, m FROM t WHERE k = \(k) ORDER BY c \(order)", now: Int32(now),
                    pageSize: pageSize
                ).map(Self.row)
                let wanted = order == "ASC" ? expected : expected.reversed()
                #expect(found == wanted, "\(note), k = \(k) \(order), pages of \(pageSize)")
            }
        }
        let all = try engine.rows(
            "SELECT k, c, s, a, m FROM t", now: Int32(now), pageSize: pageSize)
        let wanted = Self.keys.reduce(0) { $0 + model.rows($1, now: now).count }
        #expect(all.count == wanted, "\(note), the whole table, pages of \(pageSize)")
    }

    private static func row(_ values: [CQLValue]) -> CQLRulesModel.Row {
        var map: [Int: Int] = [:]
        if case .map(let entries) = values[3] {
            for entry in entries { map[int(entry.key) ?? -1] = int(entry.value) ?? -1 }
        }
        return CQLRulesModel.Row(c: int(values[0]), s: int(values[1]), a: int(values[2]), m: map)
    }

    private static func int(_ value: CQLValue) -> Int? {
        if case .int(let number) = value { Int(number) } else { nil }
    }

    private func makeTable(_ engine: CQLStoreEngine, grace: Int = Self.grace) throws {
        try engine.write(
            "CREATE KEYSPACE ks WITH replication = "
                + "{'class': 'SimpleStrategy', 'replication_factor': 1}")
        try engine.write(
            "CREATE TABLE t (k int, c int, s int static, a int, m map<int, int>, "
                + "PRIMARY KEY (k, c)) WITH gc_grace_seconds = \(grace)")
    }

    /// Invariants 1 to 4 of the reference. A sweep takes place in slices of three keys, with writes
    /// between them.
    @Test(arguments: [UInt64.random(in: 0 ... .max), 1, 2, 3])
    func nothingComesBack(seed: UInt64) throws {
        var generator = Generator(seed: seed)
        var model = CQLRulesModel()
        let engine = try CQLStoreEngine()
        defer { engine.end() }
        try makeTable(engine)
        for step in 1...600 {
            let texts = generator.next(&model)
            try engine.write(texts, now: Int32(generator.now))
            switch generator.pick(0..<40) {
            case 0: try engine.core.database.compact()
            case 1: try engine.reopen()
            case 2, 3:
                try engine.sweep("t", now: Int32(generator.now)) {
                    let texts = generator.next(&model)
                    try engine.write(texts, now: Int32(generator.now))
                }
            case 4:
                try engine.sweep("t", now: Int32(generator.now))
                try engine.core.database.compact()
            default: break
            }
            if step % 6 == 0 {
                try compare(
                    engine, model, generator.now, Int32(generator.pick(1..<9)),
                    "seed \(seed), step \(step)")
            }
        }
        // Later than all deletions and expiries: one sweep leaves what is alive and nothing else.
        let end = generator.now + 100
        try engine.sweep("t", now: Int32(end))
        try compare(engine, model, end, 100, "seed \(seed), at the end")
        var alive = 0
        for k in Self.keys {
            let rows = model.rows(k, now: end)
            alive += rows.filter { $0.c != nil }.count + (rows.contains { $0.s != nil } ? 1 : 0)
        }
        #expect(try engine.storedKeys("t") == alive, "seed \(seed)")
    }

    /// Goal: a write that is older than a deletion and comes while the sweep is under way, behind it,
    /// does not come to light when the deletion goes.
    @Test(arguments: [
        "DELETE FROM t USING TIMESTAMP 500 WHERE k = 0",
        "DELETE FROM t USING TIMESTAMP 500 WHERE k = 0 AND c >= 0",
    ])
    func lateWritesStayDeleted(deletion: String) throws {
        let engine = try CQLStoreEngine()
        defer { engine.end() }
        try makeTable(engine, grace: 0)
        for c in 0..<20 {
            try engine.write(
                "INSERT INTO t (k, c, a) VALUES (0, \(c), 1) USING TIMESTAMP \(c % 2 == 0 ? 400 : 600)"
            )
        }
        try engine.write(deletion)
        var slices = 0
        try engine.sweep("t", now: 1_000_010) {
            slices += 1
            if slices == 6 {
                try engine.write("INSERT INTO t (k, c, a) VALUES (0, 0, 9) USING TIMESTAMP 450")
            }
        }
        #expect(slices > 6)
        func clusterings() throws -> [Int?] {
            try engine.rows("SELECT c FROM t WHERE k = 0", now: 1_000_020).map { Self.int($0[0]) }
        }
        let odd = stride(from: 1, to: 20, by: 2).map { Int?($0) }
        #expect(try clusterings() == odd)
        #expect(try engine.storedKeys("t") == 12)
        try engine.sweep("t", now: 1_000_030)
        #expect(try clusterings() == odd)
        #expect(try engine.storedKeys("t") == 10)
    }

    /// Goal: `gc_grace_seconds` keeps a tombstone, and not a second longer than needed.
    @Test func honoursGrace() throws {
        let engine = try CQLStoreEngine()
        defer { engine.end() }
        try makeTable(engine, grace: 100)
        try engine.write("INSERT INTO t (k, c, a) VALUES (0, 0, 1) USING TIMESTAMP 5", now: 1_000)
        try engine.write("DELETE FROM t USING TIMESTAMP 9 WHERE k = 0 AND c = 0", now: 1_000)
        try engine.sweep("t", now: 1_100)
        #expect(try engine.storedKeys("t") == 1)
        // An older write that comes late is deleted as well.
        try engine.write("INSERT INTO t (k, c, a) VALUES (0, 0, 2) USING TIMESTAMP 7", now: 1_100)
        #expect(try engine.rows("SELECT c FROM t", now: 1_100).isEmpty)
        try engine.sweep("t", now: 1_101)
        #expect(try engine.storedKeys("t") == 0)
        try engine.write("INSERT INTO t (k, c, a) VALUES (0, 0, 3) USING TIMESTAMP 8", now: 1_102)
        #expect(try engine.rows("SELECT a FROM t", now: 1_102) == [[.int(3)]])
    }

    /// Goal: dropped columns and dropped tables give their room back.
    @Test func forgetsWhatWasDropped() throws {
        let engine = try CQLStoreEngine()
        defer { engine.end() }
        try makeTable(engine)
        for c in 0..<50 {
            try engine.write("INSERT INTO t (k, c, a) VALUES (0, \(c), 1)")
            try engine.write("UPDATE t SET m = {1: 1} WHERE k = 1 AND c = \(c)")
        }
        try engine.write("ALTER TABLE t DROP m")
        let report = try engine.sweep("t", now: 1_000_000, sliceKeys: 10)
        // A row that was only its map is not there any more.
        #expect(report.rowsRemoved == 50)
        #expect(try engine.storedKeys("t") == 50)
        let storage = try #require(engine.core.schema.keyspaces["ks"]?.tables["t"]?.storageID)
        try engine.write("TRUNCATE t")
        #expect(try engine.storedKeys("t") == 0)
        // What a sweep of the old rows still asks for is not done.
        let row = PurgeOrder.RowKey(key: Array(repeating: 1, count: 20), floor: nil)
        #expect(!engine.run(PurgeOrder(storageID: storage, rows: [row])).isDone)
    }

    /// Goal: an index forgets what its table forgot, though nobody reads by it: values of rows, static
    /// columns, parts of partition keys; and nothing that is still there.
    @Test(arguments: ["", "USING 'sai'"])
    func forgetsEntriesOfIndexes(kind: String) throws {
        let engine = try CQLStoreEngine()
        defer { engine.end() }
        try makeTable(engine)
        try engine.write(
            "CREATE TABLE x (p int, q int, c int, s int static, a int, PRIMARY KEY ((p, q), c)) "
                + "WITH gc_grace_seconds = 0")
        for column in ["p", "s", "a"] { try engine.write("CREATE INDEX ON x (\(column)) \(kind)") }
        // With no rows to go over they are as good as built.
        try engine.write("TRUNCATE x")
        for value in 0..<4 {
            try engine.write("INSERT INTO x (p, q, c, a) VALUES (0, 0, 0, \(value))")
            try engine.write("UPDATE x SET s = \(value) WHERE p = 0 AND q = 0")
            try engine.write("INSERT INTO x (p, q, c, s, a) VALUES (1, \(value), 0, 7, 7)")
        }
        try engine.write("INSERT INTO x (p, q, s) VALUES (2, 0, 1)")
        // Of p six partitions, of s four values and five, of a four and four.
        #expect(try engine.storedEntries("x") == 6 + 9 + 8)
        var report = try engine.sweep("x", now: 2_000_000_000)
        // Three values of `a` and three of `s` were written over.
        #expect(report.entriesRemoved == 6)
        #expect(try engine.rows("SELECT c FROM x WHERE a = 3", now: 1_000_001).count == 1)
        #expect(try engine.rows("SELECT c FROM x WHERE s = 1", now: 1_000_001).count == 1)
        #expect(try engine.rows("SELECT q FROM x WHERE p = 1", now: 1_000_001).count == 4)
        for value in 0..<3 { try engine.write("DELETE FROM x WHERE p = 1 AND q = \(value)") }
        report = try engine.sweep("x", now: 2_000_000_000)
        #expect(report.entriesRemoved == 9)
        #expect(try engine.rows("SELECT q FROM x WHERE p = 1", now: 1_000_001).count == 1)
        try engine.write("DELETE FROM x WHERE p = 0 AND q = 0")
        try engine.write("DELETE FROM x WHERE p = 1 AND q = 3")
        try engine.write("DELETE FROM x WHERE p = 2 AND q = 0")
        try engine.sweep("x", now: 2_000_000_000)
        #expect(try engine.storedEntries("x") == 0)
        #expect(try engine.storedKeys("x") == 0)
    }
}
