// An Avro schema as values. Source: Apache Avro specification 1.12, "Schema Declaration".

import MillraceBase

enum AvroPrimitive: String, Sendable, CaseIterable {
    case null, boolean, int, long, float, double, bytes, string
}

/// A place where a type stands. Named types stand by name, so schemas may be recursive.
indirect enum AvroType: Sendable {
    case primitive(AvroPrimitive, AvroAttributes)
    case array(AvroType, AvroAttributes)
    case map(AvroType, AvroAttributes)
    case union([AvroType])
    /// The full name of a record, enum or fixed.
    case named(String)
}

/// Attributes the specification gives no meaning to, and logical types.
typealias AvroAttributes = [(name: String, value: JSONValue)]

struct AvroField: Sendable {
    var name: String
    var type: AvroType
    var defaultValue: JSONValue?
    var doc: String?
    var order: String?
    var aliases: [String] = []
    var attributes: AvroAttributes = []
}

struct AvroNamedType: Sendable {
    enum Kind: Sendable {
        /// `isError`: declared as "error", which protocols use.
        case record([AvroField], isError: Bool)
        case enumeration(symbols: [String], defaultSymbol: String?)
        case fixed(bytes: Int)
    }

    /// With its namespace.
    var fullName: String
    var kind: Kind
    var doc: String?
    /// With their namespaces.
    var aliases: [String] = []
    var attributes: AvroAttributes = []

    var name: String { AvroName.unqualified(fullName) }
    var namespace: String { AvroName.namespace(fullName) }
}

struct AvroDocument: Sendable {
    var root: AvroType
    var named: [String: AvroNamedType]
    /// Names of types that come from other schemas; a schema's own text does not repeat them.
    var borrowed: Set<String> = []

    var rootName: String? { if case .named(let name) = root { name } else { nil } }

    var topLevelFields: [String] {
        guard let name = rootName, case .record(let fields, _) = named[name]?.kind else {
            return []
        }
        return fields.map(\.name)
    }

    /// Avro's own name for the kind of a type: "RECORD", "STRING".
    func kindName(_ type: AvroType) -> String {
        switch type {
        case .primitive(let primitive, _): primitive.rawValue.uppercased()
        case .array: "ARRAY"
        case .map: "MAP"
        case .union: "UNION"
        case .named(let name):
            switch named[name]?.kind {
            case .record, nil: "RECORD"
            case .enumeration: "ENUM"
            case .fixed: "FIXED"
            }
        }
    }

    /// What a type is called in messages: "string", "array", "com.example.User".
    func name(of type: AvroType) -> String {
        switch type {
        case .primitive(let primitive, _): primitive.rawValue
        case .array: "array"
        case .map: "map"
        case .union(let branches): "[" + branches.map(name(of:)).joined(separator: ", ") + "]"
        case .named(let name): name
        }
    }
}

enum AvroName {
    static func unqualified(_ fullName: String) -> String {
        fullName.lastIndex(of: ".").map { String(fullName[fullName.index(after: $0)...]) }
            ?? fullName
    }

    static func namespace(_ fullName: String) -> String {
        fullName.lastIndex(of: ".").map { String(fullName[..<$0]) } ?? ""
    }

    static func full(_ name: String, in namespace: String) -> String {
        name.contains(".") || namespace.isEmpty ? name : "\(namespace).\(name)"
    }

    /// `[A-Za-z_][A-Za-z0-9_]*`, with dots between parts when `allowsDots`.
    static func isValid(_ name: String, allowsDots: Bool) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard allowsDots || parts.count == 1 else { return false }
        return parts.allSatisfy { part in
            guard let first = part.first, !isDigit(first) else { return false }
            return part.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
}
