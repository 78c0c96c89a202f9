// Numbers as Java prints them, which is what CAST to text and JSON of Cassandra give.

import CQLProtocol

/// Source: `Double.toString`, `Float.toString` and `BigDecimal.toPlainString`.
enum JavaNumberText {
    static func text(_ value: Double) -> String {
        shown(String(value), isNaN: value.isNaN, isInfinite: value.isInfinite, value.sign == .minus)
    }

    static func text(_ value: Float) -> String {
        shown(String(value), isNaN: value.isNaN, isInfinite: value.isInfinite, value.sign == .minus)
    }

    /// - Parameter shortest: the fewest digits that tell the number, as Swift writes them.
    private static func shown(
        _ shortest: String, isNaN: Bool, isInfinite: Bool, _ isNegative: Bool
    ) -> String {
        if isNaN { return "NaN" }
        if isInfinite { return isNegative ? "-Infinity" : "Infinity" }
        var body = Substring(shortest)
        if body.first == "-" { body.removeFirst() }
        var exponent = 0
        if let mark = body.firstIndex(of: "e") {
            exponent = Int(body[body.index(after: mark)...]) ?? 0
            body = body[..<mark]
        }
        let halves = body.split(separator: ".", omittingEmptySubsequences: false)
        let whole = halves[0]
        let fraction = halves.count > 1 ? halves[1] : ""
        // 0.digits × 10^point
        var digits = Array((String(whole) + fraction).utf8)
        var point = whole.utf8.count + exponent
        while digits.first == UInt8(ascii: "0") {
            digits.removeFirst()
            point -= 1
        }
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        let sign = isNegative ? "-" : ""
        guard !digits.isEmpty else { return sign + "0.0" }
        return sign + placed(String(decoding: digits, as: UTF8.self), point)
    }

    /// Plain from 10^-3 up to 10^7, with an exponent beyond.
    private static func placed(_ digits: String, _ point: Int) -> String {
        let count = digits.utf8.count
        if point > 7 || point < -2 {
            let first = digits.prefix(1)
            let rest = count > 1 ? String(digits.dropFirst()) : "0"
            return "\(first).\(rest)E\(point - 1)"
        }
        if point <= 0 { return "0." + String(repeating: "0", count: -point) + digits }
        if count <= point {
            return digits + String(repeating: "0", count: point - count) + ".0"
        }
        return digits.prefix(point) + "." + digits.dropFirst(point)
    }

    /// Beyond this scale either way, an exponent is written instead of zeros
    /// (`cassandra.decimal.maxscaleforstring`).
    static let plainScaleMax: Int32 = 100

    static func text(_ value: CQLDecimal) -> String {
        guard value.scale.magnitude <= plainScaleMax.magnitude else { return value.description }
        var digits = value.unscaled.description
        let sign = digits.hasPrefix("-") ? "-" : ""
        if !sign.isEmpty { digits.removeFirst() }
        if value.scale <= 0 {
            return digits == "0"
                ? "0" : sign + digits + String(repeating: "0", count: Int(-value.scale))
        }
        let places = Int(value.scale)
        if digits.utf8.count <= places {
            digits = String(repeating: "0", count: places + 1 - digits.utf8.count) + digits
        }
        return sign + digits.dropLast(places) + "." + digits.suffix(places)
    }
}
