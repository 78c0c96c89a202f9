// What a schema borrows from others that are registered: names in it, and where they lead.

/// One borrowed schema, as a registration lists it.
package struct SchemaReference: Sendable, Hashable, Comparable {
    /// How the schema's text calls it: an Avro full name, a `$ref` of JSON Schema, the path of a
    /// Protobuf import.
    package var name: String
    package var subject: String
    package var version: Int

    package init(name: String, subject: String, version: Int) {
        self.name = name
        self.subject = subject
        self.version = version
    }

    package static func < (a: Self, b: Self) -> Bool {
        (a.name, a.subject, a.version) < (b.name, b.subject, b.version)
    }
}

/// The references of a schema with what they lead to.
package struct SchemaReferences: Sendable, Equatable {
    /// The direct ones, in the order of the registration.
    package var list: [SchemaReference]
    /// The text of each, direct or not, by its name.
    package var texts: [String: String]

    package static let none = SchemaReferences([], texts: [:])

    package init(_ list: [SchemaReference], texts: [String: String]) {
        self.list = list
        self.texts = texts
    }

    /// Sorted, and each once.
    package var normalizedList: [SchemaReference] { Set(list).sorted() }
}
