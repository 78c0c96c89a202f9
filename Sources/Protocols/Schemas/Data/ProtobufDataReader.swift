// A message in Protobuf's binary encoding, as JSON for a person to read.
// Source: protobuf.dev, "Encoding" and "ProtoJSON Format".

import MillraceBase

/// Reads one message by its type. Fields that are not there are left out; those the schema does not
/// know stand under their number.
struct ProtobufDataReader {
    private let names: ProtobufNames

    /// - Parameter message: its full name.
    /// - Throws: `SchemaError` when there is no such message, or the bytes are none.
    static func json(
        _ bytes: [UInt8], message: String, _ document: ProtobufDocument
    ) throws(SchemaError) -> JSONValue {
        try ProtobufDataReader(names: document.names).message(bytes, message, depth: 0)
    }

    private func message(
        _ bytes: [UInt8], _ name: String, depth: Int
    ) throws(SchemaError) -> JSONValue {
        guard depth < DataLimits.depthMax else { throw SchemaError("is nested too deeply") }
        guard case .message(let type) = names.types[name]?.type else {
            throw SchemaError("has no message \(name)")
        }
        let fields = Dictionary(type.allFields.map { ($0.number, $0) }, uniquingKeysWith: { $1 })
        var object = JSONObject()
        for field in try ProtobufWireReader.fields(of: bytes) {
            guard let known = fields[field.number] else {
                object.members.append(("\(field.number)", Self.raw(field)))
                continue
            }
            let label = known.jsonName ?? known.name
            let kind = names.normalType(known.type, in: name)
            if case .map(let key, let value) = kind {
                let entry = try self.entry(field.bytes, key: key, value: value, name, depth)
                var map = object[label]?.object ?? JSONObject()
                map[entry.name] = entry.value
                object[label] = .object(map)
                continue
            }
            let values = try self.values(
                field, kind.text, isRepeated: known.label == .repeated, depth)
            if known.label == .repeated {
                object[label] = .array((object[label]?.array ?? []) + values)
            } else if let value = values.last {
                object[label] = value
            }
        }
        return .object(object)
    }

    private func entry(
        _ bytes: [UInt8], key: String, value: String, _ scope: String, _ depth: Int
    ) throws(SchemaError) -> (name: String, value: JSONValue) {
        var name = ""
        var held: JSONValue = .null
        for part in try ProtobufWireReader.fields(of: bytes) {
            if part.number == 1, let value = try values(part, key, isRepeated: false, depth).last {
                name = value.string ?? value.text
            } else if part.number == 2,
                let read = try values(part, value, isRepeated: false, depth).last
            {
                held = read
            }
        }
        return (name, held)
    }

    /// The values of one field as it came; several when they are packed.
    private func values(
        _ field: ProtobufWireField, _ type: String, isRepeated: Bool, _ depth: Int
    ) throws(SchemaError) -> [JSONValue] {
        switch type {
        case "string": return [.string(field.string)]
        case "bytes": return [.string(Base64Text.text(of: field.bytes))]
        case "double", "fixed64", "sfixed64": return try wide(field, type)
        case "float", "fixed32", "sfixed32": return try narrow(field, type)
        case "bool": return try ProtobufWireReader.integers(field).map { .bool($0 != 0) }
        case "int32", "int64":
            return try ProtobufWireReader.integers(field).map { JSONValue(Int64($0)) }
        case "uint32", "uint64":
            return try ProtobufWireReader.integers(field).map {
                .number("\(UInt64(bitPattern: Int64($0)))")
            }
        case "sint32", "sint64":
            return try ProtobufWireReader.integers(field).map { number in
                let bits = UInt64(bitPattern: Int64(number))
                return JSONValue(Int64(bitPattern: bits >> 1) ^ -Int64(bitPattern: bits & 1))
            }
        default: return try named(field, String(type.drop { $0 == "." }), depth)
        }
    }

    private func named(
        _ field: ProtobufWireField, _ name: String, _ depth: Int
    ) throws(SchemaError) -> [JSONValue] {
        switch names.types[name]?.type {
        case .enumeration(let type):
            return try ProtobufWireReader.integers(field).map { number in
                let constant = type.constants.first { $0.number == number }
                return constant.map { .string($0.name) } ?? JSONValue(Int64(number))
            }
        case .message: return [try message(field.bytes, name, depth: depth + 1)]
        case nil: return [Self.raw(field)]
        }
    }

    private func wide(_ field: ProtobufWireField, _ type: String) throws(SchemaError) -> [JSONValue]
    {
        try Self.fixed(field, bytes: 8).map { bits in
            switch type {
            case "double": Self.number(Double(bitPattern: bits))
            case "sfixed64": JSONValue(Int64(bitPattern: bits))
            default: .number("\(bits)")
            }
        }
    }

    private func narrow(_ field: ProtobufWireField, _ type: String) throws(SchemaError)
        -> [JSONValue]
    {
        try Self.fixed(field, bytes: 4).map { bits in
            let bits = UInt32(truncatingIfNeeded: bits)
            switch type {
            case "float":
                let value = Float(bitPattern: bits)
                return value.isFinite ? .number("\(value)") : .string("\(value)")
            case "sfixed32": return JSONValue(Int64(Int32(bitPattern: bits)))
            default: return .number("\(bits)")
            }
        }
    }

    private static func fixed(
        _ field: ProtobufWireField, bytes count: Int
    ) throws(SchemaError) -> [UInt64] {
        switch field.value {
        case .fixed64(let value): return [value]
        case .fixed32(let value): return [UInt64(value)]
        case .varint: throw SchemaError("has a field of another type", at: "\(field.number)")
        case .bytes(let bytes):
            guard bytes.count.isMultiple(of: count) else { throw SchemaError("ends too early") }
            return stride(from: 0, to: bytes.count, by: count).map { start in
                bytes[start..<start + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            }
        }
    }

    private static func number(_ value: Double) -> JSONValue {
        value.isFinite ? .number("\(value)") : .string("\(value)")
    }

    private static func raw(_ field: ProtobufWireField) -> JSONValue {
        switch field.value {
        case .varint(let value), .fixed64(let value): .number("\(value)")
        case .fixed32(let value): .number("\(value)")
        case .bytes(let bytes): .string(Base64Text.text(of: bytes))
        }
    }
}
