// Values of CQL as JSON. Source: `toJSONString` of each of Cassandra's types.

import CQLProtocol
import MillraceBase

enum JSONValues {
    /// The JSON of a value; `null` for `nil`.
    static func text(_ bytes: [UInt8]?, _ type: CQLType) -> String {
        var out = ""
        guard let bytes else { return "null" }
        bytes.withUnsafeBytes { append($0, type, to: &out) }
        return out
    }

    /// Appends the JSON of a value.
    static func append(
        _ bytes: UnsafeRawBufferPointer?, _ type: CQLType, to out: inout String
    ) {
        guard let bytes else {
            out += "null"
            return
        }
        switch type.withoutOuterFrozen {
        case .list(let element), .set(let element):
            appendList(CollectionBytes.elements(bytes), element, to: &out)
        case .vector(let element, _):
            appendList(CollectionBytes.vectorElements(bytes, element), element, to: &out)
        case .map(let key, let value):
            appendMap(CollectionBytes.mapParts(bytes), key, value, to: &out)
        case .tuple(let types):
            let parts = CollectionBytes.fields(bytes)
            out += "["
            for (index, type) in types.enumerated() {
                if index > 0 { out += ", " }
                append(index < parts.count ? parts[index] : nil, type, to: &out)
            }
            out += "]"
        case .udt(let user):
            let parts = CollectionBytes.fields(bytes)
            out += "{"
            for (index, field) in user.fields.enumerated() {
                if index > 0 { out += ", " }
                out += "\"" + escaped(memberName(field.name)) + "\": "
                append(index < parts.count ? parts[index] : nil, field.type, to: &out)
            }
            out += "}"
        default: appendSimple(bytes, type.withoutOuterFrozen, to: &out)
        }
    }

    private static func appendList(
        _ parts: [UnsafeRawBufferPointer?], _ element: CQLType, to out: inout String
    ) {
        out += "["
        for (index, part) in parts.enumerated() {
            if index > 0 { out += ", " }
            append(part, element, to: &out)
        }
        out += "]"
    }

    private static func appendMap(
        _ parts: [UnsafeRawBufferPointer?], _ key: CQLType, _ value: CQLType,
        to out: inout String
    ) {
        out += "{"
        for index in stride(from: 0, to: parts.count - 1, by: 2) {
            if index > 0 { out += ", " }
            var name = ""
            append(parts[index], key, to: &name)
            out += name.hasPrefix("\"") ? name : "\"" + escaped(name) + "\""
            out += ": "
            append(parts[index + 1], value, to: &out)
        }
        out += "}"
    }

    private static func appendSimple(
        _ bytes: UnsafeRawBufferPointer, _ type: CQLType, to out: inout String
    ) {
        let value = (try? CQLValue.decode(bytes, as: type)) ?? .blob(Array(bytes))
        switch value {
        case .int, .bigint, .smallint, .tinyint, .varint, .counter, .boolean, .decimal:
            out += value.description
        case .float(let number):
            out += number.isFinite ? JavaNumberText.text(number) : "null"
        case .double(let number):
            out += number.isFinite ? JavaNumberText.text(number) : "null"
        case .ascii(let text), .text(let text): out += "\"" + escaped(text) + "\""
        case .blob(let bytes), .custom(let bytes): out += "\"0x" + bytes.hexText + "\""
        case .date(let days): out += "\"" + CivilTime.dateText(days: Int(days)) + "\""
        case .time(let nanoseconds):
            out += "\"" + CivilTime.timeText(nanoseconds: nanoseconds) + "\""
        case .timestamp(let milliseconds):
            let text = CivilTime.timestampText(milliseconds: milliseconds)
            out += "\"" + text.split(separator: "T").joined(separator: " ") + "\""
        case .inet(let address): out += "\"" + javaText(address) + "\""
        case .empty: out += "\"\""
        case .uuid, .timeuuid, .duration, .null, .unset, .list, .set, .map, .tuple, .udt, .vector:
            out += "\"" + value.description + "\""
        }
    }

    /// As Java writes addresses: nothing is left out of an IPv6 one.
    static func javaText(_ address: CQLInet) -> String {
        guard address.bytes.count == 16 else { return address.description }
        return stride(from: 0, to: 16, by: 2).map {
            String(UInt16(address.bytes[$0]) << 8 | UInt16(address.bytes[$0 + 1]), radix: 16)
        }.joined(separator: ":")
    }

    /// How a column or field is called: in quotes of its own unless it is lower case.
    static func memberName(_ name: String) -> String {
        name == name.lowercased() ? name : "\"" + name + "\""
    }

    /// Escapes as Jackson's `JsonStringEncoder` does; without the quotes around.
    static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) else {
            return text
        }
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\u{8}": out += "\\b"
            case "\t": out += "\\t"
            case "\n": out += "\\n"
            case "\u{C}": out += "\\f"
            case "\r": out += "\\r"
            default:
                if scalar.value < 0x20 {
                    out +=
                        "\\u00" + (scalar.value < 0x10 ? "0" : "")
                        + String(scalar.value, radix: 16).uppercased()
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out
    }

    // MARK: Functions

    /// `to_json` of a value of that type.
    static func toJSON(_ name: String, _ type: CQLType) -> ScalarFunction {
        ScalarFunction(name: name, parameters: [type], result: .text) { arguments, _ in
            Array(text(arguments[0], type).utf8)
        }
    }

    /// `from_json` where that type is wanted.
    static func fromJSON(_ name: String, _ type: CQLType) -> ScalarFunction {
        ScalarFunction(name: name, parameters: [.text], result: type) {
            (arguments, context) throws(StatementError) in
            guard let bytes = arguments[0] else { return nil }
            let text = String(decoding: bytes, as: UTF8.self)
            func failed(_ why: String) -> StatementError {
                .functionFailed(
                    keyspace: "system", function: name, arguments: ["text"], why)
            }
            let json: JSONValue
            do {
                json = try JSONDocument.first(text)
            } catch {
                throw failed("Could not decode JSON string '\(text)': \(error)")
            }
            do throws(JSONMismatch) {
                return try JSONReader(now: context.nowMilliseconds).bytes(json, type)
            } catch {
                if error.isWholeAnswer { throw .invalid(error.why) }
                throw failed("execution of 'system.\(name)[text]' failed: \(error.why)")
            }
        }
    }
}
