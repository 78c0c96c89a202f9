// Dates and times of the day between text and number, without Foundation's calendars.

/// The proleptic Gregorian calendar, always in UTC.
enum CivilTime {
    /// Days since 1970-01-01.
    static func days(year: Int, month: Int, day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    /// `yyyy-mm-dd`, the year with up to nine digits and a sign.
    static func parseDate(_ text: Substring) -> Int? {
        var body = text
        let isNegative = body.first == "-"
        if isNegative || body.first == "+" { body.removeFirst() }
        let parts = body.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let year = digits(parts[0], 1...9),
            let month = digits(parts[1], 1...2), let day = digits(parts[2], 1...2),
            (1...12).contains(month), day >= 1, day <= daysIn(month, isNegative ? -year : year)
        else { return nil }
        return days(year: isNegative ? -year : year, month: month, day: day)
    }

    static func daysIn(_ month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    static func digits(_ text: Substring, _ count: ClosedRange<Int>) -> Int? {
        guard count.contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { return nil }
        return Int(text)
    }

    /// `hh:mm[:ss[.fffffffff]]` in nanoseconds since midnight.
    static func parseTime(_ text: Substring, secondsNeeded: Bool) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3 || (parts.count == 2 && !secondsNeeded),
            let hour = digits(parts[0], 1...2), let minute = digits(parts[1], 1...2),
            hour < 24, minute < 60
        else { return nil }
        var nanoseconds = Int64(hour * 3600 + minute * 60) * 1_000_000_000
        guard parts.count == 3 else { return nanoseconds }
        let second = parts[2].split(separator: ".", omittingEmptySubsequences: false)
        guard second.count <= 2, let whole = digits(second[0], 1...2), whole < 60 else {
            return nil
        }
        nanoseconds += Int64(whole) * 1_000_000_000
        guard second.count == 2 else { return nanoseconds }
        guard let fraction = digits(second[1], 1...9) else { return nil }
        var scaled = Int64(fraction)
        for _ in second[1].utf8.count..<9 { scaled *= 10 }
        return nanoseconds + scaled
    }

    /// An ISO 8601 moment, or an integer, in milliseconds since 1970. Without a zone it is UTC.
    static func parseTimestamp(_ text: String, now: Int64) -> Int64? {
        if text.lowercased() == "now" { return now }
        if let number = Int64(text) { return number }
        let body = Substring(text)
        var offset: Int64 = 0
        var datePart = body
        var timePart: Substring?
        if let mark = body.firstIndex(where: { $0 == "T" || $0 == " " }) {
            datePart = body[..<mark]
            guard let split = splitZone(body[body.index(after: mark)...]) else { return nil }
            (timePart, offset) = split
        } else if let zone = body.dropFirst(10).first, "+-Zz".contains(zone) {
            guard let split = splitZone(body.dropFirst(10)), split.time.isEmpty else { return nil }
            datePart = body.prefix(10)
            offset = split.offset
        }
        guard let day = parseDate(datePart) else { return nil }
        var milliseconds: Int64 = 0
        if let timePart, !timePart.isEmpty {
            guard let nanoseconds = parseTime(timePart, secondsNeeded: false) else { return nil }
            milliseconds = nanoseconds / 1_000_000
        }
        let (start, overflows) = Int64(day).multipliedReportingOverflow(by: 86_400_000)
        let (result, overflowsToo) = start.addingReportingOverflow(milliseconds - offset)
        return overflows || overflowsToo ? nil : result
    }

    /// Cuts `Z`, `+hh`, `+hhmm`, `+hh:mm`, ` UTC` or ` GMT` off a time.
    private static func splitZone(_ text: Substring) -> (time: Substring, offset: Int64)? {
        var text = text
        for name in ["Z", "z", " UTC", " GMT", "UTC", "GMT"] where text.hasSuffix(name) {
            text.removeLast(name.count)
            return (text, 0)
        }
        guard let sign = text.lastIndex(where: { $0 == "+" || $0 == "-" }) else { return (text, 0) }
        let zone = text[text.index(after: sign)...].filter { $0 != ":" }
        var time = text[..<sign]
        while time.last == " " { time.removeLast() }
        guard let number = digits(zone[...], 2...4), zone.count != 3 else { return nil }
        let minutes = zone.count == 2 ? number * 60 : number / 100 * 60 + number % 100
        return (time, Int64(minutes) * 60_000 * (text[sign] == "-" ? -1 : 1))
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value.magnitude)
        return (value < 0 ? "-" : "")
            + String(repeating: "0", count: max(0, width - text.count)) + text
    }

    static func dateText(days: Int) -> String {
        let (year, month, day) = civil(days: days)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// `hh:mm:ss.fffffffff`
    static func timeText(nanoseconds: Int64) -> String {
        let seconds = Int(nanoseconds / 1_000_000_000)
        let fraction = Int(nanoseconds % 1_000_000_000)
        return "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):"
            + "\(padded(seconds % 60, 2)).\(padded(fraction, 9))"
    }

    /// `yyyy-mm-ddThh:mm:ss.mmmZ`, by the Julian calendar before 1582-10-15 and with the years of
    /// their era, as Java's `SimpleDateFormat` writes it.
    static func timestampText(milliseconds: Int64) -> String {
        var (day, rest) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        if rest < 0 {
            day -= 1
            rest += 86_400_000
        }
        let time = timeText(nanoseconds: rest * 1_000_000).dropLast(6)
        let date = day < gregorianStart ? julianText(days: Int(day)) : dateText(days: Int(day))
        return "\(date)T\(time)Z"
    }

    /// 1582-10-15, in days since 1970-01-01.
    private static let gregorianStart: Int64 = -141_427

    private static func julianText(days: Int) -> String {
        let z = days + 719_470
        let era = (z >= 0 ? z : z - 1460) / 1461
        let dayOfEra = z - era * 1461
        let yearOfEra = (dayOfEra - dayOfEra / 1460) / 365
        let dayOfYear = dayOfEra - 365 * yearOfEra
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 4 + (month <= 2 ? 1 : 0)
        let day = dayOfYear - (153 * shifted + 2) / 5 + 1
        let shownYear = String(year > 0 ? year : 1 - year)
        return String(repeating: "0", count: max(0, 4 - shownYear.utf8.count)) + shownYear
            + (month < 10 ? "-0" : "-") + String(month) + (day < 10 ? "-0" : "-") + String(day)
    }
}
