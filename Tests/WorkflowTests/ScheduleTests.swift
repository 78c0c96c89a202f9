// Cron expressions, time zones and changes of the clocks.

import Foundation
import Testing

@testable import MillraceWorkflow

@Suite("Schedule")
struct ScheduleTests {
    static func moment(_ text: String) -> Date {
        (try? Date(text, strategy: .iso8601)) ?? .distantPast
    }

    static func ticks(_ schedule: Schedule, after start: String, count: Int) -> [String] {
        var at = moment(start)
        var ticks: [String] = []
        for _ in 0..<count {
            guard let next = schedule.next(after: at) else { break }
            ticks.append(next.formatted(.iso8601))
            at = next
        }
        return ticks
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var cron: String
        var zone: String
        var after: String
        var ticks: [String]

        init(_ cron: String, _ zone: String, _ after: String, _ ticks: [String]) {
            self.cron = cron
            self.zone = zone
            self.after = after
            self.ticks = ticks
        }

        var testDescription: String { "\(cron) \(zone) after \(after)" }
    }

    static let table: [Case] = [
        .init(
            "@daily", "UTC", "2026-02-27T12:00:00Z",
            [
                "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z",
            ]),
        .init("@hourly", "UTC", "2026-12-31T23:00:00Z", ["2027-01-01T00:00:00Z"]),
        .init(
            "@quarterly", "UTC", "2026-01-01T00:00:00Z",
            [
                "2026-04-01T00:00:00Z", "2026-07-01T00:00:00Z",
            ]),
        .init(
            "*/15 9-10 * * mon-fri", "UTC", "2026-11-20T10:40:00Z",
            [
                "2026-11-20T10:45:00Z", "2026-11-23T09:00:00Z",
            ]),
        // Both day fields set: either is enough.
        .init(
            "0 12 13 * 5", "UTC", "2026-11-10T00:00:00Z",
            [
                "2026-11-13T12:00:00Z", "2026-11-20T12:00:00Z", "2026-11-27T12:00:00Z",
                "2026-12-04T12:00:00Z", "2026-12-11T12:00:00Z", "2026-12-13T12:00:00Z",
            ]),
        .init(
            "0 0 L * *", "UTC", "2028-02-01T00:00:00Z",
            [
                "2028-02-29T00:00:00Z", "2028-03-31T00:00:00Z",
            ]),
        .init(
            "0 0 * * L5", "UTC", "2026-11-01T00:00:00Z",
            [
                "2026-11-27T00:00:00Z", "2026-12-25T00:00:00Z",
            ]),
        .init(
            "0 0 * * 5#2", "UTC", "2026-11-01T00:00:00Z",
            [
                "2026-11-13T00:00:00Z", "2026-12-11T00:00:00Z",
            ]),
        .init("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", ["2028-02-29T00:00:00Z"]),
        .init("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", ["2104-02-29T00:00:00Z"]),
        .init("0 0 * * 7", "UTC", "2026-11-23T00:00:00Z", ["2026-11-29T00:00:00Z"]),
        .init(
            "0 22-1 * * *", "UTC", "2026-11-23T21:00:00Z",
            [
                "2026-11-23T22:00:00Z", "2026-11-23T23:00:00Z", "2026-11-24T00:00:00Z",
                "2026-11-24T01:00:00Z", "2026-11-24T22:00:00Z",
            ]),
        // A local time that does not exist is moved on by the gap; once, not never.
        .init(
            "30 2 * * *", "America/New_York", "2024-03-09T12:00:00Z",
            [
                "2024-03-10T07:30:00Z", "2024-03-11T06:30:00Z",
            ]),
        // A local time that exists twice is its second occurrence, once.
        .init(
            "30 1 * * *", "America/New_York", "2024-11-02T12:00:00Z",
            [
                "2024-11-03T06:30:00Z", "2024-11-04T06:30:00Z",
            ]),
        .init("30 1 * * *", "America/New_York", "2024-11-03T05:45:00Z", ["2024-11-03T06:30:00Z"]),
        .init(
            "0 */2 * * *", "Europe/Berlin", "2024-10-26T21:30:00Z",
            [
                "2024-10-26T22:00:00Z", "2024-10-27T01:00:00Z", "2024-10-27T03:00:00Z",
            ]),
        // Every hour follows real hours, through both changes.
        .init(
            "30 * * * *", "America/New_York", "2024-11-03T04:00:00Z",
            [
                "2024-11-03T04:30:00Z", "2024-11-03T05:30:00Z", "2024-11-03T06:30:00Z",
                "2024-11-03T07:30:00Z",
            ]),
        .init(
            "30 * * * *", "America/New_York", "2024-03-10T05:45:00Z",
            [
                "2024-03-10T06:30:00Z", "2024-03-10T07:30:00Z", "2024-03-10T08:30:00Z",
            ]),
        // Half an hour's change, where Airflow 3.3.2 stops with an assertion.
        .init(
            "0 2 * * *", "Australia/Lord_Howe", "2024-04-06T10:00:00Z",
            [
                "2024-04-06T15:30:00Z", "2024-04-07T15:30:00Z",
            ]),
        .init(
            "15 2 * * *", "Australia/Lord_Howe", "2024-10-05T10:00:00Z", ["2024-10-05T15:45:00Z"]),
        // The date line moved: 30 December 2011 never was in Samoa.
        .init(
            "0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z",
            [
                "2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z", "2011-12-31T22:00:00Z",
            ]),
    ]

