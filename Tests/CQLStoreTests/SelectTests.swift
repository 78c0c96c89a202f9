// SELECT compiled: ranges from relations against a plain model, names and types of result columns,
// and the words in which selections are refused.

import CQLProtocol
import Testing

@testable import CQLStore

@Suite("SELECT")
struct SelectTests {
    private static func column(
        _ name: String, _ id: UInt16, _ kind: Column.Kind, _ position: Int, _ type: CQLType = .int,
        descending: Bool = false
    ) -> Column {
        Column(
            name: name, id: id, kind: kind, position: position, type: type, descending: descending)
    }

    /// k, and three clustering columns that run up, down and up.
    private static let table = Table(
        keyspace: "ks", name: "t", id: CQLUUID.random(), storageID: 7,
        columns: [
            column("k", 0, .partitionKey, 0), column("a", 1, .clustering, 0),
            column("b", 2, .clustering, 1, descending: true), column("c", 3, .clustering, 2),
            column("s", 4, .fixed, -1), column("v", 5, .regular, -1),
            column("m", 6, .regular, -1, .map(.text, .int)),
            column("l", 7, .regular, -1, .list(.int)), column("d", 8, .regular, -1, .double),
            column("at", 9, .regular, -1, .timestamp),
        ], nextColumnID: 10, options: .defaults)

    private static let schema = Schema(
        version: CQLUUID.random(),
        keyspaces: ["ks": Keyspace(name: "ks", replication: [], tables: ["t": table])])

    private static let context = EvaluationContext(nowMicroseconds: 0, ids: TimeIDSource())

    private func plan(_ text: String) throws -> SelectPlan {
        guard case .select(let select) = try CQLParser.parse(text) else {
            throw CQLSyntaxError(line: 0, column: 0, message: "no SELECT")
        }
        return try SelectCompiler.compile(
            select, schema: Self.schema, current: "ks", context: Self.context)
    }

    private func refusal(_ text: String) -> String {
        do {
            _ = try plan(text)
            return "accepted"
        } catch let error as StatementError {
            return error.message
        } catch {
            return "\(error)"
        }
    }

    // MARK: Ranges

    private struct Bound {
        var values: [Int32]
        var operation: String

        func holds(_ row: [Int32]) -> Bool {
            let prefix = Array(row.prefix(values.count))
            switch operation {
            case ">": return values.lexicographicallyPrecedes(prefix)
            case ">=": return !prefix.lexicographicallyPrecedes(values)
            case "<": return prefix.lexicographicallyPrecedes(values)
            default: return !values.lexicographicallyPrecedes(prefix)
            }
        }

        var text: String {
            let names = ["a", "b", "c"].prefix(values.count).joined(separator: ", ")
            return "(\(names)) \(operation) (\(values.map(String.init).joined(separator: ", ")))"
        }
    }

    private static let rows: [[Int32]] = (0..<64).map { [$0 / 16, $0 / 4 % 4, $0 % 4] }

    private func encoded(_ row: [Int32]) -> [UInt8] {
        zip(row, Self.table.clustering).flatMap { KeyBuilder.component($0.bigBytes, $1) }
    }

