// Durations as text: `1y2mo3d4h`, ISO 8601 `P1Y2M3DT4H` and `P3W`, and `P0001-02-03T04:05:06`.

import CQLProtocol

enum DurationParser {
    private static let nanoseconds: [String: Int64] = [
        "h": 3_600_000_000_000, "m": 60_000_000_000, "s": 1_000_000_000, "ms": 1_000_000,
        "us": 1000, "µs": 1000, "ns": 1,
    ]

    /// - Returns: `nil` for a text that is none, or a part that overflows.
    static func parse(_ text: String) -> CQLDuration? {
        let isNegative = text.hasPrefix("-")
        let body = isNegative ? text.dropFirst() : Substring(text)
        let parts: (months: Int64, days: Int64, nanoseconds: Int64)?
        if body.first == "P" || body.first == "p" {
            parts = body.contains("-") ? alternative(body.dropFirst()) : iso(body.dropFirst())
        } else {
            parts = sum(body.lowercased()[...]) { unit, _ in unit }
        }
        guard let parts, let months = Int32(exactly: parts.months),
            let days = Int32(exactly: parts.days)
        else { return nil }
        let sign: Int32 = isNegative ? -1 : 1
        return CQLDuration(
            months: months * sign, days: days * sign, nanoseconds: parts.nanoseconds * Int64(sign))
    }

    /// Adds number and unit pairs; `meaning` says what a unit is before or behind a `T`.
    private static func sum(
        _ text: Substring, meaning: (String, Bool) -> String?
    ) -> (Int64, Int64, Int64)? {
        var (months, days, rest): (Int64, Int64, Int64) = (0, 0, 0)
        var text = text
        var isTime = false
        guard !text.isEmpty else { return nil }
        while !text.isEmpty {
            if text.first == "T" {
                isTime = true
                text.removeFirst()
                continue
            }
            let digits = text.prefix { $0 >= "0" && $0 <= "9" }
            text.removeFirst(digits.count)
            let name = text.prefix { !($0 >= "0" && $0 <= "9") && $0 != "T" }
            text.removeFirst(name.count)
            guard let amount = Int64(digits), let unit = meaning(String(name), isTime) else {
                return nil
            }
            let factor: (Int64, WritableKeyPath<Parts, Int64>)
            switch unit {
            case "y": factor = (12, \.months)
            case "mo": factor = (1, \.months)
            case "w": factor = (7, \.days)
            case "d": factor = (1, \.days)
            default:
                guard let size = nanoseconds[unit] else { return nil }
                factor = (size, \.nanoseconds)
            }
            var parts = Parts(months: months, days: days, nanoseconds: rest)
            let (product, tooBig) = amount.multipliedReportingOverflow(by: factor.0)
            let (total, overflows) = parts[keyPath: factor.1].addingReportingOverflow(product)
            guard !tooBig, !overflows else { return nil }
            parts[keyPath: factor.1] = total
            (months, days, rest) = (parts.months, parts.days, parts.nanoseconds)
        }
        return (months, days, rest)
    }

    private struct Parts {
        var months: Int64
        var days: Int64
        var nanoseconds: Int64
    }

    private static func iso(_ text: Substring) -> (Int64, Int64, Int64)? {
        sum(text) { unit, isTime in
            switch (unit, isTime) {
            case ("Y", false): "y"
            case ("M", false): "mo"
            case ("W", false): "w"
            case ("D", false): "d"
            case ("H", true): "h"
            case ("M", true): "m"
            case ("S", true): "s"
            default: nil
            }
        }
    }

    private static func alternative(_ text: Substring) -> (Int64, Int64, Int64)? {
        let halves = text.split(separator: "T")
        guard halves.count == 2 else { return nil }
        // 16 bits are enough for four digits, and nothing below can overflow.
        let date = halves[0].split(separator: "-").compactMap { Int16($0).map(Int64.init) }
        let time = halves[1].split(separator: ":").compactMap { Int16($0).map(Int64.init) }
        guard date.count == 3, time.count == 3 else { return nil }
        let seconds = time[0] * 3600 + time[1] * 60 + time[2]
        return (date[0] * 12 + date[1], date[2], seconds * 1_000_000_000)
    }
}
