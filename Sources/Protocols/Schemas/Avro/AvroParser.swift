// The JSON of an Avro schema, read and checked. Source: Apache Avro specification 1.12.

import MillraceBase

struct AvroParser {
    private var named: [String: AvroNamedType] = [:]
    /// Types whose fields are being read; their names may be used already.
    private var open: Set<String> = []
    private var names = AvroNameCheck.none

    /// - Parameters:
    ///   - isNew: whether the defaults of fields are checked.
    ///   - names: which names must be Avro's; borrowed ones were checked before.
    static func parse(
        _ text: String, references: SchemaReferences, isNew: Bool, names: AvroNameCheck
    ) throws(SchemaError) -> AvroDocument {
        var parser = AvroParser()
        try parser.borrow(references)
        parser.names = names
        let borrowed = Set(parser.named.keys)
        let value = try json(text)
        let root = try parser.type(value, namespace: "", path: "", depth: 0)
        let document = AvroDocument(root: root, named: parser.named, borrowed: borrowed)
        if isNew { try AvroDefaults.check(document) }
        return document
    }

    private static func json(_ text: String) throws(SchemaError) -> JSONValue {
        do throws(JSONError) { return try JSONValue(parsing: text) } catch {
            throw SchemaError("\(error)")
        }
    }

    /// Reads the borrowed schemas so that each comes after those it borrows from itself: what
    /// cannot be read yet waits for another round, and a round without progress is the end.
    private mutating func borrow(_ references: SchemaReferences) throws(SchemaError) {
        var waiting = references.texts.sorted { $0.key < $1.key }
        while !waiting.isEmpty {
            var later: [(key: String, value: String)] = []
            var failure: SchemaError?
            for (name, text) in waiting {
                let before = self
                do throws(SchemaError) {
                    _ = try type(try Self.json(text), namespace: "", path: "", depth: 0)
                } catch {
                    self = before
                    failure = SchemaError("the reference \(name): \(error)")
                    later.append((name, text))
                }
            }
            if later.count == waiting.count, let failure { throw failure }
            waiting = later
        }
    }

    private mutating func type(
        _ value: JSONValue, namespace: String, path: String, depth: Int
    ) throws(SchemaError) -> AvroType {
        guard depth < SchemaLimits.depthMax else {
            throw SchemaError("more than \(SchemaLimits.depthMax) levels", at: path)
        }
        switch value {
        case .string(let name): return try reference(name, namespace: namespace, path: path)
        case .array(let branches):
            return try union(branches, namespace: namespace, path: path, depth: depth)
        case .object(let object):
            return try complex(object, namespace: namespace, path: path, depth: depth)
        case .null, .bool, .number: throw SchemaError("is no type", at: path)
        }
    }

    private func reference(_ name: String, namespace: String, path: String) throws(SchemaError)
        -> AvroType
    {
        if let primitive = AvroPrimitive(rawValue: name) { return .primitive(primitive, []) }
        let full = AvroName.full(name, in: namespace)
        for candidate in [full, name] where named[candidate] != nil || open.contains(candidate) {
            return .named(candidate)
        }
        throw SchemaError("the type \"\(name)\" is not defined", at: path)
    }

    private mutating func union(
        _ values: [JSONValue], namespace: String, path: String, depth: Int
    ) throws(SchemaError) -> AvroType {
        var branches: [AvroType] = []
        var seen: Set<String> = []
        for value in values {
            if case .array = value {
                throw SchemaError("a union directly inside a union", at: path)
            }
            let branch = try type(value, namespace: namespace, path: path, depth: depth + 1)
            let kind =
                switch branch {
                case .primitive(let primitive, _): primitive.rawValue
                case .array: "array"
                case .map: "map"
                case .union: "union"
                case .named(let name): name
                }
            guard seen.insert(kind).inserted else {
                throw SchemaError("the union has \(kind) twice", at: path)
            }
            branches.append(branch)
        }
        return .union(branches)
    }

    private mutating func complex(
        _ object: JSONObject, namespace: String, path: String, depth: Int
    ) throws(SchemaError) -> AvroType {
        guard let type = object["type"] else { throw SchemaError("has no \"type\"", at: path) }
        guard case .string(let name) = type else {
            return try self.type(type, namespace: namespace, path: path, depth: depth + 1)
        }
        switch name {
        case "record", "error", "enum", "fixed":
            return try namedType(
                name, object, namespace: namespace, path: path, depth: depth)
        case "array":
            guard let items = object["items"] else {
                throw SchemaError("an array without \"items\"", at: path)
            }
            let inner = try self.type(
                items, namespace: namespace, path: path + "[]", depth: depth + 1)
            return .array(inner, Self.rest(of: object, but: ["type", "items"]))
        case "map":
            guard let values = object["values"] else {
                throw SchemaError("a map without \"values\"", at: path)
            }
            let inner = try self.type(
                values, namespace: namespace, path: path + "{}", depth: depth + 1)
            return .map(inner, Self.rest(of: object, but: ["type", "values"]))
        default:
            if let primitive = AvroPrimitive(rawValue: name) {
                return .primitive(primitive, Self.rest(of: object, but: ["type"]))
            }
            return try reference(name, namespace: namespace, path: path)
        }
    }

    private static func rest(of object: JSONObject, but known: Set<String>) -> AvroAttributes {
        object.members.filter { !known.contains($0.name) }
    }
}

