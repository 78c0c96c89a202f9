// `+ - * / %` between values, as bytes of their types. Source: Cassandra's OperationFcts and the
// `add`, `substract`, … of its number types.

import CQLProtocol

/// Pure functions of two values. Used by terms (VALUES, SET, WHERE) and by selectors.
enum Arithmetic {
    /// The numbers, from the narrowest on; a counter counts as bigint.
    static let numericTypes: [CQLType] = [
        .tinyint, .smallint, .int, .bigint, .float, .double, .decimal, .varint, .counter,
    ]

    /// Operand types for which an operation exists, the numeric ones first.
    static func signatures(_ operation: CQLArithmetic) -> [(left: CQLType, right: CQLType)] {
        var all = numericTypes.flatMap { left in numericTypes.map { (left: left, right: $0) } }
        if operation == .add || operation == .subtract {
            all.append((.timestamp, .duration))
            all.append((.date, .duration))
        }
        return all
    }

    /// The type of the result; `nil` when these types have no such operation.
    static func resultType(
        _ left: CQLType, _ operation: CQLArithmetic, _ right: CQLType
    ) -> CQLType? {
        if right == .duration, operation == .add || operation == .subtract {
            return left == .timestamp || left == .date ? left : nil
        }
        guard let a = bytes(left), let b = bytes(right) else { return nil }
        let size = max(a, b)
        if isFloating(left) || isFloating(right) {
            return size <= 4 ? .float : size == 8 ? .double : .decimal
        }
        switch size {
        case 1: return .tinyint
        case 2: return .smallint
        case 4: return .int
        case 8: return .bigint
        default: return .varint
        }
    }

    /// - Returns: bytes of `resultType`; `nil` (null) when an operand is null or has no bytes.
    static func apply(
        _ left: [UInt8]?, _ leftType: CQLType, _ operation: CQLArithmetic, _ right: [UInt8]?,
        _ rightType: CQLType
    ) throws(StatementError) -> [UInt8]? {
        guard let result = resultType(leftType, operation, rightType) else {
            throw .invalid(
                "the '\(operation.rawValue)' operation is not supported between \(leftType) and "
                    + "\(rightType)")
        }
        guard let left, let right, !left.isEmpty, !right.isEmpty else { return nil }
        do throws(ArithmeticFailure) {
            return try compute(left, leftType, operation, right, rightType, result)
        } catch {
            throw .functionFailed(
                keyspace: "system", function: functionName(operation),
                arguments: [leftType.description, rightType.description],
                "the operation '\(leftType) \(operation.rawValue) \(rightType)' failed: "
                    + error.why)
        }
    }

    /// - Returns: the negative of a number, of the same type.
    static func negate(_ bytes: [UInt8]?, _ type: CQLType) throws(StatementError) -> [UInt8]? {
        guard numericTypes.contains(type) else {
            throw .invalid("the '-' operation is not supported on \(type)")
        }
        guard let bytes, !bytes.isEmpty else { return nil }
        switch type {
        case .float: return (-float(bytes)).bitPattern.bigBytes
        case .double: return (-double(bytes, .double)).bitPattern.bigBytes
        case .decimal:
            let value = decimalValue(bytes)
            return encoded(CQLDecimal(unscaled: -value.unscaled, scale: value.scale))
        case .varint: return (-CQLVarint(bytes: bytes)).bytes
        default: return integer(0 &- int64(bytes), type)
        }
    }

    static func functionName(_ operation: CQLArithmetic) -> String {
        switch operation {
        case .add: "_add"
        case .subtract: "_substract"
        case .multiply: "_multiply"
        case .divide: "_divide"
        case .remainder: "_modulo"
        }
    }

    // MARK: Sizes

    /// Bytes of a number; `Int.max` for those of any size.
    private static func bytes(_ type: CQLType) -> Int? {
        switch type {
        case .tinyint: 1
        case .smallint: 2
        case .int, .float: 4
        case .bigint, .counter, .double: 8
        case .varint, .decimal: .max
        default: nil
        }
    }

    private static func isFloating(_ type: CQLType) -> Bool {
        type == .float || type == .double || type == .decimal
    }
}

/// Why an operation failed, in Java's words.
private struct ArithmeticFailure: Error {
    var why: String

    static let integerByZero = ArithmeticFailure(why: "/ by zero")
    static let varintByZero = ArithmeticFailure(why: "BigInteger divide by zero")
    static let tooLong = ArithmeticFailure(why: "the result has too many digits")

