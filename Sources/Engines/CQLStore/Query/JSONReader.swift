// JSON as values of CQL. Source: `fromJSONObject` of each of Cassandra's types, whose messages these
// are; Java's names of classes in them say what was found.

import CQLProtocol
import MillraceBase

/// Why a JSON value is none of the type that is wanted.
struct JSONMismatch: Error {
    var why: String
    /// Durations are read by what refuses them in CQL: its error is the whole answer.
    var isWholeAnswer = false
}

struct JSONReader {
    /// Milliseconds since 1970, for the timestamp 'now'.
    var now: Int64

    /// - Returns: the value's bytes; `nil` for null.
    func bytes(_ json: JSONValue, _ type: CQLType) throws(JSONMismatch) -> [UInt8]? {
        if json.isNull { return nil }
        switch type.withoutOuterFrozen {
        case .list(let element):
            let items = try items(json, "a list")
            return CollectionBuilder.bytes(
                of: try parts(items, element, "Invalid null element in list"), type: type)
        case .set(let element):
            let items = try items(json, "a list (representing a set)")
            return CollectionBuilder.bytes(
                of: try parts(items, element, "Invalid null element in set"), type: type)
        case .map(let key, let value): return try map(json, key, value, type)
        case .vector(let element, let dimensions):
            let items = try items(json, "a list")
            guard items.count == dimensions else {
                throw JSONMismatch(
                    why: "List had incorrect size: expected \(dimensions) but given "
                        + "\(items.count); \(Self.shown(.array(items)))")
            }
            return CollectionBuilder.vector(
                of: try parts(items, element, "Invalid null element in list"), element)
        case .tuple(let types): return try tuple(json, types)
        case .udt(let user): return try fields(json, user)
        default: return try simple(json, type.withoutOuterFrozen)
        }
    }

    // MARK: Nested

    /// A text may hold the JSON of a nested value: as keys of maps must.
    private func decoded(_ json: JSONValue) throws(JSONMismatch) -> JSONValue {
        guard case .string(let text) = json else { return json }
        do {
            return try JSONValue(parsing: text)
        } catch {
            throw JSONMismatch(why: "Error decoding JSON string: \(error)")
        }
    }

    private func items(
        _ json: JSONValue, _ what: String
    ) throws(JSONMismatch) -> [JSONValue] {
        let json = try decoded(json)
        guard case .array(let items) = json else { throw Self.expected(what, json) }
        return items
    }