/// Which names of a schema must be of letters, digits and _.
enum AvroNameCheck: Sendable {
    case none
    case allButNamespaces
    case all
}

// MARK: - Named types

extension AvroParser {
    private mutating func namedType(
        _ kind: String, _ object: JSONObject, namespace outer: String, path: String, depth: Int
    ) throws(SchemaError) -> AvroType {
        let full = try fullName(object, outer: outer, kind: kind, path: path)
        guard named[full] == nil, !open.contains(full) else {
            throw SchemaError("the type \"\(full)\" is defined twice", at: path)
        }
        guard AvroPrimitive(rawValue: full) == nil else {
            throw SchemaError("\"\(full)\" is a primitive's name", at: path)
        }
        let namespace = AvroName.namespace(full)
        open.insert(full)
        defer { open.remove(full) }
        let here = path.isEmpty ? AvroName.unqualified(full) : path
        var known: Set<String> = ["type", "name", "namespace", "doc", "aliases"]
        let body: AvroNamedType.Kind
        switch kind {
        case "enum":
            known.formUnion(["symbols", "default"])
            body = try enumeration(object, path: here)
        case "fixed":
            known.insert("size")
            guard let size = object["size"]?.int, size >= 0 else {
                throw SchemaError("a fixed needs a \"size\" of 0 or more", at: here)
            }
            body = .fixed(bytes: size)
        default:
            known.insert("fields")
            body = .record(
                try fields(object, namespace: namespace, path: here, depth: depth),
                isError: kind == "error")
        }
        named[full] = AvroNamedType(
            fullName: full, kind: body, doc: object["doc"]?.string,
            aliases: try Self.aliases(object, path: here).map { AvroName.full($0, in: namespace) },
            attributes: Self.rest(of: object, but: known))
        return .named(full)
    }

    private func isName(_ name: String, allowsDots: Bool) -> Bool {
        names == .none ? !name.isEmpty : AvroName.isValid(name, allowsDots: allowsDots)
    }

    private func fullName(
        _ object: JSONObject, outer: String, kind: String, path: String
    ) throws(SchemaError) -> String {
        guard let name = object["name"]?.string, isName(name, allowsDots: true) else {
            throw SchemaError("a \(kind) needs a \"name\" of letters, digits and _", at: path)
        }
        if name.contains(".") { return name }
        let namespace = object["namespace"]?.string ?? outer
        // Avro's own library does not look at a namespace; schemas with hyphens in it are about.
        guard names != .all || namespace.isEmpty || isName(namespace, allowsDots: true) else {
            throw SchemaError(
                "the namespace \"\(namespace)\" is not of letters, digits and _", at: path)
        }
        return AvroName.full(name, in: namespace)
    }

    private static func aliases(_ object: JSONObject, path: String) throws(SchemaError) -> [String]
    {
        guard let aliases = object["aliases"] else { return [] }
        let names = aliases.array?.compactMap(\.string) ?? []
        guard names.count == aliases.array?.count else {
            throw SchemaError("\"aliases\" must be a list of names", at: path)
        }
        return names
    }

    private func enumeration(_ object: JSONObject, path: String) throws(SchemaError)
        -> AvroNamedType.Kind
    {
        let symbols = object["symbols"]?.array?.compactMap(\.string) ?? []
        guard let given = object["symbols"]?.array, given.count == symbols.count else {
            throw SchemaError("an enum needs \"symbols\", a list of names", at: path)
        }
        var seen: Set<String> = []
        for symbol in symbols {
            guard isName(symbol, allowsDots: false) else {
                throw SchemaError("the symbol \"\(symbol)\" is no name", at: path)
            }
            guard seen.insert(symbol).inserted else {
                throw SchemaError("the symbol \"\(symbol)\" is there twice", at: path)
            }
        }
        let defaultSymbol = object["default"]?.string
        if object["default"] != nil {
            guard let defaultSymbol, seen.contains(defaultSymbol) else {
                throw SchemaError("the default is none of the symbols", at: path)
            }
        }
        return .enumeration(symbols: symbols, defaultSymbol: defaultSymbol)
    }

    private mutating func fields(
        _ object: JSONObject, namespace: String, path: String, depth: Int
    ) throws(SchemaError) -> [AvroField] {
        guard let values = object["fields"]?.array else {
            throw SchemaError("a record needs \"fields\"", at: path)
        }
        var fields: [AvroField] = []
        var seen: Set<String> = []
        for value in values {
            guard let member = value.object, let name = member["name"]?.string,
                isName(name, allowsDots: false)
            else {
                throw SchemaError("a field needs a \"name\" of letters, digits and _", at: path)
            }
            let here = "\(path).\(name)"
            guard seen.insert(name).inserted else {
                throw SchemaError("the field is there twice", at: here)
            }
            guard let typeValue = member["type"] else {
                throw SchemaError("has no \"type\"", at: here)
            }
            let type = try type(typeValue, namespace: namespace, path: here, depth: depth + 1)
            let order = member["order"]?.string
            guard order == nil || ["ascending", "descending", "ignore"].contains(order) else {
                throw SchemaError("has an unknown \"order\"", at: here)
            }
            fields.append(
                AvroField(
                    name: name, type: type, defaultValue: member["default"],
                    doc: member["doc"]?.string, order: order,
                    aliases: try Self.aliases(member, path: here),
                    attributes: Self.rest(
                        of: member,
                        but: ["name", "type", "default", "doc", "order", "aliases"])))
        }
        return fields
    }
}
