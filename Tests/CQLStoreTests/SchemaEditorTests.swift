// The schema as a value: statements applied one after the other, and what is written down of it.

import CQLProtocol
import MillraceBase
import Testing

@testable import CQLStore

@Suite("Schema editor")
struct SchemaEditorTests {
    /// A schema that statements change, without a disk.
    struct Picture {
        var editor = SchemaEditor(nextStorageID: 1)
        var schema = Schema(version: .random(), keyspaces: [:])

        init(_ statements: String...) throws {
            _ = try apply(
                "CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy'}")
            for statement in statements { _ = try apply(statement) }
        }

        @discardableResult
        mutating func apply(_ text: String) throws -> SchemaEdit? {
            editor.nowMicroseconds = 1_000_000
            let statement = try CQLParser.parse(text)
            let edit = try editor.apply(statement, to: schema, current: "k")
            if let edit { schema = edit.schema }
            return edit
        }

        func keyspace() throws -> Keyspace { try schema.keyspace("k") }

        func table(_ name: String) throws -> Table {
            try schema.table(CQLName(name), current: "k")
        }
    }

    @Test func storageIDsAreNeverGivenTwice() throws {
        var picture = try Picture("CREATE TABLE a (p int PRIMARY KEY, v int)")
        try picture.apply(
            "CREATE MATERIALIZED VIEW w AS SELECT * FROM a WHERE p IS NOT NULL AND v IS NOT NULL "
                + "PRIMARY KEY (v, p)")
        var seen = try Set(picture.table("a").allStorageIDs)
        #expect(seen.count == 2)
        for _ in 0..<3 {
            let before = try picture.table("a").allStorageIDs
            let edit = try picture.apply("TRUNCATE a")
            #expect(edit?.droppedStorage == before)
            for id in try picture.table("a").allStorageIDs { #expect(seen.insert(id).inserted) }
        }
    }

    @Test func whatIsWrittenDownIsReadAgain() throws {
        var picture = try Picture(
            "CREATE TYPE u (a int)",
            "CREATE TABLE t (p int, c text, v int, w frozen<u>, s int STATIC, x tuple<int>, "
                + "PRIMARY KEY (p, c)) WITH CLUSTERING ORDER BY (c DESC) AND comment = 'x'",
            "CREATE INDEX ON t (v)",
            "ALTER TABLE t DROP x USING TIMESTAMP 5",
            "ALTER TABLE t DROP s", "ALTER TABLE t ADD s int STATIC",
            "CREATE MATERIALIZED VIEW m AS SELECT p, c, v FROM t WHERE p IN (1, 2) AND c > 'it''s' "
                + "AND v IS NOT NULL PRIMARY KEY ((v, p), c)")
        try picture.apply("ALTER TABLE t RENAME c TO d")
        let keyspace = try picture.keyspace()
        let table = try picture.table("t")
        let document = SchemaStorage.document(table)
        let read = try SchemaStorage.table(
            JSONValue(parsing: document.bytes),
            SchemaStorage.keyspace(SchemaStorage.document(keyspace)))
        #expect(
            SchemaText.create(read, internals: true) == SchemaText.create(table, internals: true))
        #expect(read.columns == table.columns && read.indexes == table.indexes)
        #expect(read.droppedColumns == table.droppedColumns)
        #expect(read.views.map(\.view) == table.views.map(\.view))
        #expect(read.views.map(\.storageID) == table.views.map(\.storageID))
        let view = try #require(read.views.first)
        #expect(view.view?.whereClause == "p IN (1, 2) AND d > 'it''s' AND v IS NOT NULL")
        #expect(view.needsMarker && view.clustering.first?.descending == true)
    }

    @Test func aDroppedColumnComesBackWithItsNewerCells() throws {
        var picture = try Picture("CREATE TABLE t (p int PRIMARY KEY, v timestamp, w int)")
        let before = try #require(picture.table("t").column("v"))
        try picture.apply("ALTER TABLE t DROP v USING TIMESTAMP 7")
        #expect(try picture.table("t").droppedColumns.map(\.droppedTime) == [7])
        try picture.apply("ALTER TABLE t ADD v timestamp")
        let after = try #require(picture.table("t").column("v"))
        #expect(after.id == before.id && after.droppedUntil == 7)
        try picture.apply("ALTER TABLE t DROP v")
        try picture.apply("ALTER TABLE t ADD v bigint")
        let other = try #require(picture.table("t").column("v"))
        // Bytes of another type are not its own, though they could be read.
        #expect(other.id != before.id && other.droppedUntil == nil)
    }