    @Test(arguments: table)
    func ticksAsExpected(_ one: Case) {
        let schedule = Schedule.cron(one.cron, timeZone: one.zone)
        #expect(schedule.error == nil)
        #expect(Self.ticks(schedule, after: one.after, count: one.ticks.count) == one.ticks)
    }

    static let zones = [
        "UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata",
        "Asia/Tehran", "Australia/Lord_Howe", "Australia/Sydney", "Pacific/Apia",
        "Africa/Casablanca", "America/St_Johns", "Atlantic/Azores",
    ]

    /// Goal: ticks rise strictly, a daily one comes once for each local day, also in zones and years
    /// with changes; asking from any moment in between gives the same next tick.
    @Test(arguments: zones)
    func dailyComesOnceADay(zone: String) {
        for cron in ["30 2 * * *", "0 0 * * *"] {
            let schedule = Schedule.cron(cron, timeZone: zone)
            var at = Self.moment("2023-12-31T12:00:00Z")
            for day in 0..<370 {
                guard let next = schedule.next(after: at) else {
                    Issue.record("no tick after \(at)")
                    return
                }
                let gap = next.timeIntervalSince(at)
                #expect(gap > 0 && gap <= 86_400 + 3_600, "\(cron) \(at) → \(next)")
                if day.isMultiple(of: 5) {
                    let between = at.addingTimeInterval(gap * 0.7)
                    #expect(schedule.next(after: between) == next, "\(cron) from \(between)")
                }
                at = next
            }
        }
    }

    /// Goal: no real hour is lost or doubled, where clocks change by whole hours.
    @Test(arguments: ["Europe/Berlin", "America/New_York", "Africa/Casablanca"])
    func hourlyComesEveryHour(zone: String) {
        let schedule = Schedule.cron("0 * * * *", timeZone: zone)
        var at = Self.moment("2024-01-01T00:00:00Z").addingTimeInterval(-1)
        at = schedule.next(after: at) ?? at
        for _ in 0..<8_800 {
            let next = schedule.next(after: at)
            #expect(next?.timeIntervalSince(at) == 3_600)
            guard next?.timeIntervalSince(at) == 3_600 else { return }
            at = next ?? at
        }
    }

    @Test(arguments: [
        "", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
        "*/0 * * * *", "5-1-2 * * * *", "a * * * *", "@never", "1,,2 * * * *", "* * * * 5L",
        "* * * * 5#6", "0 0 31 2 *", "-1 * * * *", "* * * * * *", "+5 * * * *",
    ])
    func refusesBadText(text: String) {
        let schedule = Schedule.cron(text)
        #expect(schedule.error != nil)
        #expect(schedule.next(after: .now) == nil)
    }

    @Test func saysWhatIsWrong() {
        let field = Schedule.cron("0 25 * * *").error?.description ?? ""
        #expect(field.contains("hour") && field.contains("0-23"))
        let zone = Schedule.cron("@daily", timeZone: "Mars/Olympus").error?.description ?? ""
        #expect(zone.contains("Mars/Olympus"))
    }

    /// Goal: days to dates and back, over leap years and centuries.
    @Test func datesSurviveTheRoundTrip() {
        for day in stride(from: -200_000, to: 200_000, by: 37) {
            let date = CivilDate(dayNumber: day)
            #expect(CivilDate.dayNumber(year: date.year, month: date.month, day: date.day) == day)
        }
        #expect(CivilDate.dayNumber(year: 1900, month: 2, day: 29) == nil)
        #expect(CivilDate.dayNumber(year: 1970, month: 1, day: 1) == 0)
    }
}
