// A date and time of day on somebody's wall, without a time zone.

/// Whole minutes of the proleptic Gregorian calendar.
struct CivilTime: Sendable, Equatable, Comparable {
    /// Days since 1970-01-01.
    var dayNumber: Int
    /// 0..<1,440.
    var minuteOfDay: Int

    init(dayNumber: Int, minuteOfDay: Int) {
        self.dayNumber = dayNumber
        self.minuteOfDay = minuteOfDay
    }

    /// The minute that holds a moment, given as if the wall's clocks showed UTC.
    init(seconds: Int) {
        dayNumber = Self.floored(seconds, by: 86_400)
        minuteOfDay = (seconds - dayNumber * 86_400) / 60
    }

    /// As if the wall's clocks showed UTC.
    var seconds: Int { dayNumber * 86_400 + minuteOfDay * 60 }

    static func < (a: Self, b: Self) -> Bool { a.seconds < b.seconds }

    fileprivate static func floored(_ value: Int, by divisor: Int) -> Int {
        value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
    }
}

/// A day of the proleptic Gregorian calendar.
package struct CivilDate: Sendable, Equatable {
    package var year: Int
    /// 1...12
    package var month: Int
    /// 1...31
    package var day: Int

    /// Counts from 0000-03-01, so that a leap day is a year's last: a year is then a run of months
    /// of 153 days for each five, and 400 years are 146,097 days.
    package init(dayNumber: Int) {
        let shifted = dayNumber + 719_468
        let era = CivilTime.floored(shifted, by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysInMonth: Int {
        switch month {
        case 2: isLeapYear ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private var isLeapYear: Bool {
        year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
    }

    /// Days since 1970-01-01; `nil` for a date that the calendar does not have.
    package static func dayNumber(year: Int, month: Int, day: Int) -> Int? {
        guard (1...9_999).contains(year), (1...12).contains(month), day >= 1 else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = CivilTime.floored(shiftedYear, by: 400)
        let yearOfEra = shiftedYear - era * 400
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let number = era * 146_097 + dayOfEra - 719_468
        let date = CivilDate(dayNumber: number)
        return date.month == month && date.day == day ? number : nil
    }

    /// 0 for Sunday … 6 for Saturday. 1970-01-01 was a Thursday.
    static func weekday(dayNumber: Int) -> Int { ((dayNumber + 4) % 7 + 7) % 7 }
}
