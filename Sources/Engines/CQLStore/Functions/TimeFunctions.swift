// The functions of dates, times and timestamps. Source: Cassandra's TimeFcts.

import CQLProtocol
import MillraceBase

enum TimeFunctions {
    static let all: [ScalarFunction] = {
        var list: [ScalarFunction] = []
        for name in ["current_timestamp", "currenttimestamp"] {
            list.append(
                ScalarFunction(name: name, parameters: [], result: .timestamp, isPure: false) {
                    _, context in context.nowMilliseconds.bigBytes
                })
        }
        for name in ["current_date", "currentdate"] {
            list.append(
                ScalarFunction(name: name, parameters: [], result: .date, isPure: false) {
                    _, context in TimeParts.date(context.nowMilliseconds)
                })
        }
        for name in ["current_time", "currenttime"] {
            list.append(
                ScalarFunction(name: name, parameters: [], result: .time, isPure: false) {
                    _, context in (context.nowMicroseconds % 86_400_000_000 * 1000).bigBytes
                })
        }
        for type in [CQLType.timeuuid, .timestamp] {
            list += ["to_date", "todate"].map { toDate($0, type) }
        }
        for type in [CQLType.timeuuid, .date] {
            list += ["to_timestamp", "totimestamp"].map {
                milliseconds($0, type, result: .timestamp)
            }
        }
        for type in [CQLType.timeuuid, .timestamp, .date] {
            list += ["to_unix_timestamp", "tounixtimestamp"].map {
                milliseconds($0, type, result: .bigint)
            }
        }
        list.append(milliseconds("dateof", .timeuuid, result: .timestamp))
        list.append(milliseconds("unixtimestampof", .timeuuid, result: .bigint))
        return list
    }()

    private static func toDate(_ name: String, _ type: CQLType) -> ScalarFunction {
        ScalarFunction(name: name, parameters: [type], result: .date) { arguments, _ in
            TimeParts.milliseconds(arguments[0], of: type).map(TimeParts.date)
        }
    }

    private static func milliseconds(
        _ name: String, _ type: CQLType, result: CQLType
    ) -> ScalarFunction {
        ScalarFunction(name: name, parameters: [type], result: result) { arguments, _ in
            TimeParts.milliseconds(arguments[0], of: type)?.bigBytes
        }
    }
}

// MARK: floor

extension TimeFunctions {
    static let floors: [ScalarFunction] = [
        floor([.timestamp, .duration], .timestamp), floor([.timeuuid, .duration], .timestamp),
        floor([.timestamp, .duration, .timestamp], .timestamp),
        floor([.timeuuid, .duration, .timestamp], .timestamp),
        floor([.date, .duration], .date), floor([.date, .duration, .date], .date),
        ScalarFunction(name: "floor", parameters: [.time, .duration], result: .time) {
            (arguments, _) throws(StatementError) in
            guard let time = TimeParts.milliseconds(arguments[0]),
                let duration = TimeParts.duration(arguments[1])
            else { return nil }
            return try floorTime(time, duration).bigBytes
        },
    ]

    private static func floor(_ parameters: [CQLType], _ result: CQLType) -> ScalarFunction {
        ScalarFunction(name: "floor", parameters: parameters, result: result) {
            (arguments, _) throws(StatementError) in
            guard let time = TimeParts.milliseconds(arguments[0], of: parameters[0]),
                let duration = TimeParts.duration(arguments[1])
            else { return nil }
            var start: Int64 = 0
            if parameters.count == 3 {
                guard let given = TimeParts.milliseconds(arguments[2], of: parameters[2]) else {
                    return nil
                }
                start = given
            }
            if result == .date {
                guard duration.nanoseconds == 0 else {
                    throw .invalid(
                        "The floor on date values cannot be computed for the \(duration) duration "
                            + "as precision is below 1 day")
                }
                return TimeParts.date(try floor(time, duration, from: start))
            }
            guard duration.nanoseconds % 1_000_000 == 0 else {
                throw .invalid(
                    "The floor cannot be computed for the \(duration) duration as precision is "
                        + "below 1 millisecond")
            }
            return try floor(time, duration, from: start).bigBytes
        }
    }