    @Test func aChangedTypeChangesWhereverItIsUsed() throws {
        var picture = try Picture(
            "CREATE TYPE a (x int)", "CREATE TYPE b (a frozen<a>)", "CREATE TYPE c (b frozen<b>)",
            "CREATE TABLE t (p int PRIMARY KEY, v frozen<c>, l list<frozen<a>>)",
            "CREATE MATERIALIZED VIEW m AS SELECT * FROM t WHERE p IS NOT NULL PRIMARY KEY (p)")
        try picture.apply("ALTER TYPE a ADD y text")
        let keyspace = try picture.keyspace()
        let a = try #require(keyspace.types["a"])
        let table = try picture.table("t")
        for column in table.columns + (table.views.first?.columns ?? []) {
            switch column.name {
            case "l": #expect(column.type == .list(.frozen(.udt(a))))
            case "v": #expect(column.type == keyspace.types["c"].map { .frozen(.udt($0)) })
            default: #expect(column.type == .int)
            }
        }
        #expect(keyspace.types["b"]?.fields.first?.type == .frozen(.udt(a)))
    }

    @Test func changesNameWhatClientsHear() throws {
        var picture = try Picture("CREATE TABLE t (p int PRIMARY KEY, v int)")
        let view =
            "CREATE MATERIALIZED VIEW m AS SELECT * FROM t WHERE p IS NOT NULL PRIMARY KEY (p)"
        let expected: [(String, SchemaChange)] = [
            ("CREATE TYPE y (a int)", SchemaChange(.created, keyspace: "k", .type("y"))),
            ("ALTER TYPE y ADD b int", SchemaChange(.updated, keyspace: "k", .type("y"))),
            ("DROP TYPE y", SchemaChange(.dropped, keyspace: "k", .type("y"))),
            ("CREATE INDEX i ON t (v)", SchemaChange(.updated, keyspace: "k", .table("t"))),
            ("DROP INDEX i", SchemaChange(.updated, keyspace: "k", .table("t"))),
            (view, SchemaChange(.created, keyspace: "k", .table("m"))),
            (
                "ALTER MATERIALIZED VIEW m WITH comment = 'x'",
                SchemaChange(.updated, keyspace: "k", .table("m"))
            ),
            ("DROP MATERIALIZED VIEW m", SchemaChange(.dropped, keyspace: "k", .table("m"))),
            ("ALTER TABLE t ADD x int", SchemaChange(.updated, keyspace: "k", .table("t"))),
            ("DROP TABLE t", SchemaChange(.dropped, keyspace: "k", .table("t"))),
            ("DROP KEYSPACE k", SchemaChange(.dropped, keyspace: "k")),
        ]
        for (text, change) in expected { #expect(try picture.apply(text)?.change == change) }
    }

    @Test func whatChangesNothingIsNoEdit() throws {
        var picture = try Picture("CREATE TABLE t (p int PRIMARY KEY, v int)")
        for text in [
            "CREATE TABLE IF NOT EXISTS t (a int PRIMARY KEY)", "DROP TABLE IF EXISTS x",
            "ALTER TABLE t ADD IF NOT EXISTS v int", "ALTER TABLE t DROP IF EXISTS x",
            "ALTER TABLE IF EXISTS x ADD y int", "DROP TYPE IF EXISTS x",
            "DROP MATERIALIZED VIEW IF EXISTS x", "DROP FUNCTION IF EXISTS f",
        ] { #expect(try picture.apply(text) == nil, "\(text)") }
    }

    @Test(arguments: [
        (0.01, "0.01"), (1, "1.0"), (0.1, "0.1"), (0.0001, "1.0E-4"), (0.00025, "2.5E-4"),
        (12_345_678, "1.2345678E7"), (0, "0.0"), (2.5, "2.5"),
    ])
    func numbersAreShownAsJavaDoes(value: Double, text: String) {
        #expect(OptionText.shown(value) == text)
    }
}
