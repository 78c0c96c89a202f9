// A schema that was parsed: what it is, how it is written down, and what data it can read.

public import MillraceBase

/// One schema of one kind, checked when it was made.
public struct SchemaDocument: Sendable {
    public let kind: SchemaKind
    /// As it was given.
    public let text: String
    public let references: SchemaReferences
    /// What a registry keeps and compares: the same for texts that differ in white space only, and
    /// for the order of attributes in Avro.
    public let canonicalText: String
    let body: Body

    enum Body: Sendable {
        case avro(AvroDocument)
        case json(JSONSchemaDocument)
        case protobuf(ProtobufDocument)
    }

    /// - Parameters:
    ///   - references: the schemas this one borrows from, and their texts.
    ///   - isNew: being registered now. One that is kept already is not refused for what only
    ///     newer registries check (defaults in Avro).
    ///   - validatesNames: whether a new Avro schema's names must be of letters, digits and _;
    ///     `nil`: all but its namespaces.
    public init(
        kind: SchemaKind, text: String, references: SchemaReferences = .none, isNew: Bool = true,
        validatesNames: Bool? = nil
    ) throws(SchemaError) {
        guard text.utf8.count <= SchemaLimits.textBytesMax else {
            throw SchemaError("has more than \(SchemaLimits.textBytesMax) bytes")
        }
        self.kind = kind
        self.text = text
        self.references = references
        switch kind {
        case .avro:
            let names: AvroNameCheck =
                switch validatesNames {
                case true: .all
                case false: .none
                case nil: .allButNamespaces
                }
            let document = try AvroParser.parse(
                text, references: references, isNew: isNew, names: isNew ? names : .none)
            body = .avro(document)
            canonicalText = document.text
        case .json:
            let document = try JSONSchemaDocument(text, references: references)
            body = .json(document)
            canonicalText = document.root.text
        case .protobuf:
            let document = try ProtobufDocument(text, references: references)
            body = .protobuf(document)
            canonicalText = document.text
        }
    }

    public init(_ kind: SchemaKind, _ text: String) throws(SchemaError) {
        try self.init(kind: kind, text: text)
    }

    /// - Parameter normalized: without what has no meaning, so that more texts are the same: the
    ///   order of attributes, options and members.
    public func canonicalText(normalized: Bool) -> String {
        guard normalized else { return canonicalText }
        return switch body {
        case .avro(let document): document.normalizedText
        case .json(let document): document.normalizedText
        case .protobuf(let document): document.normalizedText
        }
    }

    /// The references as a registry keeps them.
    public func canonicalReferences(normalized: Bool) -> [SchemaReference] {
        normalized ? references.normalizedList : references.list
    }

    /// The text in one of the formats of `?format=`; an unknown one is the canonical text.
    public func text(format: String) -> String {
        switch (body, format.lowercased()) {
        case (.avro(let document), "resolved"): document.resolvedText
        case (.protobuf(let document), "serialized"): document.serializedText
        case (.protobuf(let document), "ignore_extensions"): document.textWithoutExtensions
        case (.avro, _), (.json, _), (.protobuf, _): canonicalText
        }
    }

    /// What stands in the way of reading data with this schema that was written with another.
    ///
    /// - Returns: nothing when it can; else one value for each place, at most
    ///   `SchemaLimits.incompatibilitiesMax`.
    public func incompatibilities(
        readingDataOf writer: SchemaDocument, policy: CompatibilityPolicy = .strict
    ) -> [SchemaIncompatibility] {
        if kind == writer.kind, canonicalText == writer.canonicalText,
            references == writer.references
        {
            return []
        }
        switch (body, writer.body) {
        case (.avro(let reader), .avro(let writer)):
            return AvroResolution.incompatibilities(reader: reader, writer: writer)
        case (.json(let reader), .json(let writer)):
            return JSONSchemaComparison.incompatibilities(
                reader: reader, writer: writer, policy: policy)
        case (.protobuf(let reader), .protobuf(let writer)):
            return ProtobufComparison.incompatibilities(reader: reader, writer: writer)
        case (.avro, _), (.json, _), (.protobuf, _):
            return [
                SchemaIncompatibility(
                    SchemaIncompatibility.kindChanged,
                    "Incompatible because of different schema type", at: "/")
            ]
        }
    }

    /// Whether a value fits. Only JSON Schema says; other kinds have no JSON values.
    ///
    /// - Returns: nothing when it fits; else a sentence for each place, with its path.
    public func violations(of value: JSONValue) -> [String] {
        switch body {
        case .avro, .protobuf: []
        case .json(let document): JSONSchemaValidator.violations(of: value, in: document)
        }
    }

    /// Avro's Parsing Canonical Form; `nil` for other kinds.
    public var parsingCanonicalForm: String? {
        switch body {
        case .avro(let document): document.parsingCanonicalForm
        case .json, .protobuf: nil
        }
    }

    /// The fields that a record, an object or a file's first message has.
    public var topLevelFields: [String] {
        switch body {
        case .avro(let document): document.topLevelFields
        case .json(let document): document.topLevelFields
        case .protobuf(let document): document.topLevelFields
        }
    }

    /// The name of the root record (Avro), the `title` (JSON Schema), the first message (Protobuf).
    public var name: String? {
        switch body {
        case .avro(let document): document.rootName
        case .json(let document): document.root["title"]?.string
        case .protobuf(let document): document.firstMessageName
        }
    }
}
