// Moments as text, both ways: `2024-05-06T07:08:09.123456Z` and its shorter forms.

/// Timestamps in microseconds since 1970-01-01T00:00Z. A text without a zone is in UTC, the
/// session's zone here. Source: Spark's `SparkDateTimeUtils.stringToTimestamp`, for years 0001 to
/// 9999.
enum TimestampText {
    private static let perSecond: Int64 = 1_000_000

    /// Reads `y-M-d`, `y-M-d[ T]h:m[:s[.f]][zone]`; zones are `Z`, `UTC`, `GMT`, `±h[:m]`.
    static func parse(_ text: Bytes) -> Int64? {
        var reader = Reader(text: text)
        guard let year = reader.number(4...4) else { return nil }
        var month = 1
        var day = 1
        if reader.take("-") {
            guard let given = reader.number(1...2), (1...12).contains(given) else { return nil }
            month = given
            if reader.take("-") {
                guard let given = reader.number(1...2) else { return nil }
                day = given
            }
        }
        guard year >= 1, (1...daysIn(month, of: year)).contains(day) else { return nil }
        let midnight = days(year: year, month: month, day: day) * 86_400 * perSecond
        if reader.isAtEnd { return midnight }
        guard reader.take("T") || reader.take(" ") else { return nil }
        if reader.isAtEnd { return midnight }
        guard let time = reader.time(), let zone = reader.zone(), reader.isAtEnd else { return nil }
        return midnight + time - zone
    }

    /// As Spark casts it: `2024-05-06 07:08:09.123`, without zeros at the end of the fraction.
    static func text(_ microseconds: Int64) -> String {
        let (date, inDay) = split(microseconds, by: 86_400 * perSecond)
        let (seconds, fraction) = (inDay / perSecond, inDay % perSecond)
        let (year, month, day) = civil(date)
        func padded(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        var out =
            "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2)) "
            + "\(padded(seconds / 3_600, 2)):\(padded(seconds / 60 % 60, 2)):"
            + padded(seconds % 60, 2)
        if fraction > 0 {
            var digits = padded(fraction, 6)
            while digits.hasSuffix("0") { digits.removeLast() }
            out += "." + digits
        }
        return out
    }

    /// As JSON and Spark's progress write it: `2024-05-06T07:08:09.123Z`.
    static func iso(milliseconds: Int64) -> String {
        let (seconds, rest) = split(milliseconds, by: 1_000)
        let digits = String(rest + 1_000).dropFirst()
        var out = text(seconds * perSecond)
        out.replaceSubrange(
            out.index(out.startIndex, offsetBy: 10)...out.index(out.startIndex, offsetBy: 10),
            with: "T")
        return out + ".\(digits)Z"
    }

    private static func split(_ value: Int64, by unit: Int64) -> (Int64, Int64) {
        let rest = value % unit
        return rest < 0 ? (value / unit - 1, rest + unit) : (value / unit, rest)
    }

    private static func daysIn(_ month: Int, of year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        switch month {
        case 2: return isLeap ? 29 : 28
        case 4, 6, 9, 11: return 30
        default: return 31
        }
    }

    /// Days since 1970-01-01. Years are counted from March, so that a leap day is a year's last.
    private static func days(year: Int, month: Int, day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let inEra = shifted % 400
        let inYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return Int64(era * 146_097 + inEra * 365 + inEra / 4 - inEra / 100 + inYear - 719_468)
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, inEra) = split(days + 719_468, by: 146_097)
        let year = (inEra - inEra / 1_460 + inEra / 36_524 - inEra / 146_096) / 365
        let inYear = inEra - (365 * year + year / 4 - year / 100)
        let shifted = (5 * inYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let day = inYear - (153 * shifted + 2) / 5 + 1
        return (year + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private struct Reader {
        let text: Bytes
        var at = 0

        init(text: Bytes) { self.text = text }

        var isAtEnd: Bool { at == text.count }

        mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard at < text.count, text[at] == UInt8(ascii: scalar) else { return false }
            at += 1
            return true
        }

        mutating func number(_ digits: ClosedRange<Int>) -> Int? {
            var value = 0
            let start = at
            while at < text.count, JSONBytes.isDigit(text[at]), at - start < digits.upperBound {
                value = value * 10 + Int(text[at] - 0x30)
                at += 1
            }
            return digits.contains(at - start) ? value : nil
        }

        /// Microseconds since midnight.
        mutating func time() -> Int64? {
            guard let hour = number(1...2), hour < 24, take(":"), let minute = number(1...2),
                minute < 60
            else { return nil }
            var micros = Int64(hour * 3_600 + minute * 60) * TimestampText.perSecond
            guard take(":") else { return micros }
            guard let second = number(1...2), second < 60 else { return nil }
            micros += Int64(second) * TimestampText.perSecond
            guard take(".") else { return micros }
            var unit: Int64 = 100_000
            while at < text.count, JSONBytes.isDigit(text[at]) {
                micros += Int64(text[at] - 0x30) * unit
                unit /= 10
                at += 1
            }
            return micros
        }

        /// Microseconds east of Greenwich.
        mutating func zone() -> Int64? {
            if isAtEnd || take("Z") { return 0 }
            let rest = String(decoding: text[at...], as: UTF8.self)
            if rest == "UTC" || rest == "GMT" || rest == " UTC" {
                at = text.count
                return 0
            }
            let sign: Int64
            if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
            guard let hours = number(1...2), hours <= 18 else { return nil }
            _ = take(":")
            let minutes = isAtEnd ? 0 : number(2...2)
            guard let minutes, minutes < 60 else { return nil }
            return sign * Int64(hours * 3_600 + minutes * 60) * TimestampText.perSecond
        }
    }
}
