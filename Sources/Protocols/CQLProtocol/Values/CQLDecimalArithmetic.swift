// Sums, products and quotients of decimals, rounded as Cassandra's DecimalType does.

/// Why two numbers have no result.
package enum CQLArithmeticError: Error, Equatable, Sendable {
    case dividedByZero
    /// More digits than we compute with, or an exponent beyond 32 bits.
    case tooLong
}

extension CQLDecimal {
    /// Decimal digits of results (Cassandra: `DecimalType.MAX_PRECISION`).
    static let precisionMax = 10_000
    /// The least digits and places behind the point of a quotient (`MIN_SIGNIFICANT_DIGITS`,
    /// `MIN_SCALE`), and the most places (`MAX_SCALE`).
    static let quotientDigitsMin = 32
    static let quotientScaleMax = 1_000

    package static func adding(
        _ left: Self, _ right: Self
    ) throws(CQLArithmeticError) -> Self {
        if left.unscaled.isZero, right.scale <= left.scale || right.unscaled.isZero {
            return try right.withScale(max(left.scale, right.scale), orNot: true)
        }
        let gap = abs(Int64(left.scale) - Int64(right.scale))
        guard gap <= Int64(precisionMax) * 2 else {
            // The smaller one lies beyond the digits that the sum may have.
            if left.unscaled.isZero { return right }
            if right.unscaled.isZero { return left }
            return left.exponent >= right.exponent ? left : right
        }
        let scale = max(left.scale, right.scale)
        let a = try left.withScale(scale)
        let b = try right.withScale(scale)
        return try Self(unscaled: a.unscaled + b.unscaled, scale: scale).rounded()
    }

    package static func subtracting(
        _ left: Self, _ right: Self
    ) throws(CQLArithmeticError) -> Self {
        try adding(left, Self(unscaled: -right.unscaled, scale: right.scale))
    }

    package static func multiplying(
        _ left: Self, _ right: Self
    ) throws(CQLArithmeticError) -> Self {
        guard let scale = Int32(exactly: Int64(left.scale) + Int64(right.scale)),
            left.unscaled.bytes.count <= CQLLimits.arithmeticBytesMax,
            right.unscaled.bytes.count <= CQLLimits.arithmeticBytesMax
        else { throw .tooLong }
        return try Self(unscaled: left.unscaled * right.unscaled, scale: scale).rounded()
    }

    /// Half away from zero, trailing zeros taken off.
    package static func dividing(
        _ left: Self, by right: Self
    ) throws(CQLArithmeticError) -> Self {
        if right.unscaled.isZero { throw .dividedByZero }
        let firstDigit = left.exponent - right.exponent
        var scale = Int64(quotientDigitsMin) - firstDigit
        scale = max(scale, Int64(left.scale), Int64(right.scale), Int64(quotientDigitsMin))
        scale = min(scale, Int64(quotientScaleMax))
        return try dividing(left, by: right, scale: scale).stripped()
    }

    /// The quotient with that many places behind the point; half away from zero, or half to even.
    package static func dividing(
        _ left: Self, by right: Self, scale: Int64, toEven: Bool = false
    ) throws(CQLArithmeticError) -> Self {
        if right.unscaled.isZero { throw .dividedByZero }
        // left/10^ls ÷ right/10^rs = (left × 10^(scale − ls + rs) ÷ right) / 10^scale
        let shift = scale - Int64(left.scale) + Int64(right.scale)
        guard abs(shift) <= Int64(CQLLimits.numberDigitsMax),
            let power = CQLVarint.powerOfTen(Int(abs(shift))),
            let scale = Int32(exactly: scale)
        else {
            // So small that nothing is left of it.
            guard shift < 0, let scale = Int32(exactly: scale) else { throw .tooLong }
            return Self(unscaled: .zero, scale: scale)
        }
        let dividend = shift >= 0 ? left.unscaled * power : left.unscaled
        let divisor = shift >= 0 ? right.unscaled : right.unscaled * power
        guard dividend.bytes.count <= 4 * CQLLimits.arithmeticBytesMax,
            let (quotient, rest) = dividend.quotientAndRemainder(dividingBy: divisor)
        else { throw .tooLong }
        let twice = magnitude(rest) + magnitude(rest)
        let isOdd = (quotient.bytes.last ?? 0) & 1 == 1
        let limit = magnitude(divisor)
        guard limit < twice || (limit == twice && (!toEven || isOdd)) else {
            return Self(unscaled: quotient, scale: scale)
        }
        let away = dividend.isNegative == divisor.isNegative ? CQLVarint(1) : CQLVarint(-1)
        return Self(unscaled: quotient + away, scale: scale)
    }

