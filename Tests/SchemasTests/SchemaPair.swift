// A reader's schema, a writer's, and exactly what must stand between them.

import MillraceSchemas
import Testing

struct SchemaPair: Sendable, CustomTestStringConvertible {
    var name: String
    var reader: String
    var writer: String
    /// "RULE path" for each incompatibility, in any order; none when the reader can read.
    var broken: [String]
    var policy = CompatibilityPolicy.strict

    init(_ name: String, reader: String, writer: String, broken: String...) {
        self.name = name
        self.reader = reader
        self.writer = writer
        self.broken = broken
    }

    var testDescription: String { name }

    func check(
        _ kind: SchemaKind, readerReferences: SchemaReferences = .none,
        writerReferences: SchemaReferences = .none
    ) throws {
        let reader = try SchemaDocument(
            kind: kind, text: reader, references: readerReferences)
        let writer = try SchemaDocument(
            kind: kind, text: writer, references: writerReferences)
        let found = reader.incompatibilities(readingDataOf: writer, policy: policy)
        #expect(found.map { "\($0.type) \($0.path)" }.sorted() == broken.sorted())
        for schema in [reader, writer] {
            #expect(schema.incompatibilities(readingDataOf: schema).isEmpty, "reads itself")
        }
    }
}
