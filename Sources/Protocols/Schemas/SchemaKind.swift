// The languages a schema can be written in, and what is wrong with one that is no schema.

/// Names as Schema Registry writes them.
public enum SchemaKind: String, Sendable, CaseIterable {
    case avro = "AVRO"
    case json = "JSON"
    case protobuf = "PROTOBUF"
}

/// A text that is no schema of its kind.
public struct SchemaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, as half a sentence.
    public var what: String
    /// Where in the schema: `User.address.street`; empty for the whole.
    public var path: String

    public init(_ what: String, at path: String = "") {
        self.what = what
        self.path = path
    }

    public var description: String { path.isEmpty ? what : "\(path): \(what)" }
}