    /// Slices of several columns that run in different directions choose the rows that a comparison
    /// of tuples chooses, in ranges that are sorted and do not overlap.
    @Test func slicesOfSeveralColumnsAreThoseOfTuples() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<400 {
            var bounds: [Bound] = []
            for operations in [[">", ">="], ["<", "<="]] where Bool.random(using: &random) {
                let count = Int.random(in: 1...3, using: &random)
                bounds.append(
                    Bound(
                        values: (0..<count).map { _ in Int32.random(in: 0...3, using: &random) },
                        operation: operations[Int.random(in: 0...1, using: &random)]))
            }
            guard !bounds.isEmpty else { continue }
            let text =
                "SELECT * FROM t WHERE k = 1 AND "
                + bounds.map(\.text).joined(separator: " AND ")
            let plan = try plan(text)
            let ranges = try KeyBuilder.ranges(
                plan.restrictions.clustering, plan.restrictions.slice, Self.table, .none,
                Self.context)
            for (range, next) in zip(ranges, ranges.dropFirst()) {
                #expect(!next.start.isLess(than: range.end), "\(text), seed \(seed)")
            }
            for row in Self.rows {
                let key = encoded(row)
                let isInside = ranges.contains { range in
                    key.withUnsafeBytes { range.contains($0) }
                }
                let isWanted = bounds.allSatisfy { $0.holds(row) }
                #expect(isInside == isWanted, "\(row) of \(text), seed \(seed)")
            }
        }
    }

    @Test func partitionsOfAnInComeByTheirValues() throws {
        let plan = try plan("SELECT * FROM t WHERE k IN (5, -3, 9, 5)")
        let keys = try KeyBuilder.partitionKeys(
            try #require(plan.restrictions.partition), Self.table, .none, Self.context)
        #expect(keys == [Int32(-3), 5, 9].map(\.bigBytes))
    }

    // MARK: Columns of the result

    @Test(arguments: [
        ("count(*)", "count", CQLType.bigint), ("count(1)", "count", .bigint),
        ("count('a')", "count", .bigint), ("count(v)", "system.count(v)", .bigint),
        ("sum(v) + 1", "system.sum(v) + 1", .int), ("v + 1.5", "v + 1.5", .double),
        ("v * d", "v * d", .double), ("-v", "-v", .int),
        ("CAST(v AS text)", "cast(v as text)", .text), ("CAST(v AS int)", "v", .int),
        ("m['k']", "m['k']", .int), ("m['a'..]", "m['a'..]", .map(.text, .int)),
        ("writetime(m)", "writetime(m)", .list(.bigint)), ("ttl(m['a'])", "ttl(m['a'])", .int),
        ("maxwritetime(m)", "maxwritetime(m)", .bigint), ("token(k)", "system.token(k)", .bigint),
        ("(bigint)?", "(bigint)?", .bigint), ("[v, 1]", "[v, 1]", .list(.int)),
        ("toDate(at)", "system.todate(at)", .date), ("to_date(at)", "system.to_date(at)", .date),
        ("at - 1d", "at - 1d", .timestamp), ("collection_max(l)", "system.collection_max(l)", .int),
        ("map_keys(m)", "system.map_keys(m)", .set(.text)),
    ])
    func namesAndTypes(selection: String, name: String, type: CQLType) throws {
        let plan = try plan("SELECT \(selection) FROM t")
        let column = try #require(plan.metadata.columns.first)
        #expect(column.name == name && column.type == type)
    }

    @Test(arguments: [
        ("3", "Cannot infer type for term 3"), ("-1", "Cannot infer type for term -1"),
        ("(v)", "Cannot infer type for term (v)"),
        ("?", "Cannot infer type for term ?"),
        ("v + ?", "Ambiguous '+' operation"), ("m - 1", "the '-' operation is not supported"),
        ("nope(v)", "Unknown function 'nope'"), ("sum(max(v))", "cannot be used as arguments"),
        ("l[0]", "but l is a list"), ("v.x", "is not a user type"),
        ("ttl(a)", "PRIMARY KEY part a"),
        ("exp(m)", "none of its type signatures match"),
    ])
    func refusedSelections(selection: String, says: String) {
        #expect(refusal("SELECT \(selection) FROM t").contains(says))
    }

    @Test(arguments: [
        ("", nil), ("WHERE k = 1 AND v = 1", "use ALLOW FILTERING"),
        ("WHERE k = 1 AND v = 1 ALLOW FILTERING", nil), ("WHERE a = 1", "use ALLOW FILTERING"),
        ("WHERE k = 1 AND b = 1", "preceding column \"a\" is not restricted"),
        ("WHERE k = 1 AND a > 1 AND b = 2", "is restricted by a non-EQ relation"),
        ("WHERE k = 1 AND a > 1 AND b = 2 ALLOW FILTERING", nil),
        ("WHERE k = 1 AND a = 1 AND a IN (1, 2)", "if it includes an Equal"),
        ("WHERE k = 1 AND a IN (1, 2) AND a = 1", "if it includes a IN"),
        ("WHERE token(k) > 1 AND token(k) = 2", "both an equality and an inequality"),
        ("GROUP BY k, b", "declared order"), ("GROUP BY v", "PRIMARY KEY, got v"),
        ("WHERE k = 1 GROUP BY a", nil), ("ORDER BY a", "EQ or an IN"),
        ("WHERE k = 1 ORDER BY a, b DESC", nil), ("WHERE k = 1 AND a = 1 ORDER BY b", nil),
        ("WHERE k = 1 ORDER BY a, b", "Unsupported order by relation"),
    ])
    func clauses(clause: String, says: String?) {
        let found = refusal("SELECT k, v FROM t \(clause)")
        #expect(says.map { found.contains($0) } ?? (found == "accepted"), "\(found)")
    }

    @Test func groupsKeepOnlyWhatTheFirstRowGives() throws {
        let plan = try plan("SELECT a, sum(v) + a, max(v) FROM t WHERE k = 1 GROUP BY a")
        #expect(plan.aggregates.count == 2 && plan.captures.count == 2 && !plan.isAggregate)
    }
}
