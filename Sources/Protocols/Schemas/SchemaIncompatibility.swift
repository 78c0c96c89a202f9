// One reason why a schema cannot read what another wrote, and how Schema Registry says it.
// Source: the `Difference` classes of Confluent's Avro, JSON Schema and Protobuf providers.

public struct SchemaIncompatibility: Sendable, Equatable {
    /// The name of the rule that is broken: "READER_FIELD_MISSING_DEFAULT_VALUE".
    public var type: String
    /// A sentence in which `{reader}` and `{writer}` stand for "new" and "old" or the reverse.
    public var description: String
    /// Where: "/fields/1" (Avro), "#/properties/id" (JSON Schema), "#/Message/3" (Protobuf).
    public var path: String
    /// What Avro says besides; `nil` for the other kinds, whose messages look different.
    public var additionalInfo: String?

    /// The one type that Schema Registry says without a type's name.
    static let kindChanged = "SCHEMA_TYPE_CHANGED"

    public init(
        _ type: String, _ description: String, at path: String, additionalInfo: String? = nil
    ) {
        self.type = type
        self.description = description
        self.path = path
        self.additionalInfo = additionalInfo
    }

    /// - Parameters:
    ///   - reader: what the reading schema is called, "new" when the older one wrote.
    ///   - writer: what the writing schema is called.
    public func message(reader: String, writer: String) -> String {
        let sentence =
            description
            .replacing("{reader}", with: reader)
            .replacing("{writer}", with: writer)
        if type == Self.kindChanged { return sentence }
        guard let additionalInfo else {
            return "{errorType:\"\(type)\", description:\"\(sentence)\"}"
        }
        return
            "{errorType:'\(type)', description:'\(sentence)', additionalInfo:'\(additionalInfo)'}"
    }
}
