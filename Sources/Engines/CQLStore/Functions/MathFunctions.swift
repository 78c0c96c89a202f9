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
        let whole = (value + 0.5).rounded(.down)
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
        } catch { throw tooLong(name) }
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
        // e^x = (e^(x/2^k))^(2^k): the smaller, the fewer terms.
        let halvings = max(0, Int(Foundation.log2(max(abs(x.double), 1e-9))) + 8)
        let precision = places + Int64(abs(x.double) / 2) + 20
        guard precision < 2_000 else {
            // Too large for the series: from the logarithm to base ten.
            throw .tooLong
        }
        let power = CQLDecimal(unscaled: CQLVarint(Int64(1) << Int64(min(halvings, 60))), scale: 0)
        let small = try CQLDecimal.dividing(x, by: power, scale: precision)
        var term = CQLDecimal(unscaled: CQLVarint(1), scale: 0)
        var sum = term
        var index: Int64 = 1
        while !term.unscaled.isZero {
            let next = try CQLDecimal.multiplying(term, small)
            term = try .dividing(next, by: whole(index), scale: precision)
            sum = try .adding(sum, term)
            index += 1
        }
        for _ in 0..<min(halvings, 60) {
            sum = try CQLDecimal.dividing(
                try .multiplying(sum, sum), by: whole(1), scale: precision)
        }
        return try significant(sum)
    }

    static func log(_ x: CQLDecimal) throws(CQLArithmeticError) -> CQLDecimal {
        try significant(try naturalLog(x))
    }

    static func log10(_ x: CQLDecimal) throws(CQLArithmeticError) -> CQLDecimal {
        try significant(
            try .dividing(try naturalLog(x), by: try naturalLog(whole(10)), scale: places))
    }

    /// ln(m × 10^e) = ln(m) + e × ln(10), and ln(m) = 2 × artanh((m − 1) / (m + 1)).
    private static func naturalLog(_ x: CQLDecimal) throws(CQLArithmeticError) -> CQLDecimal {
        guard !x.unscaled.isNegative, !x.unscaled.isZero else { throw .dividedByZero }
        let exponent = Int64(x.precision) - 1 - Int64(x.scale)
        let mantissa = CQLDecimal(unscaled: x.unscaled, scale: Int32(clamping: x.precision - 1))
        var result = try artanhTwice(mantissa)
        if exponent != 0 {
            let ten = try artanhTwice(whole(10))
            result = try .adding(result, try .multiplying(ten, whole(exponent)))
        }
        return result
    }

    private static func artanhTwice(_ m: CQLDecimal) throws(CQLArithmeticError) -> CQLDecimal {
        let ratio = try CQLDecimal.dividing(
            try .subtracting(m, whole(1)), by: try .adding(m, whole(1)), scale: places)
        let square = try CQLDecimal.dividing(
            try .multiplying(ratio, ratio), by: whole(1), scale: places)
        var power = ratio
        var sum = ratio
        var index: Int64 = 3
        while !power.unscaled.isZero, index < 10_000 {
            power = try .dividing(try .multiplying(power, square), by: whole(1), scale: places)
            sum = try .adding(sum, try .dividing(power, by: whole(index), scale: places))
            index += 2
        }
        return try .multiplying(sum, whole(2))
    }

    private static func whole(_ value: Int64) -> CQLDecimal {
        CQLDecimal(unscaled: CQLVarint(value), scale: 0)
    }

    private static func significant(_ value: CQLDecimal) throws(CQLArithmeticError) -> CQLDecimal {
        let excess = Int64(value.precision) - digits
        guard excess > 0 else { return value }
        return try .dividing(
            value, by: whole(1), scale: Int64(value.scale) - excess, toEven: true)
    }
}
