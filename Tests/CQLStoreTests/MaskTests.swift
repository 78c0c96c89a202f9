// Masks of columns: what is written down of them, what a SELECT shows through them, and where none are.

import CQLProtocol
import MillraceBase
import Testing

@testable import CQLStore

@Suite("Masks")
struct MaskTests {
    private static let context = EvaluationContext(nowMicroseconds: 0, ids: TimeIDSource())

    private func picture(_ statements: String...) throws -> SchemaEditorTests.Picture {
        var picture = try SchemaEditorTests.Picture()
        picture.editor.masksColumns = true
        for statement in statements { try picture.apply(statement) }
        return picture
    }

    private func plan(
        _ text: String, _ picture: SchemaEditorTests.Picture
    ) throws -> SelectPlan {
        guard case .select(let select) = try CQLParser.parse(text) else {
            throw CQLSyntaxError(line: 0, column: 0, message: "no SELECT")
        }
        return try SelectCompiler.compile(
            select, schema: picture.schema, current: "k", context: Self.context)
    }

    @Test func whatIsWrittenDownIsReadAgain() throws {
        let picture = try picture(
            "CREATE TYPE u (a int, b text)",
            "CREATE TABLE t (p int MASKED WITH DEFAULT, c text MASKED WITH mask_inner(1, null), "
                + "v frozen<u> MASKED WITH mask_replace({a: 1, b: 'x'}), "
                + "w blob MASKED WITH mask_hash('MD5'), s int STATIC MASKED WITH mask_null(), "
                + "x text MASKED WITH mask_outer(1, 2, ''''), PRIMARY KEY (p, c))")
        let table = try picture.table("t")
        let read = try SchemaStorage.table(
            JSONValue(parsing: SchemaStorage.document(table).bytes),
            SchemaStorage.keyspace(SchemaStorage.document(picture.keyspace())))
        #expect(read.columns == table.columns)
        let texts = read.columns.map { $0.mask?.text(of: $0.type) }
        #expect(
            texts == [
                "system.mask_default()", "system.mask_inner(1, null)", "system.mask_null()",
                "system.mask_replace({a: 1, b: 'x'})", "system.mask_hash('MD5')",
                "system.mask_outer(1, 2, '''')",
            ])
    }

    /// Method: a document whose mask was cut or bent.
    @Test func aDamagedMaskIsNotRead() throws {
        for text in [
            "{}", #"{"function": "mask_null"}"#, #"{"function": "f", "arguments": ["0g"]}"#,
        ] {
            #expect(throws: StatementError.self) {
                try SchemaStorage.mask(JSONValue(parsing: Array(text.utf8)))
            }
        }
    }

    @Test func onlySelectsThatShowAMaskHaveAnotherPlan() throws {
        let picture = try picture(
            "CREATE TABLE t (p int PRIMARY KEY, v text MASKED WITH mask_replace('x'), w int)")
        for text in ["SELECT p, w FROM t", "SELECT count(*) FROM t", "SELECT writetime(v) FROM t"] {
            let plan = try plan(text, picture)
            // The times of a cell tell nothing of its value, yet its column is read.
            #expect(plan.masked == nil || text.contains("writetime"), "\(text)")
        }
        let asked = try plan("SELECT * FROM t WHERE p = ?", picture)
        let masked = try #require(asked.masked)
        #expect(masked.metadataID == asked.metadataID && masked.masked == nil)
        guard case .call(let function, _) = masked.items[1] else {
            Issue.record("the column is shown as it is")
            return
        }
        #expect(function.name == "mask_replace")
        // A reader of points knows no masks.
        #expect(PointPlan(asked) == nil)
    }

    @Test func viewsFollowTheirTable() throws {
        var picture = try picture(
            "CREATE TABLE t (p int PRIMARY KEY, v int MASKED WITH DEFAULT, w int)",
            "CREATE MATERIALIZED VIEW m AS SELECT * FROM t WHERE p IS NOT NULL AND v IS NOT NULL "
                + "PRIMARY KEY (v, p)")
        func masked() throws -> [[String]] {
            let table = try picture.table("t")
            return ([table] + table.views).map { relation in
                relation.columns.filter { $0.mask != nil }.map(\.name).sorted()
            }
        }
        #expect(try masked() == [["v"], ["v"]])
        try picture.apply("ALTER TABLE t ALTER w MASKED WITH mask_null()")
        try picture.apply("ALTER TABLE t ADD x int MASKED WITH DEFAULT")
        #expect(try masked() == [["v", "w", "x"], ["v", "w", "x"]])
        try picture.apply("ALTER TABLE t ALTER v DROP MASKED")
        #expect(try masked() == [["w", "x"], ["w", "x"]])
        #expect(try picture.apply("ALTER TABLE t ALTER v DROP MASKED") == nil)
        #expect(try picture.apply("ALTER TABLE t ALTER IF EXISTS y MASKED WITH DEFAULT") == nil)
    }

    @Test func aStoreThatIsNotToldToMaskRefusesMasks() throws {
        var picture = try picture("CREATE TABLE t (p int PRIMARY KEY, v int MASKED WITH DEFAULT)")
        picture.editor.masksColumns = false
        for text in [
            "CREATE TABLE s (p int PRIMARY KEY, v int MASKED WITH DEFAULT)",
            "ALTER TABLE t ADD w int MASKED WITH DEFAULT",
            "ALTER TABLE t ALTER p MASKED WITH DEFAULT",
        ] { #expect(throws: StatementError.self, "\(text)") { try picture.apply(text) } }
        try picture.apply("ALTER TABLE t ALTER v DROP MASKED")
        #expect(try picture.table("t").hasMasks == false)
    }
}
