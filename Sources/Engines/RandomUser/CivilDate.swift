// A moment as a day of the Gregorian calendar, in UTC.

/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
struct CivilDate {
    let year: Int
    let month: Int
    let day: Int
    let millisecondOfDay: Int

    /// - Parameter milliseconds: since 1970-01-01T00:00Z, negative before.
    init(milliseconds: Int64) {
        let dayLength: Int64 = 86_400_000
        let days = Int(
            (milliseconds >= 0 ? milliseconds : milliseconds - dayLength + 1) / dayLength)
        millisecondOfDay = Int(milliseconds - Int64(days) * dayLength)
        // Days since 0000-03-01, so that the leap day is a year's last.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Whole years, as birthdays count them.
    func years(until other: CivilDate) -> Int {
        let isBeforeBirthday = (other.month, other.day) < (month, day)
        return max(0, other.year - year - (isBeforeBirthday ? 1 : 0))
    }
}
