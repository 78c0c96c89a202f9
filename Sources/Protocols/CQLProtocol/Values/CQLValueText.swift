// Values as a person reads them.

/// The calendar arithmetic that dates and timestamps need; proleptic Gregorian, as CQL's.
enum CivilDate {
    /// Days since 1970-01-01 to a date. Source: H. Hinnant, "chrono-Compatible Low-Level Date
    /// Algorithms", civil_from_days.
    static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    static func text(days: Int64) -> String {
        let (year, month, day) = date(days: days)
        let sign = year < 0 ? "-" : ""
        return "\(sign)\(padded(year.magnitude, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    static func padded(_ number: some BinaryInteger, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

extension CQLValue: CustomStringConvertible {
    /// Plain where it stands alone: text as it is, times in ISO 8601 and UTC, blobs as `0x…`. Inside a
    /// collection texts are quoted as CQL does.
    package var description: String {
        switch self {
        case .null: "null"
        case .unset: "unset"
        case .empty: ""
        case .ascii(let text), .text(let text): text
        case .bigint(let value), .counter(let value): String(value)
        case .int(let value): String(value)
        case .smallint(let value): String(value)
        case .tinyint(let value): String(value)
        case .varint(let value): value.description
        case .decimal(let value): value.description
        case .double(let value): Self.text(value)
        case .float(let value): Self.text(value)
        case .boolean(let value): value ? "true" : "false"
        case .blob(let bytes), .custom(let bytes): Self.hex(bytes)
        case .uuid(let value), .timeuuid(let value): value.description
        case .inet(let value): value.description
        case .duration(let value): value.description
        case .date(let days): CivilDate.text(days: Int64(days))
        case .time(let nanoseconds): Self.time(nanoseconds, fractionDigits: 9)
        case .timestamp(let milliseconds): Self.timestamp(milliseconds)
        case .list(let values), .vector(let values):
            "[" + values.map(\.literal).joined(separator: ", ") + "]"
        case .set(let values): "{" + values.map(\.literal).joined(separator: ", ") + "}"
        case .map(let entries):
            "{" + entries.map { "\($0.key.literal): \($0.value.literal)" }.joined(separator: ", ")
                + "}"
        case .tuple(let values), .udt(let values):
            "(" + values.map(\.literal).joined(separator: ", ") + ")"
        }
    }

    /// As it may stand in a CQL statement, user types excepted, whose field names only their type has.
    package var literal: String {
        switch self {
        case .ascii(let text), .text(let text):
            "'"
                + text.split(separator: "'", omittingEmptySubsequences: false)
                .joined(separator: "''") + "'"
        case .inet, .date, .time, .timestamp: "'\(self)'"
        default: description
        }
    }

    private static func timestamp(_ milliseconds: Int64) -> String {
        let (days, rest) = milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        let day = rest < 0 ? days - 1 : days
        let ofDay = rest < 0 ? rest + 86_400_000 : rest
        return CivilDate.text(days: day) + "T" + time(ofDay * 1_000_000, fractionDigits: 3) + "Z"
    }

    private static func time(_ nanoseconds: Int64, fractionDigits: Int) -> String {
        let seconds = nanoseconds / 1_000_000_000
        let fraction = CivilDate.padded(nanoseconds % 1_000_000_000, 9).prefix(fractionDigits)
        let clock = [seconds / 3_600, seconds / 60 % 60, seconds % 60]
        return clock.map { CivilDate.padded($0, 2) }.joined(separator: ":") + "." + fraction
    }

    private static func text(_ value: some BinaryFloatingPoint & LosslessStringConvertible)
        -> String
    {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return String(value)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        "0x" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
