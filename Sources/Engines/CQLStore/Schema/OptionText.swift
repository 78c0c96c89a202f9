// Options as text: numbers, booleans and policies, read and shown as Cassandra does.

import CQLProtocol

/// Source: Cassandra's `PropertyDefinitions` and `SpeculativeRetryPolicy`.
enum OptionText {
    static func checkOnce(_ properties: [CQLProperty]) throws(StatementError) {
        var seen: Set<String> = []
        for property in properties where !seen.insert(property.name).inserted {
            throw .syntax("Multiple definition for property '\(property.name)'")
        }
    }

    static func boolean(_ text: String, _ name: String) throws(StatementError) -> Bool {
        switch text.lowercased() {
        case "1", "true", "yes": return true
        case "0", "false", "no": return false
        default:
            throw .syntax(
                "Invalid boolean value \(text) for '\(name)'. Positive values can be '1', 'true' "
                    + "or 'yes'. Negative values can be '0', 'false' or 'no'.")
        }
    }

    static func integer(_ text: String, _ name: String) throws(StatementError) -> Int64 {
        guard let value = Int32(text) else {
            throw .syntax("Invalid integer value \(text) for '\(name)'")
        }
        return Int64(value)
    }

    static func number(_ text: String, _ name: String) throws(StatementError) -> Double {
        guard let value = Double(text) else {
            throw .syntax("Invalid double value \(text) for '\(name)'")
        }
        return value
    }

    /// As Java shows a double: `0.01`, `1.0`, `1.0E-4`.
    static func shown(_ value: Double) -> String {
        let magnitude = value.magnitude
        guard magnitude != 0, magnitude < 1e-3 || magnitude >= 1e7, value.isFinite else {
            let text = value.description
            let isWhole = value == value.rounded() && value.isFinite && !text.contains(".")
            return isWhole ? text + ".0" : text
        }
        var exponent = 0
        var mantissa = value
        while mantissa.magnitude >= 10 {
            mantissa /= 10
            exponent += 1
        }
        while mantissa.magnitude < 1 {
            mantissa *= 10
            exponent -= 1
        }
        // Multiplying leaves a tail of digits that the shortest form of the number does not have.
        let digits = (mantissa * 1e12).rounded() / 1e12
        return "\(digits)E\(exponent)"
    }

    /// A policy of speculative retries in the form it is shown in.
    static func retryPolicy(_ text: String) throws(StatementError) -> String {
        let upper = text.uppercased().filter { $0 != " " }
        if upper == "NONE" || upper == "NEVER" { return "NEVER" }
        if upper == "ALWAYS" { return "ALWAYS" }
        if let simple = try simplePolicy(upper, text) { return simple }
        for name in ["MIN", "MAX"] where upper.hasPrefix(name + "(") && upper.hasSuffix(")") {
            let parts = upper.dropFirst(4).dropLast().split(
                separator: ",", omittingEmptySubsequences: false)
            guard parts.count == 2, let first = try simplePolicy(String(parts[0]), text),
                let second = try simplePolicy(String(parts[1]), text),
                first.hasSuffix("p") != second.hasSuffix("p")
            else { break }
            return "\(name)(\(first),\(second))"
        }
        throw .configuration("Invalid value \(text) for option 'speculative_retry'")
    }

    private static func simplePolicy(
        _ upper: String, _ text: String
    ) throws(StatementError) -> String? {
        for suffix in ["PERCENTILE", "P"] where upper.hasSuffix(suffix) {
            guard let value = Double(upper.dropLast(suffix.count)), value.isFinite else {
                return nil
            }
            guard value > 0, value < 100 || value == 100 else {
                throw .configuration(
                    "Invalid value \(text) for PERCENTILE option 'speculative_retry': must be "
                        + "between (0.0 and 100.0)")
            }
            let rounded = (value * 10_000).rounded() / 10_000
            let shown = rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
            return shown + "p"
        }
        guard upper.hasSuffix("MS"), let value = Double(upper.dropLast(2)), value >= 0,
            value <= Double(Int32.max)
        else { return nil }
        return "\(Int(value))ms"
    }
}
