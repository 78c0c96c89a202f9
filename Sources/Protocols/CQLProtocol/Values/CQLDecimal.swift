// A decimal number of any size.

/// The value of CQL's decimal: `unscaled` × 10^-`scale`. `1.0` and `1.00` are two values of this type;
/// that they are one key is the store's matter. The exponent is never expanded to digits.
package struct CQLDecimal: Sendable, Hashable, CustomStringConvertible {
    package var unscaled: CQLVarint
    package var scale: Int32

    package init(unscaled: CQLVarint, scale: Int32) {
        self.unscaled = unscaled
        self.scale = scale
    }

    /// Parses `-12.50`, `1e-7`, `3`: at most `CQLLimits.numberDigitsMax` digits, any 32-bit exponent.
    package init?(_ text: some StringProtocol) {
        var mantissa = Substring(text)
        var exponent: Int64 = 0
        if let mark = mantissa.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            guard let given = Int64(mantissa[mantissa.index(after: mark)...]),
                abs(given) <= Int64(Int32.max)
            else { return nil }
            exponent = given
            mantissa = mantissa[..<mark]
        }
        var fraction = 0
        var digits = mantissa
        if let point = mantissa.firstIndex(of: ".") {
            let after = mantissa[mantissa.index(after: point)...]
            fraction = after.utf8.count
            digits = mantissa[..<point] + after
        }
        guard let unscaled = CQLVarint(digits),
            let scale = Int32(exactly: Int64(fraction) - exponent)
        else { return nil }
        self.init(unscaled: unscaled, scale: scale)
    }

    /// Plain digits where they stay short, scientific notation otherwise, as Java's BigDecimal.
    package var description: String {
        guard scale != 0 else { return unscaled.description }
        var digits = unscaled.description
        let sign = digits.hasPrefix("-") ? "-" : ""
        if !sign.isEmpty { digits.removeFirst() }
        let count = digits.utf8.count
        let adjusted = Int64(count - 1) - Int64(scale)
        if scale > 0, adjusted >= -6 {
            let places = Int(scale)
            if count > places {
                let point = digits.index(digits.endIndex, offsetBy: -places)
                return sign + digits[..<point] + "." + digits[point...]
            }
            return sign + "0." + String(repeating: "0", count: places - count) + digits
        }
        if count > 1 { digits.insert(".", at: digits.index(after: digits.startIndex)) }
        return "\(sign)\(digits)E\(adjusted < 0 ? "" : "+")\(adjusted)"
    }
}
