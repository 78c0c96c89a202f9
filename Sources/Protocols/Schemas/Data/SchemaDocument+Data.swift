// Data that was written with a schema, as JSON and from JSON.

public import MillraceBase

extension SchemaDocument {
    /// - Parameters:
    ///   - bytes: the datum alone, without what names its schema.
    ///   - messageName: the full name of a Protobuf message; `nil` for the first.
    /// - Throws: `SchemaError` when the bytes are no data of this schema.
    public func json(of bytes: [UInt8], messageName: String? = nil) throws(SchemaError)
        -> JSONValue
    {
        switch body {
        case .avro(let document): return try AvroDataReader.json(bytes, document)
        case .json:
            do { return try JSONValue(parsing: bytes) } catch {
                throw SchemaError("is no JSON: \(error)")
            }
        case .protobuf(let document):
            guard let name = messageName ?? self.messageName(at: [0]) else {
                throw SchemaError("has no message")
            }
            return try ProtobufDataReader.json(bytes, message: name, document)
        }
    }

    /// - Throws: `SchemaError` when the value is not what the schema says, and for Protobuf, which is
    ///   only read.
    public func bytes(of value: JSONValue) throws(SchemaError) -> [UInt8] {
        switch body {
        case .avro(let document): return try AvroDataWriter.bytes(value, document)
        case .json:
            if let violation = violations(of: value).first { throw SchemaError(violation) }
            return Array(value.text.utf8)
        case .protobuf:
            throw SchemaError("is Protobuf, which can be read and not written here")
        }
    }
}
