// The parts of secondary indexes that need no store: targets, ranges of entries, text, nearness.

import CQLProtocol
import Testing

@testable import CQLStore

@Suite("Secondary indexes")
struct IndexTests {
    @Test func targetsAreReadAsTheyAreWritten() {
        for text in ["v", "\"V\"", "keys(m)", "values(\"a b\")", "entries(m)", "full(\"x\"\"y\")"] {
            #expect(IndexTarget(text)?.text == text)
        }
        #expect(IndexTarget("full(\"x\"\"y\")")?.column == "x\"y")
        #expect(IndexTarget("") == nil)
    }

    @Test func statementsAreParsed() throws {
        let parsed = try CQLParser.parse(
            "CREATE CUSTOM INDEX IF NOT EXISTS a.i ON a.t (entries(m)) USING 'sai' "
                + "WITH OPTIONS = {'case_sensitive': false}")
        guard case .index(.create(let create)) = parsed else {
            Issue.record("not an index: \(parsed)")
            return
        }
        #expect(create.isCustom && create.ifNotExists && create.name == "i")
        #expect(create.targets.map(\.part) == [.entries] && create.targets[0].column == "m")
        #expect(create.options == [CQLOptionEntry(key: "case_sensitive", value: "false")])
        #expect(
            try CQLParser.parse("DROP INDEX IF EXISTS i;")
                == .index(.drop(CQLName("i"), ifExists: true)))
        for text in [
            "CREATE INDEX ON t", "CREATE INDEX i t (v)", "CREATE INDEX ON t (v) USING sai",
        ] {
            #expect(throws: CQLSyntaxError.self) { try CQLParser.parse(text) }
        }
        guard
            case .select(let select) = try CQLParser.parse(
                "SELECT * FROM t ORDER BY v ANN OF [1, 2] LIMIT 3")
        else { return }
        #expect(select.order.first?.nearest == .list([.integer("1"), .integer("2")]))
    }

    /// What begins with some bytes lies between them and their successor, and nothing else does.
    @Test func successorEndsAPrefix() {
        #expect(IndexRange.successor(of: [1, 0xFF, 0xFF]) == [2])
        #expect(IndexRange.successor(of: [1, 2]) == [1, 3])
        #expect(IndexRange.successor(of: [0xFF]) == nil)
    }

    @Test func textIsAnalyzed() throws {
        func analyzed(_ text: String, _ options: [String: String]) throws -> String {
            let entries = options.map { CQLOptionEntry(key: $0.key, value: $0.value) }
            guard let analyzer = try TextAnalyzer(entries) else { return text }
            let bytes = Array(text.utf8).withUnsafeBytes { analyzer.analyzed($0) }
            return String(decoding: bytes, as: UTF8.self)
        }
        #expect(try analyzed("ÄbC", ["case_sensitive": "false"]) == "äbc")
        #expect(try analyzed("Éøß", ["ascii": "true"]) == "Eoss")
        #expect(try analyzed("a\u{301}", ["normalize": "true"]).utf8.count == 2)
        #expect(try analyzed("ABC", ["case_sensitive": "true"]) == "ABC")
        #expect(throws: StatementError.self) { try analyzed("a", ["ascii": "x"]) }
    }

    @Test func similarityIsAsInCassandra() throws {
        func bytes(_ values: [Float]) -> [UInt8] { values.flatMap { $0.bitPattern.bigBytes } }
        func score(_ function: VectorSimilarity, _ a: [Float], _ b: [Float]) -> Float {
            bytes(a).withUnsafeBytes { a in bytes(b).withUnsafeBytes { function.score(a, $0) } }
        }
        #expect(score(.cosine, [1, 2], [2, 4]) == 1)
        #expect(score(.cosine, [1, 0], [-1, 0]) == 0)
        #expect(score(.euclidean, [1, 2], [1, 4]) == 0.2)
        #expect(score(.dotProduct, [1, 2], [3, 4]) == 6)
        #expect(throws: StatementError.self) {
            try bytes([0, 0]).withUnsafeBytes { try VectorSimilarity.cosine.check($0) }
        }
        #expect(throws: StatementError.self) {
            try bytes([1, .nan]).withUnsafeBytes { try VectorSimilarity.euclidean.check($0) }
        }
    }
}
