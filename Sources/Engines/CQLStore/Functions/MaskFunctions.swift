// The masks of Cassandra 5: functions that hide a value, or most of it.
// Source: https://cassandra.apache.org/doc/5.0/cassandra/developing/cql/dynamic-data-masking.html

import CHash
import CQLProtocol
import Crypto

enum MaskFunctions {
    static let families: [String: FunctionFamily] = [
        "mask_null": { request throws(StatementError) in
            let type = try firstType(request, 1...1)
            return [function(request, [type], type) { _, _ in nil }]
        },
        "mask_default": { request throws(StatementError) in
            let type = try firstType(request, 1...1)
            let value = standard(of: type)
            return [function(request, [type], type) { _, _ in value }]
        },
        "mask_replace": { request throws(StatementError) in
            let type = try firstType(request, 2...2)
            return [function(request, [type, type], type) { arguments, _ in arguments[1] }]
        },
        "mask_inner": { request throws(StatementError) in try partial(request, isInner: true) },
        "mask_outer": { request throws(StatementError) in try partial(request, isInner: false) },
        "mask_hash": { request throws(StatementError) in try hash(request) },
    ]

    private static func function(
        _ request: FunctionRequest, _ parameters: [CQLType], _ result: CQLType,
        _ call:
            @escaping @Sendable ([[UInt8]?], EvaluationContext) throws(StatementError) -> [UInt8]?
    ) -> ScalarFunction {
        ScalarFunction(
            name: request.name.name, parameters: parameters, result: result, call: call)
    }

    /// The type of the value that is masked; the other arguments follow from it.
    private static func firstType(
        _ request: FunctionRequest, _ counts: ClosedRange<Int>
    ) throws(StatementError) -> CQLType {
        guard counts.contains(request.arguments.count) else {
            throw .invalid(
                "Invalid number of arguments for function \(signature(request.name.name))")
        }
        guard let type = request.arguments[0].shape.compatibleType ?? request.receiver else {
            throw .invalid(
                "Cannot infer type of argument \(request.arguments[0].text) in call to function "
                    + "\(signature(request.name.name)): use type casts to disambiguate")
        }
        return type
    }

    private static let text = "[text|varchar|ascii]"

    /// As messages show it.
    private static func signature(_ name: String) -> String {
        let parameters =
            switch name {
            case "mask_inner", "mask_outer": "\(text), int, int, [text]"
            case "mask_replace": "any, any"
            case "mask_hash": "any, [text]"
            default: "any"
            }
        return "system.\(name)(\(parameters))"
    }

    /// The arguments behind the value, whose types are fixed.
    private static func check(
        _ request: FunctionRequest, _ parameters: [CQLType]
    ) throws(StatementError) {
        for (argument, type) in zip(request.arguments.dropFirst(), parameters) {
            guard let given = argument.shape.compatibleType,
                ArgumentShape.typed(given).fit(type) == .none
            else { continue }
            throw .invalid(
                "Function system.\(request.name.name) requires an argument of type \(type), but "
                    + "found argument \(argument.text) of type \(given)")
        }
    }

    // MARK: Parts of a text

    private static func partial(
        _ request: FunctionRequest, isInner: Bool
    ) throws(StatementError) -> [ScalarFunction] {
        let type = try firstType(request, 3...4)
        guard type == .text || type == .ascii else {
            throw .invalid(
                "Function system.\(request.name.name) requires an argument of type \(text), but "
                    + "found argument \(request.arguments[0].text) of type \(type)")
        }
        try check(request, [.int, .int, .text])
        let name = "system.\(request.name.name)"
        let parameters: [CQLType] =
            request.arguments.count == 4 ? [type, .int, .int, .text] : [type, .int, .int]
        return [
            function(request, parameters, type) { arguments, _ throws(StatementError) in
                guard let value = arguments[0] else { return nil }
                func count(_ index: Int) -> Int {
                    guard let bytes = arguments[index], bytes.count == 4 else { return 0 }
                    return Int(bytes.withUnsafeBytes { $0.big(as: Int32.self) })
                }
                var padding: UInt16 = 0x2A
                if arguments.count == 4, let given = arguments[3] {
                    let units = Array(String(decoding: given, as: UTF8.self).utf16)
                    guard units.count == 1 else {
                        throw .invalid(
                            "The padding argument for function \(name) should be single-character, "
                                + "but '\(String(decoding: given, as: UTF8.self))' has "
                                + "\(units.count) characters.")
                    }
                    padding = units[0]
                }
                // Java counts a text in units of 16 bits.
                var units = Array(String(decoding: value, as: UTF8.self).utf16)
                let (begin, end) = (count(1), units.count - 1 - count(2))
                for place in units.indices {
                    let isInside = place >= begin && place <= end
                    if isInside == isInner { units[place] = padding }
                }
                return Array(String(decoding: units, as: UTF16.self).utf8)
            }
        ]
    }

    // MARK: Hashes

