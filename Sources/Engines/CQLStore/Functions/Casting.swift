// CAST (a AS type). Source: Cassandra's CastFcts, whose numbers convert as Java's do.

import CQLProtocol
import MillraceBase

enum Casting {
    /// The types that may be cast to a type; empty when there is no such cast at all.
    private static func sources(of target: CQLType) -> [CQLType] {
        switch target {
        case .tinyint, .smallint, .int, .bigint, .float, .double, .decimal, .varint:
            Arithmetic.numericTypes.filter { $0 != target }
        case .text:
            Arithmetic.numericTypes + [
                .ascii, .inet, .boolean, .timeuuid, .timestamp, .date, .time, .uuid,
            ]
        case .ascii:
            Arithmetic.numericTypes + [
                .inet, .boolean, .timeuuid, .timestamp, .date, .time, .uuid,
            ]
        case .timestamp: [.timeuuid, .date]
        case .date: [.timeuuid, .timestamp]
        default: []
        }
    }

    static func find(
        _ argument: FunctionArgument, to target: CQLType
    ) throws(StatementError) -> ScalarFunction {
        let name =
            "castAs" + target.description.prefix(1).uppercased()
            + target.description.dropFirst()
        let candidates = functions(to: target, name)
        let request = FunctionRequest(CQLName(keyspace: "system", name), [argument])
        guard !candidates.isEmpty else {
            throw .invalid("\(argument.text) cannot be cast to \(target)")
        }
        return try FunctionResolver.choose(candidates, request)
    }

    private static func functions(to target: CQLType, _ name: String) -> [ScalarFunction] {
        sources(of: target).map { source in
            ScalarFunction(name: name, parameters: [source], result: target) {
                (arguments, _) throws(StatementError) in
                guard let bytes = arguments[0] else { return nil }
                return try cast(bytes, from: source, to: target)
            }
        }
    }

    /// `cast_as_int(v)` and, in quotes, `"castAsInt"(v)`: the functions behind CAST have names too.
    static let named: [ScalarFunction] = CQLType.simpleTypes.filter { $0.key != "varchar" }
        .flatMap { name, type in
            functions(to: type, "cast_as_" + name)
                + functions(to: type, "castAs" + name.prefix(1).uppercased() + name.dropFirst())
        }

    static func isNamed(_ function: String) -> Bool {
        function.hasPrefix("cast_as_") || function.hasPrefix("castAs")
    }

    static func isNumber(_ type: CQLType) -> Bool { Arithmetic.numericTypes.contains(type) }

    static func cast(
        _ bytes: [UInt8], from: CQLType, to: CQLType
    ) throws(StatementError) -> [UInt8]? {
        if from == to || (bytes.isEmpty && to != .text && to != .ascii) { return bytes }
        switch to {
        case .text, .ascii: return Array(text(bytes, from).utf8)
        case .timestamp: return TimeParts.milliseconds(bytes, of: from)?.bigBytes
        case .date: return TimeParts.milliseconds(bytes, of: from).map(TimeParts.date)
        case .float:
            let value = Arithmetic.double(bytes, from)
            return (from == .decimal ? Float(text(bytes, from)) ?? Float(value) : Float(value))
                .bitPattern.bigBytes
        case .double: return Arithmetic.double(bytes, from).bitPattern.bigBytes
        case .decimal: return try decimal(bytes, from)
        case .varint: return CQLVarint(long(bytes, from)).bytes
        case .bigint: return long(bytes, from).bigBytes
        default: return narrow(bytes, from, to)
        }
    }

    private static func decimal(
        _ bytes: [UInt8], _ from: CQLType
    ) throws(StatementError) -> [UInt8]? {
        switch from {
        case .float, .double:
            // As the text of the double: 5.2 as a float gives 5.199999809265137.
            let text = JavaNumberText.text(Arithmetic.double(bytes, from))
            guard let value = CQLDecimal(text) else {
                throw .functionFailed(
                    keyspace: "system", function: "castAsDecimal", arguments: ["\(from)"],
                    "\(text) is no decimal number")
            }
            return Arithmetic.encoded(value)
        case .varint:
            return Arithmetic.encoded(CQLDecimal(unscaled: CQLVarint(bytes: bytes), scale: 0))
        default:
            return Arithmetic.encoded(
                CQLDecimal(unscaled: CQLVarint(Arithmetic.int64(bytes)), scale: 0))
        }
    }

