// abs, exp, log, log10 and round, of every number and giving the same type.
// Source: Cassandra's MathFcts and the `abs`, `exp`, … of its number types.

import CQLProtocol
import Foundation

enum MathFunctions {
    static let all: [ScalarFunction] = ["abs", "exp", "log", "log10", "round"].flatMap { name in
        Arithmetic.numericTypes.map { type in
            ScalarFunction(name: name, parameters: [type], result: type) {
                (arguments, _) throws(StatementError) in
                guard let bytes = arguments[0], !bytes.isEmpty else { return nil }
                return try apply(name, bytes, type)
            }
        }
    }

    private static func apply(
        _ name: String, _ bytes: [UInt8], _ type: CQLType
    ) throws(StatementError) -> [UInt8]? {
        switch type {
        case .decimal: return try decimal(name, bytes)
        case .varint: return try varint(name, CQLVarint(bytes: bytes))?.bytes
        case .float:
            let value = Float(Arithmetic.double(bytes, type))
            let result: Float =
                switch name {
                case "abs": abs(value)
                case "round": Float(rounded(Double(value), Int64(Int32.max)))
                default: Float(real(name, Double(value)))
                }
            return result.bitPattern.bigBytes
        case .double:
            let value = Arithmetic.double(bytes, type)
            let result: Double =
                switch name {
                case "abs": abs(value)
                case "round": rounded(value, .max)
                default: real(name, value)
                }
            return result.bitPattern.bigBytes
        default:
            let value = Arithmetic.int64(bytes)
            switch name {
            case "abs": return Casting.integer(value < 0 ? 0 &- value : value, type)
            case "round": return bytes
            default: return Casting.integer(ofReal: real(name, Double(value)), type)
            }
        }
    }

    private static func real(_ name: String, _ value: Double) -> Double {
        switch name {
        case "exp": exp(value)
        case "log": log(value)
        default: log10(value)
        }
    }

    /// Half up, as Java's `Math.round`: into an integer and back.
    private static func rounded(_ value: Double, _ most: Int64) -> Double {
        if value.isNaN { return 0 }
        // Not `value + 0.5`, which rounds by itself where the digits end.
        let below = value.rounded(.down)
        let whole = value - below >= 0.5 ? below + 1 : below
        return min(max(whole, -Double(most) - 1), Double(most))
    }

    private static func varint(
        _ name: String, _ value: CQLVarint
    ) throws(StatementError) -> CQLVarint? {
        switch name {
        case "abs": return value.isNegative ? -value : value
        case "round": return value
        default:
            let result = try series(name, CQLDecimal(unscaled: value, scale: 0))
            return result.whole
        }
    }

    private static func decimal(
        _ name: String, _ bytes: [UInt8]
    ) throws(StatementError) -> [UInt8]? {
        guard bytes.count > 4 else { return nil }
        let value = CQLDecimal(
            unscaled: CQLVarint(bytes: bytes[4...]), scale: bytes.withUnsafeBytes { $0.big() })
        switch name {
        case "abs":
            return Arithmetic.encoded(
                value.unscaled.isNegative
                    ? CQLDecimal(unscaled: -value.unscaled, scale: value.scale) : value)
        case "round":
            guard value.scale > 0 else { return bytes }
            let one = CQLDecimal(unscaled: CQLVarint(1), scale: 0)
            do {
                return Arithmetic.encoded(try CQLDecimal.dividing(value, by: one, scale: 0))
            } catch { throw tooLong(name) }
        default: return Arithmetic.encoded(try series(name, value))
        }
    }

    private static func series(
        _ name: String, _ value: CQLDecimal
    ) throws(StatementError) -> CQLDecimal {
        do throws(CQLArithmeticError) {
            switch name {
            case "exp": return try DecimalSeries.exp(value)
            case "log": return try DecimalSeries.log(value)
            default: return try DecimalSeries.log10(value)
            }
        } catch {
            guard error == .dividedByZero else { throw tooLong(name) }
            throw .functionFailed(
                keyspace: "system", function: name, arguments: ["decimal"],
                (name == "log" ? "Natural log" : "Log10") + " of number zero or less")
        }
    }

