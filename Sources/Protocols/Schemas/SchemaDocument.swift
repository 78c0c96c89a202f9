// A schema that was parsed: what it is, how it is written down, and what data it can read.

package import MillraceBase

/// One schema of one kind, checked when it was made.
package struct SchemaDocument: Sendable {
    package let kind: SchemaKind
    /// As it was given.
    package let text: String
    /// The same for texts that differ in white space only (Avro: also in the order of attributes).
    /// It is what a registry keeps and compares.
    package let canonicalText: String
    let body: Body

    enum Body: Sendable {
        case avro(AvroDocument)
        case json(JSONSchemaDocument)
    }

    package init(_ kind: SchemaKind, _ text: String) throws(SchemaError) {
        guard text.utf8.count <= SchemaLimits.textBytesMax else {
            throw SchemaError("has more than \(SchemaLimits.textBytesMax) bytes")
        }
        self.kind = kind
        self.text = text
        switch kind {
        case .avro:
            let document = try AvroParser.parse(text)
            body = .avro(document)
            canonicalText = document.text
        case .json:
            let document = try JSONSchemaDocument(text)
            body = .json(document)
            canonicalText = document.root.text
        case .protobuf:
            throw SchemaError("Protobuf schemas are not supported yet; use Avro or JSON Schema")
        }
    }

    /// What stands in the way of reading data with this schema that was written with another.
    ///
    /// - Returns: nothing when it can; else a sentence for each place, with its rule and path.
    package func incompatibilities(readingDataOf writer: SchemaDocument) -> [String] {
        switch (body, writer.body) {
        case (.avro(let reader), .avro(let writer)):
            return AvroResolution.incompatibilities(reader: reader, writer: writer)
        case (.json(let reader), .json(let writer)):
            return JSONSchemaComparison.incompatibilities(reader: reader, writer: writer)
        case (.avro, .json), (.json, .avro):
            return [
                "SCHEMA_TYPE_CHANGED at /: \(kind.rawValue) cannot read \(writer.kind.rawValue)"
            ]
        }
    }

    /// Whether a value fits. Only JSON Schema says; other kinds have no JSON values.
    ///
    /// - Returns: nothing when it fits; else a sentence for each place, with its path.
    package func violations(of value: JSONValue) -> [String] {
        switch body {
        case .avro: []
        case .json(let document): JSONSchemaValidator.violations(of: value, in: document)
        }
    }

    /// Avro's Parsing Canonical Form; `nil` for other kinds.
    package var parsingCanonicalForm: String? {
        switch body {
        case .avro(let document): document.parsingCanonicalForm
        case .json: nil
        }
    }
}
