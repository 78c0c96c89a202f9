// Which versions a level looks at, and in which direction.

import MillraceSchemas
import Testing

@Suite struct CompatibilityLevelTests {
    /// v1 {id}, v2 {id, age with default}, new {id, age without default}: the new one reads v2
    /// but not v1; both old ones read the new one.
    private func versions() throws -> (new: SchemaDocument, old: [(Int, SchemaDocument)]) {
        func schema(_ fields: String) throws -> SchemaDocument {
            try SchemaDocument(.avro, #"{"type":"record","name":"R","fields":[\#(fields)]}"#)
        }
        let id = #"{"name":"id","type":"string"}"#
        return (
            try schema(id + #",{"name":"age","type":"int"}"#),
            [
                (1, try schema(id)),
                (2, try schema(id + #",{"name":"age","type":"int","default":0}"#)),
            ]
        )
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
        if !isAllowed { #expect(found.first?.contains("version 1") == true) }
    }

    @Test func anotherKindIsNeverCompatible() throws {
        let json = try SchemaDocument(.json, "{}")
        let found = CompatibilityLevel.backward.incompatibilities(
            of: json, with: [(version: 1, schema: try SchemaDocument(.avro, #""string""#))])
        #expect(found.first?.hasPrefix("SCHEMA_TYPE_CHANGED") == true)
    }
}
