// Bytes to values, as native_protocol_v5.spec, section 6, lays them out.

package import MillraceBase
package import NIOCore

extension CQLValue {
    /// The value of those bytes; they must be exactly one value of that type.
    ///
    /// No bytes at all are an empty text or blob, and `.empty` for any other type. Counts inside are
    /// checked against the bytes there are before memory is taken for them.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(WireError) -> CQLValue {
        var reader = CellReader(bytes)
        let value = try read(type, &reader)
        try reader.expectEnd(type.description)
        return value
    }

    package static func decode(_ bytes: [UInt8], as type: CQLType) throws(WireError) -> CQLValue {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(WireError) in try decode(bytes, as: type) }
        }
        return try result.get()
    }

    package static func decode(_ bytes: ByteBuffer, as type: CQLType) throws(WireError) -> CQLValue
    {
        try bytes.withUnsafeReadableBytes { bytes throws(WireError) in
            try decode(bytes, as: type)
        }
    }

    /// `nil` bytes are null.
    private static func decode(
        _ bytes: UnsafeRawBufferPointer?, as type: CQLType
    ) throws(WireError) -> CQLValue {
        guard let bytes else { return .null }
        return try decode(bytes, as: type)
    }

    /// Reads all that `reader` holds, or less when the bytes are too long for the type.
    private static func read(
        _ type: CQLType, _ reader: inout CellReader
    ) throws(WireError) -> CQLValue {
        switch type {
        case .text: return .text(try text(&reader, "text"))
        case .ascii: return .ascii(try text(&reader, "ascii"))
        case .blob: return .blob(Array(reader.rest()))
        case .custom: return .custom(Array(reader.rest()))
        case .frozen(let inner): return try read(inner, &reader)
        default: break
        }
        guard reader.bytesLeft > 0 else { return .empty }
        switch type {
        case .bigint: return .bigint(try reader.integer("bigint"))
        case .counter: return .counter(try reader.integer("counter"))
        case .timestamp: return .timestamp(try reader.integer("timestamp"))
        case .time: return .time(try reader.integer("time"))
        case .int: return .int(try reader.integer("int"))
        case .date:
            let raw: UInt32 = try reader.integer("date")
            return .date(Int32(bitPattern: raw &- 0x8000_0000))
        case .smallint: return .smallint(try reader.integer("smallint"))
        case .tinyint: return .tinyint(try reader.integer("tinyint"))
        case .boolean: return .boolean(try reader.integer("boolean", as: UInt8.self) != 0)
        case .float: return .float(Float(bitPattern: try reader.integer("float")))
        case .double: return .double(Double(bitPattern: try reader.integer("double")))
        case .uuid: return .uuid(try uuid(&reader, "uuid"))
        case .timeuuid: return .timeuuid(try uuid(&reader, "timeuuid"))
        case .varint: return .varint(CQLVarint(bytes: reader.rest()))
        case .decimal:
            let scale: Int32 = try reader.integer("decimal's scale")
            guard reader.bytesLeft > 0 else { throw WireError(.cutShort, in: "decimal") }
            return .decimal(CQLDecimal(unscaled: CQLVarint(bytes: reader.rest()), scale: scale))
        case .inet:
            let bytes = reader.rest()
            guard let inet = CQLInet(bytes: bytes) else {
                throw WireError(.badLength(Int64(bytes.count)), in: "inet")
            }
            return .inet(inet)
        case .duration: return try duration(&reader)
        case .list, .set, .map, .tuple, .udt, .vector: return try nested(type, &reader)
        case .text, .ascii, .blob, .custom, .frozen: preconditionFailure("read above")
        }
    }

    private static func text(
        _ reader: inout CellReader, _ field: String
    ) throws(WireError) -> String {
        guard let text = String(validating: reader.rest(), as: UTF8.self) else {
            throw WireError(.invalid("is not UTF-8"), in: field)
        }
        return text
    }

    private static func uuid(
        _ reader: inout CellReader, _ field: String
    ) throws(WireError) -> CQLUUID {
        let high: UInt64 = try reader.integer(field)
        return CQLUUID(high: high, low: try reader.integer(field))
    }

    private static func duration(_ reader: inout CellReader) throws(WireError) -> CQLValue {
        let (months, days, nanoseconds) = try CQLDuration.parts(&reader)
        guard let months = Int32(exactly: months), let days = Int32(exactly: days) else {
            throw WireError(.invalid("has too many months or days"), in: "duration")
        }
        return .duration(CQLDuration(months: months, days: days, nanoseconds: nanoseconds))
    }

    private static func nested(
        _ type: CQLType, _ reader: inout CellReader
    ) throws(WireError) -> CQLValue {
        switch type {
        case .list(let element): return .list(try elements(element, &reader))
        case .set(let element): return .set(try elements(element, &reader))
        case .map(let keyType, let valueType):
            let count = try elementCount(&reader, bytesEach: 8)
            var entries: [MapEntry] = []
            entries.reserveCapacity(count)
            for _ in 0..<count {
                let key = try decode(try reader.cell("map key"), as: keyType)
                entries.append(
                    MapEntry(key, try decode(try reader.cell("map value"), as: valueType)))
            }
            return .map(entries)
        case .tuple(let parts): return .tuple(try fields(parts, &reader))
        case .udt(let user): return .udt(try fields(user.fields.map(\.type), &reader))
        case .vector(let element, let dimensions):
            return .vector(try vector(element, dimensions, &reader))
        default: preconditionFailure("only types with types inside come here")
        }
    }

    private static func elementCount(
        _ reader: inout CellReader, bytesEach: Int
    ) throws(WireError) -> Int {
        let count: Int32 = try reader.integer("collection's count")
        guard count >= 0 else {
            throw WireError(.badLength(Int64(count)), in: "collection's count")
        }
        guard Int(count) * bytesEach <= reader.bytesLeft else {
            throw WireError(.cutShort, in: "collection")
        }
        return Int(count)
    }

    private static func elements(
        _ type: CQLType, _ reader: inout CellReader
    ) throws(WireError) -> [CQLValue] {
        let count = try elementCount(&reader, bytesEach: 4)
        var values: [CQLValue] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try decode(try reader.cell("element"), as: type)) }
        return values
    }

    /// Fields that were added to a type later are missing in older values.
    private static func fields(
        _ types: [CQLType], _ reader: inout CellReader
    ) throws(WireError) -> [CQLValue] {
        var values: [CQLValue] = []
        values.reserveCapacity(types.count)
        for type in types {
            guard reader.bytesLeft > 0 else {
                values.append(.null)
                continue
            }
            values.append(try decode(try reader.cell("field"), as: type))
        }
        return values
    }

    private static func vector(
        _ type: CQLType, _ dimensions: Int, _ reader: inout CellReader
    ) throws(WireError) -> [CQLValue] {
        guard dimensions * (type.fixedBytes ?? 1) <= reader.bytesLeft else {
            throw WireError(.cutShort, in: "vector")
        }
        var values: [CQLValue] = []
        values.reserveCapacity(dimensions)
        for _ in 0..<dimensions {
            let count: Int
            if let fixed = type.fixedBytes {
                count = fixed
            } else {
                count = try vectorElementBytes(&reader)
            }
            values.append(try decode(try reader.take(count, "vector element"), as: type))
        }
        return values
    }

    private static func vectorElementBytes(_ reader: inout CellReader) throws(WireError) -> Int {
        let count = try reader.unsignedVint("vector element")
        guard count <= UInt64(reader.bytesLeft) else {
            throw WireError(.cutShort, in: "vector element")
        }
        return Int(count)
    }
}
