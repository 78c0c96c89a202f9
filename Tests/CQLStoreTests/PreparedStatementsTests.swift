// Prepared statements: their ids, and which of them go when there are too many.

import CQLProtocol
import MillraceBase
import Testing

@testable import CQLStore

@Suite("Prepared statements")
struct PreparedStatementsTests {
    private func statement(_ number: Int, text: String = "x") -> PreparedStatement {
        PreparedStatement(
            id: withUnsafeBytes(of: number.bigEndian, Array.init), text: text, keyspace: nil,
            compiled: nil)
    }

    /// Goal: the id is Cassandra's: the MD5 of keyspace and text.
    @Test func idsAreCassandras() {
        #expect(
            Digests.statementID("SELECT 1", keyspace: nil).hexText
                == "b1698e52a0f16203489454196a0c6307")
        #expect(
            Digests.statementID("SELECT 1", keyspace: "ks").hexText
                == "00ec75d54329a81423983ca0b3add2ae")
    }

    @Test func theLongestUnusedGoFirst() {
        let statements = PreparedStatements()
        for number in 0..<StoreLimits.preparedStatementsMax {
            #expect(statements.add(statement(number)).isEmpty)
        }
        // The first one is used again.
        #expect(statements.find(statement(0).id) != nil)
        let gone = statements.add(statement(-1))
        #expect(!gone.isEmpty)
        #expect(gone.first?.id == statement(1).id)
        #expect(statements.find(statement(0).id) != nil)
        #expect(statements.find(statement(1).id) == nil)
        #expect(statements.find(statement(-1).id) != nil)
        #expect(statements.all.count <= StoreLimits.preparedStatementsMax)
    }

    @Test func textsHaveALimitTogether() {
        let statements = PreparedStatements()
        let text = String(repeating: "x", count: StoreLimits.preparedBytesMax / 8)
        var gone = 0
        for number in 0..<20 { gone += statements.add(statement(number, text: text)).count }
        #expect(gone + statements.all.count == 20)
        #expect(statements.all.count <= 8)
    }

    /// Goal: who executes hears of markers with other types; who prepares is told of them anyway.
    @Test func aTableMadeAnewWithOtherTypes() throws {
        var picture = try SchemaEditorTests.Picture("CREATE TABLE t (p int PRIMARY KEY, v int)")
        let context = EvaluationContext(nowMicroseconds: 0, ids: TimeIDSource())
        let text = "INSERT INTO k.t (p, v) VALUES (?, ?)"
        func prepared() throws -> PreparedStatement {
            PreparedStatement(
                id: Digests.statementID(text, keyspace: nil), text: text, keyspace: nil,
                compiled: try Compiled(
                    CQLParser.parse(text), schema: picture.schema, keyspace: nil, context: context))
        }
        let (executed, askedAgain) = (try prepared(), try prepared())
        try picture.apply("DROP TABLE t")
        try picture.apply("CREATE TABLE t (p int PRIMARY KEY, v text)")
        #expect(throws: StatementError.unprepared(id: executed.id)) {
            try executed.current(picture.schema, context)
        }
        let anew = try askedAgain.preparedAnew(picture.schema, context)
        #expect(anew.markers.map(\.type) == [.int, .text])
    }

    @Test(arguments: [
        ("SELECT * FROM ks.t", true), ("SELECT * FROM t", false),
        ("INSERT INTO ks.t (k) VALUES (1)", true),
        (
            "BEGIN BATCH INSERT INTO ks.t (k) VALUES (1); DELETE FROM t WHERE k = 1; APPLY BATCH",
            false
        ),
        ("ALTER TABLE ks.t ADD v int", false),
    ])
    func onlyRowsOfNamedKeyspacesAreQualified(text: String, isQualified: Bool) throws {
        #expect(try CQLParser.parse(text).namesItsKeyspace == isQualified)
    }
}
