// JSON as a datum in Avro's binary encoding.
// Source: Apache Avro specification 1.12, "Binary Encoding" and "JSON Encoding".

import MillraceBase

/// Writes one datum. A union's value may stand alone, when one branch fits it, or as Avro's JSON
/// encoding has it, `{"string": "x"}`. A field that is left out has its default.
struct AvroDataWriter {
    private let document: AvroDocument
    private var out: [UInt8] = []

    static func bytes(_ value: JSONValue, _ document: AvroDocument) throws(SchemaError) -> [UInt8] {
        var writer = AvroDataWriter(document: document)
        try writer.write(value, document.root, at: "", depth: 0)
        return writer.out
    }

    private init(document: AvroDocument) { self.document = document }

    private mutating func write(
        _ value: JSONValue, _ type: AvroType, at path: String, depth: Int
    ) throws(SchemaError) {
        guard depth < DataLimits.depthMax else { throw SchemaError("is nested too deeply") }
        switch type {
        case .primitive(let primitive, _): try write(value, primitive, at: path)
        case .array(let items, _):
            guard let values = value.array else { throw Self.mismatch("an array", path) }
            if !values.isEmpty { long(Int64(values.count)) }
            for (index, item) in values.enumerated() {
                try write(item, items, at: "\(path)[\(index)]", depth: depth + 1)
            }
            long(0)
        case .map(let type, _):
            guard let members = value.object?.members else { throw Self.mismatch("a map", path) }
            if !members.isEmpty { long(Int64(members.count)) }
            for member in members {
                lengthed(Array(member.name.utf8))
                try write(member.value, type, at: "\(path).\(member.name)", depth: depth + 1)
            }
            long(0)
        case .union(let branches): try write(value, branches, at: path, depth: depth)
        case .named(let name): try write(value, named: name, at: path, depth: depth)
        }
    }

    private mutating func write(
        _ value: JSONValue, named name: String, at path: String, depth: Int
    ) throws(SchemaError) {
        guard let type = document.named[name] else { throw SchemaError("has no type \(name)") }
        switch type.kind {
        case .record(let fields, _):
            guard let object = value.object else { throw Self.mismatch("a record", path) }
            if let unknown = object.members.first(where: { member in
                !fields.contains { $0.name == member.name }
            }) {
                throw SchemaError("is no field of \(name)", at: "\(path).\(unknown.name)")
            }
            for field in fields {
                let place = path.isEmpty ? field.name : "\(path).\(field.name)"
                guard let value = object[field.name] ?? field.defaultValue else {
                    throw SchemaError("is missing and has no default", at: place)
                }
                try write(value, field.type, at: place, depth: depth + 1)
            }
        case .enumeration(let symbols, _):
            guard let text = value.string, let index = symbols.firstIndex(of: text) else {
                throw Self.mismatch("one of \(symbols.joined(separator: ", "))", path)
            }
            long(Int64(index))
        case .fixed(let count):
            let bytes = try Self.bytes(value, at: path)
            guard bytes.count == count else { throw Self.mismatch("\(count) bytes", path) }
            out += bytes
        }
    }

    /// The named branch, or the first that takes the value.
    private mutating func write(
        _ value: JSONValue, _ branches: [AvroType], at path: String, depth: Int
    ) throws(SchemaError) {
        let before = out
        if let members = value.object?.members, members.count == 1,
            let index = branches.firstIndex(where: { document.name(of: $0) == members[0].name })
        {
            long(Int64(index))
            return try write(members[0].value, branches[index], at: path, depth: depth + 1)
        }
        var failure = Self.mismatch("of a branch of the union", path)
        for (index, branch) in branches.enumerated() {
            long(Int64(index))
            do throws(SchemaError) {
                return try write(value, branch, at: path, depth: depth + 1)
            } catch {
                failure = error
                out = before
            }
        }
        throw branches.count > 2 ? Self.mismatch("of a branch of the union", path) : failure
    }

    private mutating func write(
        _ value: JSONValue, _ primitive: AvroPrimitive, at path: String
    ) throws(SchemaError) {
        switch primitive {
        case .null:
            guard value.isNull else { throw Self.mismatch("null", path) }
        case .boolean:
            guard let value = value.bool else { throw Self.mismatch("true or false", path) }
            out.append(value ? 1 : 0)
        case .int:
            guard let number = value.int, let number = Int32(exactly: number) else {
                throw Self.mismatch("an integer of 32 bits", path)
            }
            long(Int64(number))
        case .long:
            guard let number = value.int else { throw Self.mismatch("an integer", path) }
            long(Int64(number))
        case .float:
            guard let number = value.double else { throw Self.mismatch("a number", path) }
            little(UInt64(Float(number).bitPattern), bytes: 4)
        case .double:
            guard let number = value.double else { throw Self.mismatch("a number", path) }
            little(number.bitPattern, bytes: 8)
        case .bytes: lengthed(try Self.bytes(value, at: path))
        case .string:
            guard let text = value.string else { throw Self.mismatch("a string", path) }
            lengthed(Array(text.utf8))
        }
    }

    // MARK: Parts

    /// Code points 0 to 255 are bytes.
    private static func bytes(_ value: JSONValue, at path: String) throws(SchemaError) -> [UInt8] {
        guard let text = value.string else { throw mismatch("a string of bytes", path) }
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else {
                throw mismatch("a string of code points up to 255", path)
            }
            bytes.append(byte)
        }
        return bytes
    }

    private static func mismatch(_ wanted: String, _ path: String) -> SchemaError {
        SchemaError("is not \(wanted)", at: path)
    }

    private mutating func lengthed(_ bytes: [UInt8]) {
        long(Int64(bytes.count))
        out += bytes
    }

    private mutating func long(_ value: Int64) {
        var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        while rest >= 0x80 {
            out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        out.append(UInt8(rest))
    }

    private mutating func little(_ bits: UInt64, bytes count: Int) {
        for shift in 0..<count { out.append(UInt8(truncatingIfNeeded: bits >> UInt64(8 * shift))) }
    }
}
