// What a schema borrows from others that are registered: names in it, and where they lead.

/// One borrowed schema, as a registration lists it.
public struct SchemaReference: Sendable, Hashable, Comparable {
    /// How the schema's text calls it: an Avro full name, a `$ref` of JSON Schema, the path of a
    /// Protobuf import.
    public var name: String
    public var subject: String
    public var version: Int

    public init(name: String, subject: String, version: Int) {
        self.name = name
        self.subject = subject
        self.version = version
    }

    public static func < (a: Self, b: Self) -> Bool {
        (a.name, a.subject, a.version) < (b.name, b.subject, b.version)
    }
}

/// The references of a schema with what they lead to.
public struct SchemaReferences: Sendable, Equatable {
    /// The direct ones, in the order of the registration.
    public var list: [SchemaReference]
    /// The text of each, direct or not, by its name.
    public var texts: [String: String]

    public static let none = SchemaReferences([], texts: [:])

    public init(_ list: [SchemaReference], texts: [String: String]) {
        self.list = list
        self.texts = texts
    }

    /// Sorted, and each once.
    public var normalizedList: [SchemaReference] { Set(list).sorted() }
}
