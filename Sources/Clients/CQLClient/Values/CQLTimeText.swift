// Dates, times and spans from text, as CQL writes them.

import CQLProtocol

enum CQLTimeText {
    /// `2026-11-23`, or days since 1970.
    static func date(_ text: String) -> Int32? {
        if let days = Int32(text) { return days }
        return days(text[...]).flatMap { Int32(exactly: $0) }
    }

    /// Days since 1970 of a date. Source: H. Hinnant, days_from_civil.
    private static func days(_ text: Substring) -> Int64? {
        let isNegative = text.hasPrefix("-")
        let parts = (isNegative ? text.dropFirst() : text)
            .split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count >= 4, parts[0].count <= 9,
            let yearDigits = Int64(parts[0]), let month = Int64(parts[1]),
            let day = Int64(parts[2]), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let given = isNegative ? -yearDigits : yearDigits
        let year = month <= 2 ? given - 1 : given
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        // 31 April is no date, though it counts.
        let lengths: [Int64] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day <= lengths[Int(month) - 1] else { return nil }
        if month == 2, day == 29, given % 4 != 0 || given % 100 == 0 && given % 400 != 0 {
            return nil
        }
        return days
    }

    /// `08:30:00.123456789`, or nanoseconds since midnight.
    static func time(_ text: Substring) -> Int64? {
        let range: Range<Int64> = 0..<86_400_000_000_000
        if let nanoseconds = Int64(text) {
            return range.contains(nanoseconds) ? nanoseconds : nil
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let hour = Int64(parts[0]),
            let minute = Int64(parts[1]), (0..<24).contains(hour), (0..<60).contains(minute)
        else { return nil }
        let seconds = (parts.count == 3 ? parts[2] : "0")
            .split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let second = Int64(seconds[0]), (0..<60).contains(second) else { return nil }
        var nanoseconds: Int64 = 0
        if seconds.count == 2 {
            guard (1...9).contains(seconds[1].count),
                let fraction = Int64(
                    seconds[1] + String(repeating: "0", count: 9 - seconds[1].count)),
                fraction >= 0
            else { return nil }
            nanoseconds = fraction
        }
        return ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + nanoseconds
    }

    /// Milliseconds since 1970 of `2026-11-23`, `2026-11-23 08:00:00.123+0100`,
    /// `2026-11-23T08:00Z` or a number of milliseconds. Without a zone it is UTC.
    static func timestamp(_ text: String) -> Int64? {
        if let milliseconds = Int64(text) { return milliseconds }
        guard let mark = text.firstIndex(where: { $0 == "T" || $0 == " " }) else {
            return days(text[...]).flatMap { milliseconds(days: $0, nanoseconds: 0, offset: 0) }
        }
        guard let day = days(text[..<mark]) else { return nil }
        var clock = text[text.index(after: mark)...]
        var offset: Int64 = 0
        if clock.hasSuffix("Z") {
            clock = clock.dropLast()
        } else if let sign = clock.lastIndex(where: { $0 == "+" || $0 == "-" }) {
            let zone = clock[clock.index(after: sign)...].filter { $0 != ":" }
            guard zone.count == 4, let digits = Int64(zone), digits % 100 < 60 else { return nil }
            offset = (digits / 100 * 60 + digits % 100) * (clock[sign] == "-" ? -1 : 1)
            clock = clock[..<sign]
        }
        guard clock.contains(":"), let nanoseconds = time(clock) else { return nil }
        return milliseconds(days: day, nanoseconds: nanoseconds, offset: offset)
    }

    private static func milliseconds(days: Int64, nanoseconds: Int64, offset: Int64) -> Int64? {
        let (day, isTooMuch) = days.multipliedReportingOverflow(by: 86_400_000)
        guard !isTooMuch else { return nil }
        return day + nanoseconds / 1_000_000 - offset * 60_000
    }

    /// `1y2mo3d4h5m6s7ms8us9ns`, with a minus in front of all of it.
    static func duration(_ text: String) -> CQLDuration? {
        var rest = Substring(text)
        let isNegative = rest.hasPrefix("-")
        if isNegative { rest = rest.dropFirst() }
        guard !rest.isEmpty else { return nil }
        var (months, days, nanoseconds): (Int64, Int64, Int64) = (0, 0, 0)
        while !rest.isEmpty {
            let digits = rest.prefix(while: \.isNumber)
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !$0.isNumber }.lowercased()
            rest = rest.dropFirst(unit.count)
            guard let amount = Int64(digits), let scale = units[unit] else { return nil }
            let (value, isTooMuch) = amount.multipliedReportingOverflow(by: scale.amount)
            guard !isTooMuch else { return nil }
            let (sum, isOver): (Int64, Bool)
            switch scale.part {
            case .months: (sum, isOver) = months.addingReportingOverflow(value); months = sum
            case .days: (sum, isOver) = days.addingReportingOverflow(value); days = sum
            case .nanoseconds:
                (sum, isOver) = nanoseconds.addingReportingOverflow(value)
                nanoseconds = sum
            }
            guard !isOver else { return nil }
        }
        let sign: Int64 = isNegative ? -1 : 1
        guard let wholeMonths = Int32(exactly: months * sign),
            let wholeDays = Int32(exactly: days * sign)
        else { return nil }
        return CQLDuration(
            months: wholeMonths, days: wholeDays, nanoseconds: nanoseconds * sign)
    }

    private enum Part { case months, days, nanoseconds }

    private static let units: [String: (part: Part, amount: Int64)] = [
        "y": (.months, 12), "mo": (.months, 1), "w": (.days, 7), "d": (.days, 1),
        "h": (.nanoseconds, 3_600_000_000_000), "m": (.nanoseconds, 60_000_000_000),
        "s": (.nanoseconds, 1_000_000_000), "ms": (.nanoseconds, 1_000_000),
        "us": (.nanoseconds, 1_000), "µs": (.nanoseconds, 1_000), "ns": (.nanoseconds, 1),
    ]
}
