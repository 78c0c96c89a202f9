// When runs of a DAG start by themselves: a cron expression on the clocks of a time zone.

public import Foundation

/// A repeated moment. Wrong text is kept with its error, so that declaring needs no `try`; the DAG's
/// `validate()` reports it.
///
/// Around changes of the clocks, as Airflow's cron timetables:
/// - a local time that does not exist is moved on by as much as the clocks are: one run, not none;
/// - a local time that exists twice means its second occurrence: one run, not two;
/// - an expression for every hour (`*` as hour) follows the clocks' real hours: none lost, none twice.
public struct Schedule: Sendable, Equatable, CustomStringConvertible {
    /// As it was written.
    public let expression: String
    /// A name of the tz database.
    public let timeZone: String
    private let parsed: Result<Parsed, ScheduleError>

    private struct Parsed: Sendable, Equatable {
        var cron: CronExpression
        var zone: TimeZone
    }

    public static let hourly = cron("@hourly")
    /// At midnight UTC.
    public static let daily = cron("@daily")
    /// At midnight UTC between Saturday and Sunday.
    public static let weekly = cron("@weekly")
    public static let monthly = cron("@monthly")
    public static let quarterly = cron("@quarterly")
    public static let yearly = cron("@yearly")

    /// - Parameters:
    ///   - expression: five fields (minute, hour, day of month, month, day of week) or `@daily` and
    ///     the like. Names, ranges, lists, steps, `L` (last day), `L5` (last Friday), `5#2` (second
    ///     Friday). When both day fields are set, either is enough.
    ///   - timeZone: a name of the tz database, such as `Europe/Berlin`.
    public static func cron(_ expression: String, timeZone: String = "UTC") -> Schedule {
        Schedule(expression: expression, timeZone: timeZone)
    }

    private init(expression: String, timeZone: String) {
        self.expression = expression
        self.timeZone = timeZone
        parsed = Result { () throws(ScheduleError) in
            guard let zone = TimeZone(identifier: timeZone) else {
                throw ScheduleError(expression, "there is no time zone \"\(timeZone)\"")
            }
            let cron = try CronExpression(parsing: expression)
            guard cron.next(after: CivilTime(dayNumber: 0, minuteOfDay: 0)) != nil else {
                throw ScheduleError(expression, "no date ever matches it")
            }
            return Parsed(cron: cron, zone: zone)
        }
    }

    /// Why the schedule cannot be used; `nil` for a good one.
    public var error: ScheduleError? {
        if case .failure(let error) = parsed { error } else { nil }
    }

    /// The first tick later than `moment`; `nil` for a schedule that has an error.
    public func next(after moment: Date) -> Date? {
        guard case .success(let parsed) = parsed else { return nil }
        let seconds = Int(moment.timeIntervalSince1970.rounded(.down))
        let ticks = CronTicks(cron: parsed.cron) { parsed.zone.offsetSeconds(at: $0) }
        return ticks.next(after: seconds).map { Date(timeIntervalSince1970: TimeInterval($0)) }
    }

    public var description: String {
        timeZone == "UTC" ? expression : "\(expression) (\(timeZone))"
    }
}

/// A schedule's text that cannot be used.
public struct ScheduleError: Error, Equatable, Sendable, CustomStringConvertible {
    public let expression: String
    /// Half a sentence: what is wrong.
    public let why: String

    init(_ expression: String, _ why: String) {
        self.expression = String(expression.prefix(WorkflowLimits.cronCharactersMax))
        self.why = why
    }

    public var description: String { "the schedule \"\(expression)\" cannot be used: \(why)" }
}

extension TimeZone {
    /// What local clocks are ahead of UTC at a moment in seconds since 1970.
    fileprivate func offsetSeconds(at moment: Int) -> Int {
        secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(moment)))
    }
}
