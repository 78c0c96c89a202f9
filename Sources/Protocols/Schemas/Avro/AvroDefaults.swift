// Whether the default of each field is a value of its type. Source: Avro specification, "default".

import MillraceBase

enum AvroDefaults {
    /// Of the schema's own types; borrowed ones were checked when they were registered.
    static func check(_ document: AvroDocument) throws(SchemaError) {
        for type in document.named.values.sorted(by: { $0.fullName < $1.fullName }) {
            if document.borrowed.contains(type.fullName) { continue }
            guard case .record(let fields, _) = type.kind else { continue }
            for field in fields {
                guard let value = field.defaultValue else { continue }
                guard fits(value, field.type, document, depth: 0) else {
                    throw SchemaError(
                        "the default is no \(document.name(of: field.type))",
                        at: "\(type.name).\(field.name)")
                }
            }
        }
    }

    private static func fits(
        _ value: JSONValue, _ type: AvroType, _ document: AvroDocument, depth: Int
    ) -> Bool {
        guard depth < SchemaLimits.depthMax else { return false }
        switch type {
        case .primitive(let primitive, _): return fits(value, primitive)
        case .array(let items, _):
            return value.array?.allSatisfy { fits($0, items, document, depth: depth + 1) } ?? false
        case .map(let values, _):
            return value.object?.members.allSatisfy {
                fits($0.value, values, document, depth: depth + 1)
            } ?? false
        case .union(let branches):
            return branches.contains { fits(value, $0, document, depth: depth + 1) }
        case .named(let name):
            guard let named = document.named[name] else { return false }
            switch named.kind {
            case .enumeration(let symbols, _): return value.string.map(symbols.contains) ?? false
            case .fixed(let bytes):
                return isByteText(value) && value.string?.unicodeScalars.count == bytes
            case .record(let fields, _):
                guard let object = value.object else { return false }
                return fields.allSatisfy { field in
                    guard let member = object[field.name] ?? field.defaultValue else {
                        return false
                    }
                    return fits(member, field.type, document, depth: depth + 1)
                }
            }
        }
    }

    private static func fits(_ value: JSONValue, _ primitive: AvroPrimitive) -> Bool {
        switch primitive {
        case .null: value.isNull
        case .boolean: value.bool != nil
        case .int: value.int.map { Int32(exactly: $0) != nil } ?? false
        case .long: value.int != nil
        case .float, .double:
            value.double != nil || ["NaN", "Infinity", "-Infinity"].contains(value.string)
        case .bytes: isByteText(value)
        case .string: value.string != nil
        }
    }

    /// Bytes are written as characters up to U+00FF.
    private static func isByteText(_ value: JSONValue) -> Bool {
        value.string?.unicodeScalars.allSatisfy { $0.value <= 0xFF } ?? false
    }
}
