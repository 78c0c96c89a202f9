// Types as CQL writes them: `map<text, frozen<list<int>>>`, both ways.

/// Why a text names no type.
package struct CQLTypeError: Error, Equatable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}

extension CQLType: CustomStringConvertible {
    /// As CQL and the schema tables write it, with names quoted where they must be.
    package var description: String {
        switch self {
        case .list(let element): "list<\(element)>"
        case .set(let element): "set<\(element)>"
        case .map(let key, let value): "map<\(key), \(value)>"
        // A tuple is always frozen, and says so.
        case .tuple(let parts):
            "frozen<tuple<\(parts.map(\.description).joined(separator: ", "))>>"
        case .udt(let type): CQLIdentifier.quoted(type.name)
        case .vector(let element, let dimensions): "vector<\(element), \(dimensions)>"
        case .frozen(.tuple(let parts)): CQLType.tuple(parts).description
        case .frozen(let inner): "frozen<\(inner)>"
        case .custom(let name): "'\(name)'"
        case .ascii, .bigint, .blob, .boolean, .counter, .decimal, .double, .float, .int,
            .timestamp, .uuid, .text, .varint, .timeuuid, .inet, .date, .time, .smallint, .tinyint,
            .duration:
            simpleName ?? ""
        }
    }

    /// The name of a type without parameters.
    package var simpleName: String? { Self.simpleNames[self] }

    private static let simpleNames: [CQLType: String] = Dictionary(
        uniqueKeysWithValues: simpleTypes.filter { $0.key != "varchar" }.map { ($0.value, $0.key) })

    /// By their names in lower case; `varchar` is `text`.
    package static let simpleTypes: [String: CQLType] = [
        "ascii": .ascii, "bigint": .bigint, "blob": .blob, "boolean": .boolean,
        "counter": .counter, "decimal": .decimal, "double": .double, "float": .float, "int": .int,
        "timestamp": .timestamp, "uuid": .uuid, "text": .text, "varchar": .text,
        "varint": .varint, "timeuuid": .timeuuid, "inet": .inet, "date": .date, "time": .time,
        "smallint": .smallint, "tinyint": .tinyint, "duration": .duration,
    ]

    /// Parses a type's text.
    ///
    /// - Parameter userType: gives the user-defined type of that name, unquoted and folded to lower
    ///   case unless it was quoted; `nil` when there is none.
    package static func parse(
        _ text: String, userType: (String) -> CQLUserType? = { _ in nil }
    ) throws(CQLTypeError) -> CQLType {
        var scanner = TypeScanner(Array(text.unicodeScalars))
        let type = try scanner.type(depth: 0, userType: userType)
        guard scanner.isAtEnd else {
            throw CQLTypeError("something stands after the type in \"\(text)\"")
        }
        return type
    }
}

extension TypeScanner {
    /// One type with its parameters.
    fileprivate mutating func type(
        depth: Int, userType: (String) -> CQLUserType?
    ) throws(CQLTypeError) -> CQLType {
        guard depth < CQLLimits.typeDepthMax else { throw CQLTypeError("the type nests too deep") }
        if let name = try quoted("'") { return try JavaTypeName.parse(name) }
        if let name = try quoted("\"") { return try named(name, userType) }
        let name = word().lowercased()
        guard !name.isEmpty else { throw CQLTypeError("a type name is missing") }
        guard take("<") else {
            if let simple = CQLType.simpleTypes[name] { return simple }
            return try named(name, userType)
        }
        let type: CQLType
        switch name {
        case "list": type = .list(try self.type(depth: depth + 1, userType: userType))
        case "set": type = .set(try self.type(depth: depth + 1, userType: userType))
        case "frozen":
            let inner = try self.type(depth: depth + 1, userType: userType)
            if case .tuple = inner { type = inner } else { type = .frozen(inner) }
        case "map":
            let key = try self.type(depth: depth + 1, userType: userType)
            guard take(",") else { throw CQLTypeError("a map has two parameters") }
            type = .map(key, try self.type(depth: depth + 1, userType: userType))
        case "tuple":
            var parts = [try self.type(depth: depth + 1, userType: userType)]
            while take(",") { parts.append(try self.type(depth: depth + 1, userType: userType)) }
            type = .tuple(parts)
        case "vector":
            let element = try self.type(depth: depth + 1, userType: userType)
            guard take(","), let dimensions = Int(word()),
                (1...CQLLimits.vectorDimensionsMax).contains(dimensions)
            else { throw CQLTypeError("a vector has a type and a number of dimensions") }
            type = .vector(element, dimensions: dimensions)
        default:
            throw CQLTypeError("\"\(name)\" has no parameters")
        }
        guard take(">") else { throw CQLTypeError("\">\" is missing after \"\(name)<…\"") }
        return type
    }

    private func named(_ name: String, _ userType: (String) -> CQLUserType?)
        throws(CQLTypeError) -> CQLType
    {
        guard let type = userType(name) else { throw CQLTypeError("there is no type \"\(name)\"") }
        return .udt(type)
    }
}

/// How names are written in CQL.
package enum CQLIdentifier {
    /// The name as it must stand in CQL text: in quotes unless it is lower case and plain.
    ///
    /// Reserved words are quoted by the one who writes statements; a type's or field's name that is a
    /// reserved word is quoted here as well.
    package static func quoted(_ name: String) -> String {
        let isPlain =
            name.utf8.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } == true
            && name.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || $0 == UInt8(ascii: "_")
            }
        if isPlain, !reserved.contains(name) { return name }
        var out = "\""
        for scalar in name.unicodeScalars {
            if scalar == "\"" { out += "\"\"" } else { out.unicodeScalars.append(scalar) }
        }
        return out + "\""
    }

    /// The reserved words of CQL 3.4.7 (doc/modules/cassandra/pages/reference/cql-reserved, appendix A).
    package static let reserved: Set<String> = [
        "add", "allow", "alter", "and", "apply", "asc", "authorize", "batch", "begin", "by",
        "columnfamily", "create", "delete", "desc", "describe", "drop", "entries",
        "execute", "from", "full", "grant", "if", "in", "index", "infinity", "insert", "into", "is",
        "keyspace", "limit", "materialized", "modify", "nan", "norecursive",
        "not", "null", "of", "on", "or", "order", "primary", "rename", "revoke",
        "schema", "select", "set", "table", "to", "token", "truncate", "unlogged",
        "update", "use", "using", "view", "where", "with",
    ]
}
