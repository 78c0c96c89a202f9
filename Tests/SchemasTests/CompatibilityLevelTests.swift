// Which versions a level looks at, in which direction, and what it says.

import MillraceSchemas
import Testing

@Suite struct CompatibilityLevelTests {
    /// v1 {id}, v2 {id, age with default}, new {id, age without default}: the new one reads v2
    /// but not v1; both old ones read the new one.
    private func versions() throws -> (new: SchemaDocument, old: [(Int, SchemaDocument)]) {
        let id = #"{"name":"id","type":"string"}"#
        return (
            try schema(id + #",{"name":"age","type":"int"}"#),
            [
                (1, try schema(id)),
                (2, try schema(id + #",{"name":"age","type":"int","default":0}"#)),
            ]
        )
    }

    private func schema(_ fields: String) throws -> SchemaDocument {
        try SchemaDocument(.avro, #"{"type":"record","name":"R","fields":[\#(fields)]}"#)
    }

    @Test(arguments: [
        (CompatibilityLevel.none, true), (.backward, true), (.backwardTransitive, false),
        (.forward, true), (.forwardTransitive, true), (.full, true), (.fullTransitive, false),
    ])
    func allows(_ level: CompatibilityLevel, _ isAllowed: Bool) throws {
        let (new, old) = try versions()
        let found = level.incompatibilities(
            of: new, with: old.map { (version: $0.0, schema: $0.1) })
        #expect(found.isEmpty == isAllowed, "\(found)")
        if !isAllowed { #expect(found.contains("{oldSchemaVersion: 1}")) }
    }

    /// Goal: after the differences, the version and its text, as Schema Registry says them.
    @Test func saysTheOldSchema() throws {
        let (new, old) = try versions()
        let found = CompatibilityLevel.backwardTransitive.incompatibilities(
            of: new, with: old.map { (version: $0.0, schema: $0.1) })
        #expect(found.count == 3)
        #expect(found.first?.hasPrefix("{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE'") == true)
        #expect(found.last == "{oldSchema: '\(old[0].1.canonicalText)'}")
    }

    /// Goal: of transitive levels the newest version that is broken is told, and no other.
    @Test func saysTheNewestBrokenVersion() throws {
        let old = try [
            schema(#"{"name":"a","type":"int"}"#), schema(#"{"name":"a","type":"long"}"#),
            schema(#"{"name":"a","type":"string"}"#),
        ]
        let found = CompatibilityLevel.backwardTransitive.incompatibilities(
            of: try schema(#"{"name":"a","type":"string"}"#),
            with: old.enumerated().map { (version: $0.offset + 1, schema: $0.element) })
        #expect(found.contains("{oldSchemaVersion: 2}"))
        #expect(!found.contains("{oldSchemaVersion: 1}"))
    }

    /// Goal: the words "new" and "old" follow the direction.
    @Test func forwardSaysOldReader() throws {
        let old = try schema(#"{"name":"a","type":"int"}"#)
        let found = CompatibilityLevel.forward.incompatibilities(
            of: try schema(""), with: [(version: 7, schema: old)])
        #expect(found.first?.contains("in the old schema has no default value") == true)
        #expect(found.dropFirst().first == "{oldSchemaVersion: 7}")
    }

    @Test func fullSaysBothDirections() throws {
        let old = try schema(#"{"name":"a","type":"int"}"#)
        let new = try schema(#"{"name":"b","type":"int"}"#)
        let found = CompatibilityLevel.full.incompatibilities(
            of: new, with: [(version: 1, schema: old)])
        #expect(found.count == 4)
        #expect(found[0].contains("in the old schema has"))
        #expect(found[1].contains("in the new schema has"))
    }

    @Test func anotherKindIsNeverCompatible() throws {
        let json = try SchemaDocument(.json, "{}")
        let found = CompatibilityLevel.backward.incompatibilities(
            of: json, with: [(version: 1, schema: try SchemaDocument(.avro, #""string""#))])
        #expect(found.first == "Incompatible because of different schema type")
    }

    @Test func aLongOldSchemaIsCut() throws {
        let old = try schema(
            #"{"name":"a","type":"int","doc":"\#(String(repeating: "x", count: 11_000))"}"#)
        let found = CompatibilityLevel.backward.incompatibilities(
            of: try schema(#"{"name":"b","type":"int"}"#), with: [(version: 1, schema: old)])
        #expect(found.last?.hasPrefix("{oldSchema: <truncated to 10240 characters> '{") == true)
        #expect((found.last?.count ?? 0) < 10_400)
    }
}