    /// The last multiple of the duration since `start` that is not after `time`; milliseconds.
    static func floor(
        _ time: Int64, _ duration: CQLDuration, from start: Int64
    ) throws(StatementError) -> Int64 {
        guard start <= time else {
            throw .invalid("The floor function starting time is greater than the provided time")
        }
        guard !TimeParts.isNegative(duration) else {
            throw .invalid("Negative durations are not supported by the floor function")
        }
        let (span, isOver) = time.subtractingReportingOverflow(start)
        guard !isOver else {
            throw .invalid(
                "The floor function starting time is too far away from the provided time")
        }
        let step = Int64(duration.days) * 86_400_000 + duration.nanoseconds / 1_000_000
        if duration.months == 0 {
            guard step > 0 else { return time }
            return time - span % step
        }
        // A month has 28 days at least, so this many fit at most.
        var most = span / (Int64(duration.months) * 28 * 86_400_000 + step) + 1
        var least: Int64 = 0
        while least < most {
            let middle = least + (most - least + 1) / 2
            if TimeParts.added(duration, times: middle, to: start) <= time {
                least = middle
            } else {
                most = middle - 1
            }
        }
        return TimeParts.added(duration, times: least, to: start)
    }

    private static func floorTime(
        _ time: Int64, _ duration: CQLDuration
    ) throws(StatementError) -> Int64 {
        guard !TimeParts.isNegative(duration) else {
            throw .invalid("Negative durations are not supported by the floor function")
        }
        guard duration.months == 0, duration.days == 0,
            duration.nanoseconds <= 86_400_000_000_000
        else {
            throw .invalid(
                "For time values, the floor can only be computed for durations smaller that a day")
        }
        return duration.nanoseconds == 0 ? time : time - time % duration.nanoseconds
    }
}

/// Conversions between the types that tell a time.
enum TimeParts {
    static func milliseconds(_ bytes: [UInt8]?) -> Int64? {
        guard let bytes, bytes.count == 8 else { return nil }
        return bytes.withUnsafeBytes { $0.big() }
    }

    static func milliseconds(ofID bytes: [UInt8]?) -> Int64? {
        bytes.flatMap { CQLUUID($0) }?.unixMilliseconds
    }

    static func milliseconds(_ bytes: [UInt8]?, of type: CQLType) -> Int64? {
        switch type {
        case .timeuuid: return milliseconds(ofID: bytes)
        case .date:
            guard let bytes, bytes.count == 4 else { return nil }
            let days = Int64(bytes.withUnsafeBytes { $0.big(as: UInt32.self) }) - 1 << 31
            return days * 86_400_000
        default: return milliseconds(bytes)
        }
    }

    static func date(_ milliseconds: Int64) -> [UInt8] {
        // Java's durations floor to seconds, and their days are those of the seconds towards zero.
        let (quotient, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        let days = (rest < 0 ? quotient - 1 : quotient) / 86_400
        return UInt32(truncatingIfNeeded: days + 1 << 31).bigBytes
    }

    static func duration(_ bytes: [UInt8]?) -> CQLDuration? {
        guard let bytes, case .duration(let value)? = try? CQLValue.decode(bytes, as: .duration)
        else { return nil }
        return value
    }

    static func isNegative(_ duration: CQLDuration) -> Bool {
        duration.months < 0 || duration.days < 0 || duration.nanoseconds < 0
    }

    /// Months first, kept within the month's length; then days and the rest. Milliseconds.
    static func added(_ duration: CQLDuration, times: Int64, to start: Int64) -> Int64 {
        let day: Int64 = 86_400_000
        var (days, rest) = start.quotientAndRemainder(dividingBy: day)
        if rest < 0 { (days, rest) = (days - 1, rest + day) }
        let (year, month, dayOfMonth) = CivilTime.civil(days: Int(days))
        let index = Int64(year) * 12 + Int64(month - 1) + Int64(duration.months) &* times
        let newYear = Int(index >= 0 ? index / 12 : (index - 11) / 12)
        let newMonth = Int(index) - newYear * 12 + 1
        let kept = min(dayOfMonth, CivilTime.daysIn(newMonth, newYear))
        let moved = Int64(CivilTime.days(year: newYear, month: newMonth, day: kept))
        let step = Int64(duration.days) * day + duration.nanoseconds / 1_000_000
        return moved &* day &+ rest &+ step &* times
    }
}
