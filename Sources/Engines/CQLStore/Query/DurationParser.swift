// Durations as text: `1y2mo3d4h`, ISO 8601 `P1Y2M3DT4H` and `P3W`, and `P0001-02-03T04:05:06`.

import CQLProtocol

/// Source: Cassandra's `Duration.from` and its builder; the messages are those.
enum DurationParser {
    /// One unit, in the order in which units must be written.
    private enum Unit: Int {
        case years, months, weeks, days, hours, minutes, seconds, milliseconds, microseconds,
            nanoseconds

        static let names: [String: Unit] = [
            "y": .years, "mo": .months, "w": .weeks, "d": .days, "h": .hours, "m": .minutes,
            "s": .seconds, "ms": .milliseconds, "us": .microseconds, "µs": .microseconds,
            "ns": .nanoseconds,
        ]

        /// How many months, days or nanoseconds it has.
        var size: Int64 {
            switch self {
            case .years: 12
            case .months, .days, .nanoseconds: 1
            case .weeks: 7
            case .hours: 3_600_000_000_000
            case .minutes: 60_000_000_000
            case .seconds: 1_000_000_000
            case .milliseconds: 1_000_000
            case .microseconds: 1000
            }
        }
    }

    private struct Builder {
        var months: Int64 = 0
        var days: Int64 = 0
        var nanoseconds: Int64 = 0
        var last: Unit?

        mutating func add(_ amount: Int64, _ unit: Unit) throws(StatementError) {
            if let last {
                guard last != unit else {
                    throw .invalid("Invalid duration. The \(unit) are specified multiple times")
                }
                guard last.rawValue < unit.rawValue else {
                    throw .invalid("Invalid duration. The \(last) should be after \(unit)")
                }
            }
            last = unit
            switch unit {
            case .years, .months:
                months = try Self.sum(months, amount, unit, Int64(Int32.max), "months")
            case .weeks, .days:
                days = try Self.sum(days, amount, unit, Int64(Int32.max), "days")
            case .hours, .minutes, .seconds, .milliseconds, .microseconds, .nanoseconds:
                nanoseconds = try Self.sum(nanoseconds, amount, unit, .max, "nanoseconds")
            }
        }

        private static func sum(
            _ total: Int64, _ amount: Int64, _ unit: Unit, _ most: Int64, _ what: String
        ) throws(StatementError) -> Int64 {
            let (product, tooBig) = amount.multipliedReportingOverflow(by: unit.size)
            let (sum, overflows) = total.addingReportingOverflow(product)
            guard !tooBig, !overflows, sum <= most else {
                throw .invalid(
                    "Invalid duration. The total number of \(what) must be less or equal to "
                        + "\(most)")
            }
            return sum
        }
    }

    static func parse(_ text: String) throws(StatementError) -> CQLDuration {
        let isNegative = text.hasPrefix("-")
        let body = isNegative ? text.dropFirst() : Substring(text)
        var builder = Builder()
        let isRead: Bool
        if body.first == "P" {
            isRead =
                body.contains("-")
                ? try alternative(body.dropFirst(), &builder)
                : try iso(body.dropFirst(), &builder)
        } else {
            isRead = try standard(body, &builder)
        }
        guard isRead else { throw .invalid("Unable to convert '\(text)' to a duration") }
        let sign: Int32 = isNegative ? -1 : 1
        return CQLDuration(
            months: Int32(builder.months) * sign, days: Int32(builder.days) * sign,
            nanoseconds: builder.nanoseconds * Int64(sign))
    }

    private static func isDigit(_ character: Character) -> Bool {
        character >= "0" && character <= "9"
    }

    /// Takes an amount and the letters behind it; `nil` when there are none.
    private static func pair(_ text: inout Substring) -> (Int64, String)? {
        let digits = text.prefix(while: isDigit)
        text.removeFirst(digits.count)
        let name = text.prefix { !isDigit($0) && $0 != "T" }
        text.removeFirst(name.count)
        guard !name.isEmpty, let amount = Int64(digits) else { return nil }
        return (amount, String(name))
    }

    private static func standard(
        _ given: Substring, _ builder: inout Builder
    ) throws(StatementError) -> Bool {
        var text = given.lowercased()[...]
        guard !text.isEmpty else { return false }
        while !text.isEmpty {
            guard let (amount, name) = pair(&text), let unit = Unit.names[name] else {
                return false
            }
            try builder.add(amount, unit)
        }
        return true
    }

    private static func iso(
        _ given: Substring, _ builder: inout Builder
    ) throws(StatementError) -> Bool {
        var text = given
        var isTime = false
        guard !text.isEmpty else { return false }
        while !text.isEmpty {
            if text.first == "T" {
                guard !isTime, text.count > 1 else { return false }
                isTime = true
                text.removeFirst()
                continue
            }
            guard let (amount, name) = pair(&text) else { return false }
            let unit: Unit
            switch (name, isTime) {
            case ("Y", false): unit = .years
            case ("M", false): unit = .months
            case ("W", false): unit = .weeks
            case ("D", false): unit = .days
            case ("H", true): unit = .hours
            case ("M", true): unit = .minutes
            case ("S", true): unit = .seconds
            default: return false
            }
            try builder.add(amount, unit)
        }
        return true
    }

    private static func alternative(
        _ text: Substring, _ builder: inout Builder
    ) throws(StatementError) -> Bool {
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return false }
        let date = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        let time = halves[1].split(separator: ":", omittingEmptySubsequences: false)
        guard date.map(\.count) == [4, 2, 2], time.map(\.count) == [2, 2, 2] else { return false }
        let units: [Unit] = [.years, .months, .days, .hours, .minutes, .seconds]
        for (digits, unit) in zip(date + time, units) {
            guard digits.allSatisfy(isDigit), let amount = Int64(digits) else { return false }
            try builder.add(amount, unit)
        }
        return true
    }
}