    /// What is left of a division to a whole quotient; its sign is the dividend's.
    package static func remainder(
        _ left: Self, _ right: Self
    ) throws(CQLArithmeticError) -> Self {
        if right.unscaled.isZero { throw .dividedByZero }
        if left.exponent < right.exponent { return left }
        let scale = max(left.scale, right.scale)
        let a = try left.withScale(scale)
        let b = try right.withScale(scale)
        guard let parts = a.unscaled.quotientAndRemainder(dividingBy: b.unscaled) else {
            throw .dividedByZero
        }
        return Self(unscaled: parts.remainder, scale: scale)
    }

    private static func magnitude(_ value: CQLVarint) -> CQLVarint {
        value.isNegative ? -value : value
    }

    /// How many digits the value has; 1 for zero.
    package var precision: Int {
        let digits = unscaled.description
        guard !digits.contains("x") else { return unscaled.bytes.count * 5 / 2 }
        return digits.utf8.count - (unscaled.isNegative ? 1 : 0)
    }

    /// The place of the first digit: its value lies in 10^(exponent − 1) ..< 10^exponent.
    private var exponent: Int64 { Int64(precision) - Int64(scale) }

    /// - Parameter orNot: give the value as it is when it cannot have that scale.
    private func withScale(
        _ wanted: Int32, orNot: Bool = false
    ) throws(CQLArithmeticError) -> Self {
        let gap = Int64(wanted) - Int64(scale)
        if gap == 0 || (orNot && gap < 0) { return self }
        guard gap >= 0, gap <= Int64(CQLLimits.numberDigitsMax),
            unscaled.bytes.count <= CQLLimits.arithmeticBytesMax,
            let power = CQLVarint.powerOfTen(Int(gap))
        else {
            if orNot { return self }
            throw .tooLong
        }
        return Self(unscaled: unscaled * power, scale: wanted)
    }

    /// At most `precisionMax` digits, half away from zero.
    private func rounded() throws(CQLArithmeticError) -> Self {
        guard unscaled.bytes.count * 5 / 2 > Self.precisionMax else { return self }
        let excess = precision - Self.precisionMax
        guard excess > 0 else { return self }
        return try Self.dividing(
            self, by: CQLDecimal(unscaled: CQLVarint(1), scale: 0),
            scale: Int64(scale) - Int64(excess))
    }

    /// Without zeros at its end, so that 0.50 is 0.5 and 100 is 1E+2; zero is 0.
    package func stripped() -> Self {
        guard !unscaled.isZero else { return Self(unscaled: .zero, scale: 0) }
        let digits = unscaled.description
        guard !digits.contains("x") else { return self }
        var zeros = digits.utf8.reversed().prefix { $0 == UInt8(ascii: "0") }.count
        zeros = Int(min(Int64(zeros), Int64(scale) - Int64(Int32.min)))
        guard zeros > 0, let shorter = CQLVarint(digits.dropLast(zeros)) else { return self }
        return Self(unscaled: shorter, scale: scale - Int32(zeros))
    }

    /// The shortest digits that give this double back; `nil` for NaN and infinities.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        self.init("\(value)")
    }

    /// The nearest double.
    package var double: Double {
        Double("\(unscaled)e\(-Int64(scale))") ?? 0
    }

    /// The whole part; `nil` when it has more digits than `CQLLimits.numberDigitsMax`.
    package var whole: CQLVarint? {
        if scale <= 0 {
            guard let power = CQLVarint.powerOfTen(-Int(scale)) else {
                return unscaled.isZero ? .zero : nil
            }
            return unscaled * power
        }
        guard let power = CQLVarint.powerOfTen(Int(scale)) else { return .zero }
        return unscaled.quotientAndRemainder(dividingBy: power)?.quotient
    }
}
