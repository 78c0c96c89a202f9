// The schema of a JSON object: its fields, their types, and which must be there.

/// One field of a schema.
public struct StructField: Sendable, Hashable, Codable {
    /// The member's name in the JSON object; case counts.
    public var name: String
    public var type: DataType
    /// A record that lacks a field which may not be null, or holds null or a value of another type
    /// there, is a dead letter.
    public var nullable: Bool

    public init(_ name: String, _ type: DataType, nullable: Bool = true) {
        self.name = name
        self.type = type
        self.nullable = nullable
    }
}

/// The fields of a JSON object, in the order in which they become columns.
///
///     let schema = StructType([
///         StructField("id", .string, nullable: false),
///         StructField("email", .string),
///     ])
public struct StructType: Sendable, Hashable, Codable, CustomStringConvertible {
    public var fields: [StructField]

    public init(_ fields: [StructField]) { self.fields = fields }

    /// PySpark's way: `StructType().add("id", .string, nullable: false).add("email", .string)`.
    public init() { fields = [] }

    public func add(_ name: String, _ type: DataType, nullable: Bool = true) -> StructType {
        StructType(fields + [StructField(name, type, nullable: nullable)])
    }

    public var names: [String] { fields.map(\.name) }

    public subscript(name: String) -> StructField? { fields.first { $0.name == name } }

    /// As Spark writes a schema in DDL: `id STRING NOT NULL, email STRING`.
    public var description: String {
        fields.map { field in
            "\(field.name) \(field.type.rawValue.uppercased())"
                + (field.nullable ? "" : " NOT NULL")
        }.joined(separator: ", ")
    }
}
