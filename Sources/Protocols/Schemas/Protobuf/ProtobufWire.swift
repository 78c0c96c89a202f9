// Protobuf's binary form, as far as descriptors need it. Source: protobuf.dev, "Encoding".

/// Writes fields one after the other.
struct ProtobufWireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }

    private mutating func key(_ number: Int, _ type: UInt64) {
        varint(UInt64(number) << 3 | type)
    }

    mutating func varint(_ number: Int, _ value: UInt64) {
        key(number, 0)
        varint(value)
    }

    /// Negative numbers take ten bytes, as `int32` does.
    mutating func int(_ number: Int, _ value: Int) {
        varint(number, UInt64(bitPattern: Int64(value)))
    }

    mutating func bool(_ number: Int, _ value: Bool) { varint(number, value ? 1 : 0) }

    mutating func fixed64(_ number: Int, _ value: UInt64) {
        key(number, 1)
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func fixed32(_ number: Int, _ value: UInt32) {
        key(number, 5)
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    mutating func bytes(_ number: Int, _ value: [UInt8]) {
        key(number, 2)
        varint(UInt64(value.count))
        bytes += value
    }

    mutating func string(_ number: Int, _ value: String) { bytes(number, Array(value.utf8)) }
}

/// One field as it came.
struct ProtobufWireField {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        case bytes([UInt8])
    }

    var number: Int
    var value: Value

    var int: Int {
        switch value {
        case .varint(let value): Int(truncatingIfNeeded: Int64(bitPattern: value))
        case .fixed64(let value): Int(truncatingIfNeeded: Int64(bitPattern: value))
        case .fixed32(let value): Int(Int32(bitPattern: value))
        case .bytes: 0
        }
    }

    var bytes: [UInt8] { if case .bytes(let value) = value { value } else { [] } }
    var string: String { String(decoding: bytes, as: UTF8.self) }
    var isTrue: Bool { int != 0 }
}

/// Reads a message's fields; unknown groups are refused, since descriptors have none.
struct ProtobufWireReader {
    private let bytes: [UInt8]
    private var at = 0

    static func fields(of bytes: [UInt8]) throws(SchemaError) -> [ProtobufWireField] {
        var reader = ProtobufWireReader(bytes: bytes)
        var fields: [ProtobufWireField] = []
        while reader.at < bytes.count { fields.append(try reader.field()) }
        return fields
    }

    /// The numbers in a packed field, or the one number of a field that is not packed.
    static func integers(_ field: ProtobufWireField) throws(SchemaError) -> [Int] {
        guard case .bytes(let bytes) = field.value else { return [field.int] }
        var reader = ProtobufWireReader(bytes: bytes)
        var values: [Int] = []
        while reader.at < bytes.count {
            values.append(Int(truncatingIfNeeded: Int64(bitPattern: try reader.varint())))
        }
        return values
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func varint() throws(SchemaError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard at < bytes.count else { break }
            let byte = bytes[at]
            at += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw SchemaError("is no Protobuf descriptor: a number does not end")
    }

    private mutating func take(_ count: UInt64) throws(SchemaError) -> [UInt8] {
        guard count <= UInt64(bytes.count - at) else {
            throw SchemaError("is no Protobuf descriptor: it ends too early")
        }
        defer { at += Int(count) }
        return Array(bytes[at..<at + Int(count)])
    }

    private mutating func field() throws(SchemaError) -> ProtobufWireField {
        let key = try varint()
        guard key >> 3 >= 1, key >> 3 <= UInt64(ProtobufLimits.fieldNumberMax) else {
            throw SchemaError("is no Protobuf descriptor: a field without a number")
        }
        let number = Int(key >> 3)
        switch key & 7 {
        case 0: return ProtobufWireField(number: number, value: .varint(try varint()))
        case 1:
            let value = try take(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return ProtobufWireField(number: number, value: .fixed64(value))
        case 2: return ProtobufWireField(number: number, value: .bytes(try take(try varint())))
        case 5:
            let value = try take(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return ProtobufWireField(number: number, value: .fixed32(value))
        default: throw SchemaError("is no Protobuf descriptor: an unknown kind of field")
        }
    }
}