    private static func tooLong(_ name: String) -> StatementError {
        .functionFailed(
            keyspace: "system", function: name, arguments: ["decimal"],
            "the operation '\(name)' has no result for this number")
    }
}

/// Exponential and logarithm of decimals, to 32 significant digits.
enum DecimalSeries {
    private static let digits: Int64 = 32
    /// Places that are computed with, behind the point.
    private static let places: Int64 = 60
    /// e^x beyond this has an exponent that nobody needs.
    private static let exponentMax = 1_000_000.0

    static func exp(_ x: CQLDecimal) throws(CQLArithmeticError) -> CQLDecimal {
        guard abs(x.double) <= exponentMax else { throw .tooLong }
        if x.unscaled.isZero { return whole(1) }
        let precision = places + Int64(abs(x.double) / 2) + 20
        guard precision < 2_000 else { throw .tooLong }
        return try significant(try exponential(x, precision: precision))
    }

    /// e^x = (e^(x/2^k))^(2^k): the smaller, the fewer terms.
    private static func exponential(
        _ x: CQLDecimal, precision: Int64
    ) throws(CQLArithmeticError) -> CQLDecimal {
        let halvings = min(60, max(0, Int(Foundation.log2(max(abs(x.double), 1e-9))) + 8))
        let power = CQLDecimal(unscaled: CQLVarint(Int64(1) << Int64(halvings)), scale: 0)
        let small = try CQLDecimal.dividing(x, by: power, scale: precision)
        var term = whole(1)
        var sum = term
        var index: Int64 = 1
        while !term.unscaled.isZero {
            let next = try CQLDecimal.multiplying(term, small)
            term = try .dividing(next, by: whole(index), scale: precision)
            sum = try .adding(sum, term)
            index += 1
        }
        for _ in 0..<halvings {
            sum = try CQLDecimal.dividing(
                try .multiplying(sum, sum), by: whole(1), scale: precision)
        }
        return sum
    }

    static func log(_ x: CQLDecimal) throws(CQLArithmeticError) -> CQLDecimal {
        try significant(try naturalLog(x))
    }

    static func log10(_ x: CQLDecimal) throws(CQLArithmeticError) -> CQLDecimal {
        guard let ten else { throw .tooLong }
        return try significant(try .dividing(try naturalLog(x), by: ten, scale: places))
    }

    private static let ten: CQLDecimal? = try? logarithm(ofSmall: whole(10))

    /// ln(m × 10^e) = ln(m) + e × ln(10).
    private static func naturalLog(_ x: CQLDecimal) throws(CQLArithmeticError) -> CQLDecimal {
        guard !x.unscaled.isNegative, !x.unscaled.isZero, let ten else { throw .dividedByZero }
        let digits = Int64(x.precision)
        let exponent = digits - 1 - Int64(x.scale)
        var mantissa = CQLDecimal(unscaled: x.unscaled, scale: Int32(clamping: digits - 1))
        if digits > places * 2 {
            mantissa = try .dividing(mantissa, by: whole(1), scale: places * 2)
        }
        let result = try logarithm(ofSmall: mantissa)
        return exponent == 0
            ? result : try .adding(result, try .multiplying(ten, whole(exponent)))
    }

    /// Of a number from 1 to 10: one step of Halley's method triples the digits of a double.
    private static func logarithm(
        ofSmall m: CQLDecimal
    ) throws(CQLArithmeticError) -> CQLDecimal {
        guard let guess = CQLDecimal(Foundation.log(m.double)) else { throw .tooLong }
        let power = try exponential(guess, precision: places + 20)
        let gap = try CQLDecimal.multiplying(whole(2), try .subtracting(m, power))
        return try .adding(
            guess, try .dividing(gap, by: try .adding(m, power), scale: places + 20))
    }

    private static func whole(_ value: Int64) -> CQLDecimal {
        CQLDecimal(unscaled: CQLVarint(value), scale: 0)
    }

    private static func significant(_ value: CQLDecimal) throws(CQLArithmeticError) -> CQLDecimal {
        if value.unscaled.isZero { return whole(0) }
        let excess = Int64(value.precision) - digits
        guard excess > 0 else { return value }
        return try .dividing(
            value, by: whole(1), scale: Int64(value.scale) - excess, toEven: true)
    }
}