    private static func hash(
        _ request: FunctionRequest
    ) throws(StatementError) -> [ScalarFunction] {
        let type = try firstType(request, 1...2)
        try check(request, [.text])
        let parameters = request.arguments.count == 2 ? [type, .text] : [type]
        return [
            function(request, parameters, .blob) { arguments, _ throws(StatementError) in
                var algorithm = "SHA-256"
                if arguments.count == 2, let given = arguments[1] {
                    algorithm = String(decoding: given, as: UTF8.self)
                }
                let digest = try digest(algorithm)
                return arguments[0].map(digest)
            }
        ]
    }

    private static func digest(
        _ name: String
    ) throws(StatementError) -> ([UInt8]) -> [UInt8] {
        switch name.uppercased() {
        case "MD5": return { Digests.md5($0) }
        case "SHA", "SHA-1", "SHA1":
            return { bytes in
                var out = [UInt8](repeating: 0, count: 20)
                chash_sha1(bytes, bytes.count, &out)
                return out
            }
        case "SHA-256": return { Array(SHA256.hash(data: $0)) }
        case "SHA-384": return { Array(SHA384.hash(data: $0)) }
        case "SHA-512": return { Array(SHA512.hash(data: $0)) }
        default: throw .invalid("Hash algorithm not found: \(name)")
        }
    }

    // MARK: Standard values

    /// What `mask_default` shows of any value of a type; no bytes for a type, as one with long
    /// vectors, whose values are too long to make one up.
    private static func standard(of type: CQLType) -> [UInt8] {
        guard standardBytes(of: type) <= StoreLimits.maskBytesMax else { return [] }
        var out = RawBytes()
        appendStandard(of: type, to: &out)
        return out.array
    }

    /// How long that would be; `Int.max` for what cannot be counted.
    private static func standardBytes(of type: CQLType) -> Int {
        switch type {
        case .vector(let element, let dimensions):
            let part = standardBytes(of: element)
            let one = sum(part, element.fixedBytes == nil ? 9 : 0)
            let (all, isOver) = one.multipliedReportingOverflow(by: dimensions)
            return isOver ? .max : all
        case .tuple(let parts): return parts.reduce(0) { sum($0, sum(4, standardBytes(of: $1))) }
        case .udt(let user):
            return user.fields.reduce(0) { sum($0, sum(4, standardBytes(of: $1.type))) }
        case .frozen(let inner): return standardBytes(of: inner)
        case .ascii, .bigint, .blob, .boolean, .counter, .custom, .date, .decimal, .double,
            .duration,
            .float, .inet, .int, .list, .map, .set, .smallint, .text, .time, .timestamp, .timeuuid,
            .tinyint, .uuid, .varint:
            return plainStandard(of: type).count
        }
    }

    private static func sum(_ first: Int, _ second: Int) -> Int {
        let (all, isOver) = first.addingReportingOverflow(second)
        return isOver ? .max : all
    }

    private static func appendStandard(of type: CQLType, to out: inout RawBytes) {
        switch type {
        case .frozen(let inner): appendStandard(of: inner, to: &out)
        case .tuple(let parts): appendFields(parts, to: &out)
        case .udt(let user): appendFields(user.fields.map(\.type), to: &out)
        case .vector(let element, let dimensions):
            var part = RawBytes()
            appendStandard(of: element, to: &part)
            for _ in 0..<dimensions {
                if element.fixedBytes == nil { out.appendVint(UInt64(part.count)) }
                out.append(part.bytes)
            }
        case .ascii, .bigint, .blob, .boolean, .counter, .custom, .date, .decimal, .double,
            .duration,
            .float, .inet, .int, .list, .map, .set, .smallint, .text, .time, .timestamp, .timeuuid,
            .tinyint, .uuid, .varint:
            out.append(plainStandard(of: type))
        }
    }

    private static func appendFields(_ parts: [CQLType], to out: inout RawBytes) {
        for type in parts {
            var part = RawBytes()
            appendStandard(of: type, to: &part)
            out.appendBig(Int32(part.count))
            out.append(part.bytes)
        }
    }

    /// Of a type without parts of its own.
    private static func plainStandard(of type: CQLType) -> [UInt8] {
        switch type {
        case .text, .ascii: return Array("****".utf8)
        case .blob, .custom: return []
        case .boolean, .tinyint, .varint: return [0]
        case .smallint: return [0, 0]
        case .int, .float, .inet: return [0, 0, 0, 0]
        case .date: return [0x80, 0, 0, 0]
        case .bigint, .counter, .double, .timestamp, .time: return [UInt8](repeating: 0, count: 8)
        case .decimal: return [0, 0, 0, 0, 0]
        case .duration: return [0, 0, 0]
        case .uuid: return [UInt8](repeating: 0, count: 16)
        case .timeuuid:
            var bytes = [UInt8](repeating: 0, count: 16)
            (bytes[6], bytes[8]) = (0x10, 0x80)
            return bytes
        case .list, .set, .map: return Int32(0).bigBytes
        case .frozen, .tuple, .udt, .vector: return []
        }
    }
}