    private func parts(
        _ items: [JSONValue], _ type: CQLType, _ null: String
    ) throws(JSONMismatch) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        for item in items {
            guard let bytes = try bytes(item, type) else { throw JSONMismatch(why: null) }
            parts.append(bytes)
        }
        return parts
    }

    private func map(
        _ json: JSONValue, _ key: CQLType, _ value: CQLType, _ type: CQLType
    ) throws(JSONMismatch) -> [UInt8] {
        let json = try decoded(json)
        guard case .object(let object) = json else { throw Self.expected("a map", json) }
        var parts: [[UInt8]] = []
        for member in object.members {
            guard let keyBytes = try bytes(.string(member.name), key) else {
                throw JSONMismatch(why: "Invalid null key in map")
            }
            guard let valueBytes = try bytes(member.value, value) else {
                throw JSONMismatch(why: "Invalid null value in map")
            }
            parts += [keyBytes, valueBytes]
        }
        return CollectionBuilder.bytes(of: parts, type: type)
    }

    private func tuple(
        _ json: JSONValue, _ types: [CQLType]
    ) throws(JSONMismatch) -> [UInt8] {
        let json = try decoded(json)
        guard case .array(let items) = json else {
            throw Self.expected("a list representation of a tuple", json)
        }
        guard items.count <= types.count else {
            throw JSONMismatch(
                why: "Tuple contains extra items (expected \(types.count)): \(Self.shown(json))")
        }
        guard items.count == types.count else {
            throw JSONMismatch(
                why: "Tuple is missing items (expected \(types.count)): \(Self.shown(json))")
        }
        var parts: [[UInt8]?] = []
        for (item, type) in zip(items, types) { parts.append(try bytes(item, type)) }
        return CollectionBuilder.fields(of: parts)
    }

    private func fields(
        _ json: JSONValue, _ user: CQLUserType
    ) throws(JSONMismatch) -> [UInt8] {
        let json = try decoded(json)
        guard case .object(let object) = json else { throw Self.expected("a map", json) }
        let members = Self.named(object)
        for name in members.keys.sorted() where !user.fields.contains(where: { $0.name == name }) {
            throw JSONMismatch(
                why: "Unknown field '\(name)' in value of user defined type \(user.name)")
        }
        var parts: [[UInt8]?] = []
        for field in user.fields {
            let member = members[field.name] ?? .null
            parts.append(try bytes(member, field.type))
        }
        return CollectionBuilder.fields(of: parts)
    }

    /// Members by the names they mean: in lower case, unless they have quotes of their own.
    static func named(_ object: JSONObject) -> [String: JSONValue] {
        var out: [String: JSONValue] = [:]
        for member in object.members {
            let name = member.name
            let isQuoted = name.utf8.count >= 2 && name.hasPrefix("\"") && name.hasSuffix("\"")
            out[isQuoted ? String(name.dropFirst().dropLast()) : name.lowercased()] = member.value
        }
        return out
    }

    // MARK: Simple

    private func simple(_ json: JSONValue, _ type: CQLType) throws(JSONMismatch) -> [UInt8] {
        if case .string("") = json, let empty = Self.empty(type) { return empty }
        switch type {
        case .text, .ascii:
            guard case .string(let text) = json else {
                throw Self.expected(type == .text ? "a UTF-8 string" : "an ascii string", json)
            }
            return try constant(.string(text), type)
        case .int: return try whole(json, type, "an int")
        case .bigint, .counter: return try whole(json, .bigint, "a bigint")
        case .smallint: return try whole(json, type, "a short")
        case .tinyint: return try whole(json, type, "a byte")
        case .boolean: return try boolean(json)
        case .float, .double: return try floating(json, type)
        case .varint, .decimal: return try unbounded(json, type)
        case .timestamp:
            if case .number(let text) = json, let value = Int64(text) { return value.bigBytes }
            return try text(
                json, "a long or a datestring representation of a timestamp value", type)
        case .date: return try text(json, "a string representation of a date value", type)
        case .time: return try text(json, "a string representation of a time value", type)
        case .inet: return try text(json, "a string representation of an inet value", type)
        case .uuid, .timeuuid: return try uuid(json, type)
        case .duration:
            guard case .string(let text) = json else {
                throw Self.expected("a string representation of a duration", json)
            }
            do throws(JSONMismatch) {
                return try constant(.duration(text), type)
            } catch {
                throw JSONMismatch(why: error.why, isWholeAnswer: true)
            }
        default: return try blob(json)
        }
    }

    /// What an empty text is, of types that are no text themselves: mostly a value without bytes.
    private static func empty(_ type: CQLType) -> [UInt8]? {
        switch type {
        case .boolean: [0]
        case .int, .bigint, .counter, .smallint, .tinyint, .float, .double, .decimal, .uuid,
            .timeuuid, .duration:
            []
        default: nil
        }
    }

    private func constant(_ term: CQLTerm, _ type: CQLType) throws(JSONMismatch) -> [UInt8] {
        do throws(StatementError) {
            return try Literals.encode(term, as: type, receiver: "", now: now)
        } catch {
            throw JSONMismatch(why: error.message)
        }
    }

    private func text(
        _ json: JSONValue, _ what: String, _ type: CQLType
    ) throws(JSONMismatch) -> [UInt8] {
        guard case .string(let text) = json else { throw Self.expected(what, json) }
        return try constant(.string(text), type)
    }

    private func whole(
        _ json: JSONValue, _ type: CQLType, _ what: String
    ) throws(JSONMismatch) -> [UInt8] {
        switch json {
        case .string(let text): return try constant(.integer(text), type)
        case .number(let text) where CQLVarint(text) != nil:
            guard
                type == .smallint || type == .tinyint || Self.javaClass(json) == "Integer"
                    || (type == .bigint && Self.javaClass(json) == "Long")
            else { throw Self.expected(what + " value", json) }
            return try constant(.integer(text), type)
        case .number(let text) where type == .smallint || type == .tinyint:
            throw JSONMismatch(
                why: "Unable to make \(type == .smallint ? "short" : "byte") from '\(text)'")
        default: throw Self.expected(what + " value", json)
        }
    }

    private func boolean(_ json: JSONValue) throws(JSONMismatch) -> [UInt8] {
        switch json {
        case .bool(let value): return [value ? 1 : 0]
        case .string(let text):
            switch text.lowercased() {
            case "true": return [1]
            case "false", "": return [0]
            default: throw JSONMismatch(why: "Unable to make boolean from '\(text)'")
            }
        default: throw Self.expected("a boolean value", json)
        }
    }

    private func floating(_ json: JSONValue, _ type: CQLType) throws(JSONMismatch) -> [UInt8] {
        switch json {
        case .string(let text):
            // Java's numbers may have blanks around.
            let isBlank = { (byte: UInt8) in byte <= 0x20 }
            let body = text.utf8.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
            let trimmed = String(decoding: Array(body), as: UTF8.self)
            return try constant(.float(trimmed.isEmpty ? text : trimmed), type)
        case .number(let text): return try constant(.float(text), type)
        default: throw Self.expected(type == .float ? "a float value" : "a double value", json)
        }
    }

    private func unbounded(_ json: JSONValue, _ type: CQLType) throws(JSONMismatch) -> [UInt8] {
        let text: String
        switch json {
        case .string(let given), .number(let given): text = given
        default: text = Self.shown(json)
        }
        if type == .varint, let value = CQLVarint(text) { return value.bytes }
        if type == .decimal, let value = CQLDecimal(text) { return Arithmetic.encoded(value) }
        throw JSONMismatch(why: "Value '\(text)' is not a valid representation of a \(type) value")
    }

    private func uuid(_ json: JSONValue, _ type: CQLType) throws(JSONMismatch) -> [UInt8] {
        guard case .string(let text) = json else {
            throw Self.expected("a string representation of a \(type)", json)
        }
        guard CQLUUID(text) != nil else {
            throw JSONMismatch(why: "Unable to make UUID from '\(text)'")
        }
        return try constant(.uuid(text), type)
    }

    private func blob(_ json: JSONValue) throws(JSONMismatch) -> [UInt8] {
        let text = Self.shown(json)
        guard case .string = json, text.hasPrefix("0x") || text.hasPrefix("0X") else {
            throw JSONMismatch(
                why: "Value '\(text)' is not a valid blob representation: String representation of "
                    + "blob is missing 0x prefix")
        }
        guard let bytes = Literals.bytes(hex: String(text.dropFirst(2))) else {
            throw JSONMismatch(
                why: "Value '\(text)' is not a valid blob representation: An hex string "
                    + "representing bytes must have an even length")
        }
        return bytes
    }

    // MARK: Messages

    private static func expected(_ what: String, _ json: JSONValue) -> JSONMismatch {
        JSONMismatch(why: "Expected \(what), but got a \(javaClass(json)): \(shown(json))")
    }

    private static func javaClass(_ json: JSONValue) -> String {
        switch json {
        case .null: "null"
        case .bool: "Boolean"
        case .string: "String"
        case .array: "ArrayList"
        case .object: "LinkedHashMap"
        case .number(let text):
            Int32(text) != nil
                ? "Integer"
                : Int64(text) != nil ? "Long" : CQLVarint(text) != nil ? "BigInteger" : "Double"
        }
    }

    private static func shown(_ json: JSONValue) -> String {
        switch json {
        case .null: "null"
        case .bool(let value): String(value)
        case .number(let text):
            javaClass(json) == "Double"
                ? Double(text).map { JavaNumberText.text($0) } ?? text : text
        case .string(let text): text
        case .array(let items): "[" + items.map(shown).joined(separator: ", ") + "]"
        case .object(let object):
            "{" + object.members.map { "\($0.name)=\(shown($0.value))" }.joined(separator: ", ")
                + "}"
        }
    }
}
