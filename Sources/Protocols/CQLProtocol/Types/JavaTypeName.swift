// Types as the Java classes that Cassandra names them by.

/// `org.apache.cassandra.db.marshal.MapType(UTF8Type,Int32Type)`, both ways.
///
/// Custom types on the wire and old schema tables use these names.
/// Source: apache/cassandra src/java/org/apache/cassandra/db/marshal/TypeParser.java
package enum JavaTypeName {
    package static let prefix = "org.apache.cassandra.db.marshal."

    private static let simple: [String: CQLType] = [
        "AsciiType": .ascii, "LongType": .bigint, "BytesType": .blob, "BooleanType": .boolean,
        "CounterColumnType": .counter, "DecimalType": .decimal, "DoubleType": .double,
        "FloatType": .float, "Int32Type": .int, "TimestampType": .timestamp, "UUIDType": .uuid,
        "UTF8Type": .text, "IntegerType": .varint, "TimeUUIDType": .timeuuid,
        "InetAddressType": .inet, "SimpleDateType": .date, "TimeType": .time,
        "ShortType": .smallint, "ByteType": .tinyint, "DurationType": .duration,
        "DateType": .timestamp, "LexicalUUIDType": .uuid,
    ]

    private static let names: [CQLType: String] = Dictionary(
        simple.filter { $0.key != "DateType" && $0.key != "LexicalUUIDType" }
            .map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })

    /// The full class name with its parameters.
    package static func name(of type: CQLType) -> String {
        if let simple = names[type] { return prefix + simple }
        switch type {
        case .list(let element): return "\(prefix)ListType(\(name(of: element)))"
        case .set(let element): return "\(prefix)SetType(\(name(of: element)))"
        case .map(let key, let value):
            return "\(prefix)MapType(\(name(of: key)),\(name(of: value)))"
        case .tuple(let parts):
            return "\(prefix)TupleType(\(parts.map(name(of:)).joined(separator: ",")))"
        case .udt(let type):
            let fields = type.fields.map { ",\(hex($0.name)):\(name(of: $0.type))" }.joined()
            return "\(prefix)UserType(\(type.keyspace),\(hex(type.name))\(fields))"
        case .vector(let element, let dimensions):
            return "\(prefix)VectorType(\(name(of: element)) , \(dimensions))"
        case .frozen(let inner): return "\(prefix)FrozenType(\(name(of: inner)))"
        case .custom(let name): return name
        case .ascii, .bigint, .blob, .boolean, .counter, .decimal, .double, .float, .int,
            .timestamp, .uuid, .text, .varint, .timeuuid, .inet, .date, .time, .smallint, .tinyint,
            .duration:
            preconditionFailure("every simple type has a class name")
        }
    }

    /// Parses a class name. `ReversedType(x)` is `x`; a class not known here is `.custom`.
    package static func parse(_ text: String) throws(CQLTypeError) -> CQLType {
        var scanner = TypeScanner(Array(text.unicodeScalars))
        guard let type = try scanner.javaType(depth: 0), scanner.isAtEnd else {
            return .custom(text)
        }
        return type
    }

    fileprivate static func simpleType(_ name: String) -> CQLType? { simple[name] }

    private static func hex(_ name: String) -> String {
        let digits = Array("0123456789abcdef")
        return String(name.utf8.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    fileprivate static func text(hex: String) throws(CQLTypeError) -> String {
        var bytes: [UInt8] = []
        var rest = Substring(hex)
        while !rest.isEmpty {
            guard rest.count >= 2, let byte = UInt8(rest.prefix(2), radix: 16) else {
                throw CQLTypeError("a name in a type's class is not hexadecimal")
            }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension TypeScanner {
    /// - Returns: `nil` for a class that is not known here.
    fileprivate mutating func javaType(depth: Int) throws(CQLTypeError) -> CQLType? {
        guard depth < CQLLimits.typeDepthMax else { throw CQLTypeError("the type nests too deep") }
        let full = word()
        let name = full.split(separator: ".").last.map(String.init) ?? ""
        guard take("(") else { return JavaTypeName.simpleType(name) }
        let type: CQLType?
        switch name {
        case "ListType": type = try javaType(depth: depth + 1).map { .list($0) }
        case "SetType": type = try javaType(depth: depth + 1).map { .set($0) }
        case "FrozenType": type = try javaType(depth: depth + 1).map { .frozen($0) }
        case "ReversedType": type = try javaType(depth: depth + 1)
        case "MapType":
            guard let key = try javaType(depth: depth + 1), take(","),
                let value = try javaType(depth: depth + 1)
            else { return nil }
            type = .map(key, value)
        case "TupleType":
            var parts: [CQLType] = []
            repeat {
                guard let part = try javaType(depth: depth + 1) else { return nil }
                parts.append(part)
            } while take(",")
            type = .tuple(parts)
        case "UserType": type = try javaUserType(depth: depth)
        case "VectorType":
            guard let element = try javaType(depth: depth + 1), take(","),
                let dimensions = Int(word()),
                (1...CQLLimits.vectorDimensionsMax).contains(dimensions)
            else { return nil }
            type = .vector(element, dimensions: dimensions)
        default: return nil
        }
        guard take(")") else { return nil }
        return type
    }

    /// `keyspace,hex(name),hex(field):type,…`
    private mutating func javaUserType(depth: Int) throws(CQLTypeError) -> CQLType? {
        let keyspace = word()
        guard take(",") else { return nil }
        var user = CQLUserType(
            keyspace: keyspace, name: try JavaTypeName.text(hex: word()), fields: [])
        while take(",") {
            let field = try JavaTypeName.text(hex: word())
            guard take(":"), let type = try javaType(depth: depth + 1) else { return nil }
            user.fields.append(.init(field, type))
        }
        return .udt(user)
    }
}