    /// A quotient is that of whole numbers behind the scenes, and its message theirs.
    static func decimalByZero(_ left: CQLDecimal, _ operation: CQLArithmetic) -> Self {
        guard operation == .divide else {
            return Self(why: left.unscaled.isZero ? "Division undefined" : "Division by zero")
        }
        return left.unscaled.isZero ? integerByZero : varintByZero
    }
}

extension Arithmetic {
    private static func compute(
        _ left: [UInt8], _ leftType: CQLType, _ operation: CQLArithmetic, _ right: [UInt8],
        _ rightType: CQLType, _ result: CQLType
    ) throws(ArithmeticFailure) -> [UInt8] {
        switch result {
        case .tinyint, .smallint, .int, .bigint:
            return integer(try integers(int64(left), operation, int64(right)), result)
        case .float:
            return floats(real(left, leftType), operation, real(right, rightType)).bitPattern
                .bigBytes
        case .double:
            return floats(double(left, leftType), operation, double(right, rightType)).bitPattern
                .bigBytes
        case .varint:
            return try varints(varint(left, leftType), operation, varint(right, rightType)).bytes
        case .decimal:
            return try decimals(
                try decimal(left, leftType), operation, try decimal(right, rightType))
        case .timestamp, .date:
            return try moment(left, result, right, isNegative: operation == .subtract)
        default: throw .tooLong
        }
    }

    /// Wraps around, as Java's primitives do.
    private static func integers(
        _ a: Int64, _ operation: CQLArithmetic, _ b: Int64
    ) throws(ArithmeticFailure) -> Int64 {
        switch operation {
        case .add: return a &+ b
        case .subtract: return a &- b
        case .multiply: return a &* b
        case .divide:
            guard b != 0 else { throw .integerByZero }
            return a.dividedReportingOverflow(by: b).partialValue
        case .remainder:
            guard b != 0 else { throw .integerByZero }
            return b == -1 ? 0 : a % b
        }
    }

    private static func floats<Value: BinaryFloatingPoint>(
        _ a: Value, _ operation: CQLArithmetic, _ b: Value
    ) -> Value {
        switch operation {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .remainder: a.truncatingRemainder(dividingBy: b)
        }
    }

    private static func varints(
        _ a: CQLVarint, _ operation: CQLArithmetic, _ b: CQLVarint
    ) throws(ArithmeticFailure) -> CQLVarint {
        switch operation {
        case .add: return a + b
        case .subtract: return a - b
        case .multiply, .divide, .remainder:
            guard max(a.bytes.count, b.bytes.count) <= CQLLimits.arithmeticBytesMax else {
                throw .tooLong
            }
            if operation == .multiply { return a * b }
            guard let parts = a.quotientAndRemainder(dividingBy: b) else { throw .varintByZero }
            return operation == .divide ? parts.quotient : parts.remainder
        }
    }

    private static func decimals(
        _ a: CQLDecimal, _ operation: CQLArithmetic, _ b: CQLDecimal
    ) throws(ArithmeticFailure) -> [UInt8] {
        do throws(CQLArithmeticError) {
            switch operation {
            case .add: return encoded(try .adding(a, b))
            case .subtract: return encoded(try .subtracting(a, b))
            case .multiply: return encoded(try .multiplying(a, b))
            case .divide: return encoded(try .dividing(a, by: b))
            case .remainder: return encoded(try .remainder(a, b))
            }
        } catch {
            switch error {
            case .dividedByZero: throw .decimalByZero(a, operation)
            case .tooLong: throw .tooLong
            }
        }
    }

    // MARK: Times

    /// Months first, kept within the month's length; then days; then the rest.
    private static func moment(
        _ bytes: [UInt8], _ type: CQLType, _ span: [UInt8], isNegative: Bool
    ) throws(ArithmeticFailure) -> [UInt8] {
        guard case .duration(let duration)? = try? CQLValue.decode(span, as: .duration) else {
            throw ArithmeticFailure(why: "not a duration")
        }
        let sign: Int64 = isNegative ? -1 : 1
        let day: Int64 = 86_400_000
        guard type == .timestamp else {
            guard duration.nanoseconds % 86_400_000_000_000 == 0 else {
                throw ArithmeticFailure(
                    why: "The duration must have a day precision. Was: \(duration)")
            }
            let days = Int64(bytes.withUnsafeBytes { $0.big(as: UInt32.self) }) - 1 << 31
            let moved =
                added(months: sign * Int64(duration.months), toDays: days)
                + sign * (Int64(duration.days) + duration.nanoseconds / 86_400_000_000_000)
            guard let raw = UInt32(exactly: moved + 1 << 31) else { throw .tooLong }
            return raw.bigBytes
        }
        guard duration.nanoseconds % 1_000_000 == 0 else {
            throw ArithmeticFailure(
                why: "The duration must have a millisecond precision. Was: \(duration)")
        }
        let start = int64(bytes)
        let (dayOfStart, timeOfDay) = floored(start, by: day)
        let days =
            added(months: sign * Int64(duration.months), toDays: dayOfStart)
            + sign * Int64(duration.days)
        let (milliseconds, overflows) = days.multipliedReportingOverflow(by: day)
        let (result, overflowsToo) = milliseconds.addingReportingOverflow(
            timeOfDay + sign * (duration.nanoseconds / 1_000_000))
        guard !overflows, !overflowsToo else { throw .tooLong }
        return result.bigBytes
    }

