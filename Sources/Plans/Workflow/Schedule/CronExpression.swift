// A cron expression's fields as sets, and the local times they match.

/// Five fields, parsed. Source: crontab(5), and Airflow's extensions `L`, `L5`, `5#2`.
struct CronExpression: Sendable, Equatable {
    /// A weekday of a month by its place: `5#2` is the second Friday; the last one has place `nil`.
    struct WeekdayPlace: Sendable, Equatable, Hashable {
        var weekday: Int
        var place: Int?
    }

    /// Rising, 0...59.
    var minutes: [Int]
    /// Rising, 0...23.
    var hours: [Int]
    var months: Set<Int>
    var monthDays: Set<Int>
    var isLastMonthDay: Bool
    /// 0 for Sunday … 6.
    var weekdays: Set<Int>
    var weekdayPlaces: Set<WeekdayPlace>
    /// Whether the field says anything but `*`. When both do, either is enough.
    var isMonthDaySet: Bool
    var isWeekdaySet: Bool

    var isEveryHour: Bool { hours.count == 24 }

    /// Whether runs may start on a day.
    func matches(dayNumber: Int) -> Bool {
        let date = CivilDate(dayNumber: dayNumber)
        guard months.contains(date.month) else { return false }
        switch (isMonthDaySet, isWeekdaySet) {
        case (false, false): return true
        case (true, false): return matchesMonthDay(date)
        case (false, true): return matchesWeekday(date, dayNumber)
        case (true, true): return matchesMonthDay(date) || matchesWeekday(date, dayNumber)
        }
    }

    private func matchesMonthDay(_ date: CivilDate) -> Bool {
        monthDays.contains(date.day) || isLastMonthDay && date.day == date.daysInMonth
    }

    private func matchesWeekday(_ date: CivilDate, _ dayNumber: Int) -> Bool {
        let weekday = CivilDate.weekday(dayNumber: dayNumber)
        if weekdays.contains(weekday) { return true }
        let place = (date.day - 1) / 7 + 1
        let isLast = date.day + 7 > date.daysInMonth
        return weekdayPlaces.contains(WeekdayPlace(weekday: weekday, place: place))
            || isLast && weekdayPlaces.contains(WeekdayPlace(weekday: weekday, place: nil))
    }

    func matches(_ time: CivilTime) -> Bool {
        hours.contains(time.minuteOfDay / 60) && minutes.contains(time.minuteOfDay % 60)
            && matches(dayNumber: time.dayNumber)
    }

    /// The first matching minute later than `time`; `nil` when none comes within
    /// `WorkflowLimits.scheduleDaysMax`, which holds for expressions like the 31st of February.
    func next(after time: CivilTime) -> CivilTime? {
        if matches(dayNumber: time.dayNumber),
            let minute = nextMinute(after: time.minuteOfDay)
        {
            return CivilTime(dayNumber: time.dayNumber, minuteOfDay: minute)
        }
        guard let hour = hours.first, let minute = minutes.first else { return nil }
        for day in time.dayNumber + 1...time.dayNumber + WorkflowLimits.scheduleDaysMax
        where matches(dayNumber: day) {
            return CivilTime(dayNumber: day, minuteOfDay: hour * 60 + minute)
        }
        return nil
    }

    private func nextMinute(after minuteOfDay: Int) -> Int? {
        for hour in hours where hour >= minuteOfDay / 60 {
            for minute in minutes where hour * 60 + minute > minuteOfDay {
                return hour * 60 + minute
            }
        }
        return nil
    }
}
