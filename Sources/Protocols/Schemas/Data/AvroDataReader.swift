// A datum in Avro's binary encoding, as JSON for a person to read.
// Source: Apache Avro specification 1.12, "Binary Encoding" and "JSON Encoding".

import MillraceBase

/// Reads one datum by the schema it was written with. Bytes and fixed become a string of code points 0
/// to 255, as Avro's JSON encoding has it; a union's value stands without the name of its branch.
struct AvroDataReader {
    private let document: AvroDocument
    private let bytes: [UInt8]
    private var at = 0
    private var emptyItems = 0

    /// - Throws: `SchemaError` when the bytes are no datum of the schema, or more than one.
    static func json(_ bytes: [UInt8], _ document: AvroDocument) throws(SchemaError) -> JSONValue {
        var reader = AvroDataReader(document: document, bytes: bytes)
        let value = try reader.value(document.root, depth: 0)
        guard reader.at == bytes.count else {
            throw SchemaError("has \(bytes.count - reader.at) bytes behind the datum")
        }
        return value
    }

    private init(document: AvroDocument, bytes: [UInt8]) {
        self.document = document
        self.bytes = bytes
    }

    private mutating func value(_ type: AvroType, depth: Int) throws(SchemaError) -> JSONValue {
        guard depth < DataLimits.depthMax else { throw SchemaError("is nested too deeply") }
        switch type {
        case .primitive(let primitive, _): return try self.primitive(primitive)
        case .array(let items, _):
            var values: [JSONValue] = []
            try blocks { reader throws(SchemaError) in
                values.append(try reader.value(items, depth: depth + 1))
            }
            return .array(values)
        case .map(let type, _):
            var members: [(name: String, value: JSONValue)] = []
            try blocks { reader throws(SchemaError) in
                let name = String(decoding: try reader.lengthed(), as: UTF8.self)
                members.append((name, try reader.value(type, depth: depth + 1)))
            }
            return .object(JSONObject(members))
        case .union(let branches):
            let index = try long()
            guard branches.indices.contains(Int(clamping: index)) else {
                throw SchemaError("names branch \(index) of a union of \(branches.count)")
            }
            return try value(branches[Int(index)], depth: depth + 1)
        case .named(let name): return try named(name, depth: depth)
        }
    }

    private mutating func named(_ name: String, depth: Int) throws(SchemaError) -> JSONValue {
        guard let type = document.named[name] else { throw SchemaError("has no type \(name)") }
        switch type.kind {
        case .record(let fields, _):
            var members: [(name: String, value: JSONValue)] = []
            for field in fields {
                members.append((field.name, try value(field.type, depth: depth + 1)))
            }
            return .object(JSONObject(members))
        case .enumeration(let symbols, _):
            let index = try long()
            guard symbols.indices.contains(Int(clamping: index)) else {
                throw SchemaError("names symbol \(index) of \(symbols.count)", at: name)
            }
            return .string(symbols[Int(index)])
        case .fixed(let count): return Self.text(try take(count))
        }
    }

    private mutating func primitive(_ primitive: AvroPrimitive) throws(SchemaError) -> JSONValue {
        switch primitive {
        case .null: return .null
        case .boolean: return .bool(try take(1).first == 1)
        case .int, .long: return JSONValue(try long())
        case .float:
            let bits = try take(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return Self.number(Double(Float(bitPattern: bits)), "\(Float(bitPattern: bits))")
        case .double:
            let bits = try take(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Self.number(Double(bitPattern: bits), "\(Double(bitPattern: bits))")
        case .bytes: return Self.text(try lengthed())
        case .string: return .string(String(decoding: try lengthed(), as: UTF8.self))
        }
    }

    /// JSON has no words for what is no number; a string is better than nothing.
    private static func number(_ value: Double, _ text: String) -> JSONValue {
        value.isFinite ? .number(text) : .string(text)
    }

    private static func text(_ bytes: some Sequence<UInt8>) -> JSONValue {
        .string(String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })))
    }

    // MARK: Parts

    /// Items come in blocks: a count, negative with the block's size behind it, until a count of 0.
    private mutating func blocks(
        _ item: (inout Self) throws(SchemaError) -> Void
    ) throws(SchemaError) {
        while true {
            var count = try long()
            if count == 0 { return }
            if count < 0 {
                _ = try long()
                guard count != .min else { throw SchemaError("has a block of no length") }
                count = -count
            }
            for _ in 0..<count {
                let before = at
                try item(&self)
                if at == before { emptyItems += 1 }
                guard emptyItems <= DataLimits.emptyItemsMax else {
                    throw SchemaError("claims more items than it has")
                }
            }
        }
    }

    private mutating func long() throws(SchemaError) -> Int64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard at < bytes.count else { break }
            let byte = bytes[at]
            at += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
            }
        }
        throw SchemaError("has a number that does not end")
    }

    private mutating func lengthed() throws(SchemaError) -> ArraySlice<UInt8> {
        let count = try long()
        guard count >= 0 else { throw SchemaError("has a negative length") }
        return try take(Int(clamping: count))
    }

    private mutating func take(_ count: Int) throws(SchemaError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - at else { throw SchemaError("ends too early") }
        defer { at += count }
        return bytes[at..<at + count]
    }
}