    private static func floored(_ value: Int64, by size: Int64) -> (Int64, Int64) {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: size)
        return rest < 0 ? (quotient - 1, rest + size) : (quotient, rest)
    }

    private static func added(months: Int64, toDays days: Int64) -> Int64 {
        guard months != 0 else { return days }
        let (year, month, day) = CivilTime.civil(days: Int(days))
        let (newYear, index) = floored(Int64(year) * 12 + Int64(month - 1) + months, by: 12)
        let kept = min(day, CivilTime.daysIn(Int(index) + 1, Int(newYear)))
        return Int64(CivilTime.days(year: Int(newYear), month: Int(index) + 1, day: kept))
    }

    // MARK: Operands

    /// Of a type of whole numbers with up to 8 bytes.
    static func int64(_ bytes: [UInt8]) -> Int64 {
        bytes.reduce(bytes.first.map { $0 >= 0x80 ? -1 : 0 } ?? 0) { $0 << 8 | Int64($1) }
    }

    private static func integer(_ value: Int64, _ type: CQLType) -> [UInt8] {
        switch type {
        case .tinyint: Int8(truncatingIfNeeded: value).bigBytes
        case .smallint: Int16(truncatingIfNeeded: value).bigBytes
        case .int: Int32(truncatingIfNeeded: value).bigBytes
        default: value.bigBytes
        }
    }

    private static func float(_ bytes: [UInt8]) -> Float {
        Float(bitPattern: bytes.withUnsafeBytes { $0.count == 4 ? $0.big() : 0 })
    }

    private static func real(_ bytes: [UInt8], _ type: CQLType) -> Float {
        type == .float ? float(bytes) : Float(int64(bytes))
    }

    /// Any number as a double.
    static func double(_ bytes: [UInt8], _ type: CQLType) -> Double {
        switch type {
        case .float: Double(float(bytes))
        case .double: Double(bitPattern: bytes.withUnsafeBytes { $0.count == 8 ? $0.big() : 0 })
        case .decimal: decimalValue(bytes).double
        case .varint: CQLVarint(bytes: bytes).double
        default: Double(int64(bytes))
        }
    }

    private static func varint(_ bytes: [UInt8], _ type: CQLType) -> CQLVarint {
        type == .varint ? CQLVarint(bytes: bytes) : CQLVarint(int64(bytes))
    }

    private static func decimalValue(_ bytes: [UInt8]) -> CQLDecimal {
        guard bytes.count > 4 else { return CQLDecimal(unscaled: .zero, scale: 0) }
        return CQLDecimal(
            unscaled: CQLVarint(bytes: bytes[4...]), scale: bytes.withUnsafeBytes { $0.big() })
    }

    private static func decimal(
        _ bytes: [UInt8], _ type: CQLType
    ) throws(ArithmeticFailure) -> CQLDecimal {
        switch type {
        case .decimal: return decimalValue(bytes)
        case .float, .double:
            let value = double(bytes, type)
            guard !value.isNaN else {
                throw ArithmeticFailure(why: "A NaN cannot be converted into a decimal")
            }
            // With the digits and the exponent that Java writes: 1.0E10 is 10 × 10^9.
            guard value.isFinite, let decimal = CQLDecimal(JavaNumberText.text(value)) else {
                throw ArithmeticFailure(
                    why: "An infinite number cannot be converted into a decimal")
            }
            return decimal
        default: return CQLDecimal(unscaled: varint(bytes, type), scale: 0)
        }
    }

    static func encoded(_ value: CQLDecimal) -> [UInt8] {
        value.scale.bigBytes + value.unscaled.bytes
    }
}
