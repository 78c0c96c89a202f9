// Numbers, booleans and times as text, both ways, by Spark's rules.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

typealias Bytes = UnsafeBufferPointer<UInt8>

/// Values out of text. Each returns `nil` for a text that is none.
enum TextValues {
    /// Of a whole number without blanks; `+` is taken, fractions are not.
    static func whole(_ text: Bytes) -> Int64? {
        var at = 0
        var isNegative = false
        if text.count > 0, text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+") {
            isNegative = text[0] == UInt8(ascii: "-")
            at = 1
        }
        guard at < text.count else { return nil }
        var value: Int64 = 0
        while at < text.count {
            guard JSONBytes.isDigit(text[at]) else { return nil }
            let (times, overflowed) = value.multipliedReportingOverflow(by: 10)
            // Built up on the negative side, whose range is the longer one.
            let (next, overflowedToo) = times.subtractingReportingOverflow(
                Int64(text[at] &- 0x30))
            guard !overflowed, !overflowedToo else { return nil }
            value = next
            at += 1
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    static func double(_ text: Bytes) -> Double? {
        guard text.count > 0, text.count < 400 else { return nil }
        switch String(decoding: text, as: UTF8.self).lowercased() {
        case "nan": return .nan
        case "infinity", "+infinity", "inf", "+inf": return .infinity
        case "-infinity", "-inf": return -.infinity
        default: break
        }
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "+"), UInt8(ascii: "e"), UInt8(ascii: "E"):
                break
            default: return nil
            }
        }
        return Double(String(decoding: text, as: UTF8.self))
    }

    /// Spark's words: t, true, y, yes, 1 and f, false, n, no, 0, in any case.
    static func boolean(_ text: Bytes) -> Bool? {
        guard text.count <= 5 else { return nil }
        switch String(decoding: text, as: UTF8.self).lowercased() {
        case "t", "true", "y", "yes", "1": return true
        case "f", "false", "n", "no", "0": return false
        default: return nil
        }
    }

    /// Without the blanks and control characters at both ends, as Spark's casts do.
    static func trimmed(_ text: Bytes) -> Bytes {
        var first = 0
        var last = text.count
        while first < last, text[first] <= 0x20 { first += 1 }
        while last > first, text[last - 1] <= 0x20 { last -= 1 }
        return Bytes(rebasing: text[first..<last])
    }

    /// As Spark prints a double: `1.0`, `1.0E10`, `NaN`, `Infinity`.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        let plain = value.description
        guard let mark = plain.firstIndex(of: "e") else {
            let magnitude = value.magnitude
            guard magnitude >= 1e7 || (magnitude < 1e-3 && magnitude > 0) else { return plain }
            return scientific(plain)
        }
        let mantissa = plain[..<mark]
        let exponent = plain[plain.index(after: mark)...].drop { $0 == "+" }
        let sign = exponent.hasPrefix("-") ? "-" : ""
        let digits = exponent.drop { $0 == "-" || $0 == "0" }
        let point = mantissa.contains(".") ? "" : ".0"
        return "\(mantissa)\(point)E\(sign)\(digits.isEmpty ? "0" : digits)"
    }

    /// `12345678.5` as `1.23456785E7`: Java changes to exponents earlier than Swift.
    private static func scientific(_ plain: String) -> String {
        let sign = plain.hasPrefix("-") ? "-" : ""
        let parts = plain.drop { $0 == "-" }.split(separator: ".", maxSplits: 1)
        let whole = parts[0]
        let fraction = parts.count > 1 && parts[1] != "0" ? String(parts[1]) : ""
        let all = whole + fraction
        let leading = all.prefix { $0 == "0" }.count
        var digits = all.dropFirst(leading)
        let exponent = whole.count - 1 - leading
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        let rest = digits.dropFirst()
        return "\(sign)\(digits.prefix(1)).\(rest.isEmpty ? "0" : String(rest))E\(exponent)"
    }
}