    /// As Java's `longValue`: reals are kept within bounds, long numbers lose their high bits.
    private static func long(_ bytes: [UInt8], _ from: CQLType) -> Int64 {
        switch from {
        case .float, .double: saturated(Arithmetic.double(bytes, from))
        case .decimal: lowBits(of: wholePart(bytes))
        case .varint: lowBits(of: CQLVarint(bytes: bytes))
        default: Arithmetic.int64(bytes)
        }
    }

    /// To 32 bits or fewer: reals are kept within 32 bits first.
    private static func narrow(_ bytes: [UInt8], _ from: CQLType, _ to: CQLType) -> [UInt8] {
        let value = long(bytes, from)
        guard from == .float || from == .double else { return integer(value, to) }
        return integer(Int64(Int32(clamping: value)), to)
    }

    private static func saturated(_ value: Double) -> Int64 {
        if value.isNaN { return 0 }
        if value >= 0x1p63 { return .max }
        return value <= -0x1p63 ? .min : Int64(value)
    }

    /// A real as Java narrows it to a type of whole numbers.
    static func integer(ofReal value: Double, _ type: CQLType) -> [UInt8] {
        let whole = saturated(value)
        return type == .bigint || type == .counter
            ? whole.bigBytes : integer(Int64(Int32(clamping: whole)), type)
    }

    /// The low bits as a type of whole numbers.
    static func integer(_ value: Int64, _ type: CQLType) -> [UInt8] {
        switch type {
        case .tinyint: Int8(truncatingIfNeeded: value).bigBytes
        case .smallint: Int16(truncatingIfNeeded: value).bigBytes
        case .int: Int32(truncatingIfNeeded: value).bigBytes
        default: value.bigBytes
        }
    }

    private static func wholePart(_ bytes: [UInt8]) -> CQLVarint {
        guard bytes.count > 4 else { return .zero }
        let value = CQLDecimal(
            unscaled: CQLVarint(bytes: bytes[4...]), scale: bytes.withUnsafeBytes { $0.big() })
        // 10^64 and more is a multiple of 2^64.
        if value.scale <= -64 { return .zero }
        return value.whole ?? .zero
    }

    private static func lowBits(of value: CQLVarint) -> Int64 {
        value.bytes.suffix(8).reduce(value.isNegative ? -1 : 0) { $0 << 8 | Int64($1) }
    }

    static func value(_ bytes: [UInt8], _ type: CQLType) -> CQLValue? {
        try? CQLValue.decode(bytes, as: type)
    }

    /// A value of a simple type as CAST writes it.
    static func text(_ bytes: [UInt8], _ type: CQLType) -> String {
        switch value(bytes, type) {
        case .ascii(let text), .text(let text): text
        case .bigint(let value), .counter(let value): String(value)
        case .int(let value): String(value)
        case .smallint(let value): String(value)
        case .tinyint(let value): String(value)
        case .boolean(let value): String(value)
        case .float(let value): JavaNumberText.text(value)
        case .double(let value): JavaNumberText.text(value)
        case .varint(let value): value.description
        case .decimal(let value): JavaNumberText.text(value)
        case .uuid(let value), .timeuuid(let value): value.description
        case .inet(let value): JSONValues.javaText(value)
        case .duration(let value): value.description
        case .date(let days): CivilTime.dateText(days: Int(days))
        case .time(let value): CivilTime.timeText(nanoseconds: value)
        case .timestamp(let value): CivilTime.timestampText(milliseconds: value)
        case .empty: ""
        default: "0x" + bytes.hexText
        }
    }
}
