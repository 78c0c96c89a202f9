// Values as JSON and back, in the form of Cassandra's own SELECT JSON.

package import CQLProtocol
package import MillraceBase

/// Source of the form: Cassandra's doc/cql, "JSON encoding of Cassandra data types".
package enum CQLValueJSON {
    package static func json(_ value: CQLValue, as type: CQLType) -> JSONValue {
        let type = type.withoutOuterFrozen
        switch (value, type) {
        case (.null, _), (.unset, _): return .null
        case (.boolean(let value), _): return .bool(value)
        case (.bigint, _), (.counter, _), (.int, _), (.smallint, _), (.tinyint, _), (.varint, _):
            return .number(value.description)
        case (.decimal(let value), _):
            // An exponent of BigDecimal's form is one of JSON's too.
            return .number(value.description)
        case (.double(let number), _):
            return number.isFinite ? .number(String(number)) : .string(value.description)
        case (.float(let number), _):
            return number.isFinite ? .number(String(number)) : .string(value.description)
        case (.list(let values), .list(let element)), (.set(let values), .set(let element)),
            (.vector(let values), .vector(let element, _)):
            return .array(values.map { json($0, as: element) })
        case (.map(let entries), .map(let key, let element)):
            return .object(
                JSONObject(
                    entries.map { (name($0.key, key), json($0.value, as: element)) }))
        case (.tuple(let values), .tuple(let parts)):
            return .array(zip(values, parts).map { json($0, as: $1) })
        case (.udt(let values), .udt(let user)):
            return .object(
                JSONObject(zip(user.fields, values).map { ($0.name, json($1, as: $0.type)) }))
        default: return .string(value.description)
        }
    }

    /// A key of a map is text in JSON: a text itself, anything else its own JSON.
    private static func name(_ key: CQLValue, _ type: CQLType) -> String {
        let json = json(key, as: type)
        return json.string ?? json.text
    }

    /// - Throws: what does not fit, without the value.
    package static func value(
        _ json: JSONValue, as type: CQLType
    ) throws(CQLEncodingError) -> CQLValue {
        let type = type.withoutOuterFrozen
        if json.isNull { return .null }
        switch type {
        case .list(let element): return .list(try values(json, element, type))
        case .set(let element): return .set(try values(json, element, type))
        case .vector(let element, _): return .vector(try values(json, element, type))
        case .tuple(let parts):
            guard let items = json.array, items.count <= parts.count else {
                throw CQLEncodingError(type, "is no array of its parts")
            }
            var values: [CQLValue] = []
            for (item, part) in zip(items, parts) { values.append(try value(item, as: part)) }
            return .tuple(values)
        case .map(let key, let element):
            guard let object = json.object else { throw CQLEncodingError(type, "is no object") }
            var entries: [CQLValue.MapEntry] = []
            for member in object.members {
                entries.append(
                    .init(try self.key(member.name, key), try value(member.value, as: element)))
            }
            return .map(entries)
        case .udt(let user):
            guard let object = json.object else { throw CQLEncodingError(type, "is no object") }
            for member in object.members
            where !user.fields.contains(where: { $0.name == member.name }) {
                throw CQLEncodingError(type, "has a field that its type has not")
            }
            var values: [CQLValue] = []
            for field in user.fields {
                values.append(try value(object[field.name] ?? .null, as: field.type))
            }
            return .udt(values)
        default: return try scalar(json, type)
        }
    }

    private static func values(
        _ json: JSONValue, _ element: CQLType, _ type: CQLType
    ) throws(CQLEncodingError) -> [CQLValue] {
        guard let items = json.array else { throw CQLEncodingError(type, "is no array") }
        var values: [CQLValue] = []
        for item in items { values.append(try value(item, as: element)) }
        return values
    }

    private static func key(_ text: String, _ type: CQLType) throws(CQLEncodingError) -> CQLValue {
        switch type.withoutOuterFrozen {
        case .list, .set, .map, .tuple, .udt, .vector:
            guard let json = try? JSONValue(parsing: text) else {
                throw CQLEncodingError(type, "is a key that is no JSON")
            }
            return try value(json, as: type)
        default: return try CQLValueText.scalar(text, as: type.withoutOuterFrozen)
        }
    }

    private static func scalar(
        _ json: JSONValue, _ type: CQLType
    ) throws(CQLEncodingError) -> CQLValue {
        switch json {
        case .string(let text): return try CQLValueText.scalar(text, as: type)
        case .bool(let value):
            guard type == .boolean else { throw CQLEncodingError(type, "is a boolean") }
            return .boolean(value)
        case .number(let text):
            guard type != .text, type != .ascii, type != .boolean else {
                throw CQLEncodingError(type, "is a number")
            }
            return try CQLValueText.scalar(text, as: type)
        case .null: return .null
        case .array: throw CQLEncodingError(type, "is an array")
        case .object: throw CQLEncodingError(type, "is an object")
        }
    }
}
