// Moments as text, in the two shapes that Airflow uses, and back.

import Foundation
import MillraceBase
import MillraceWorkflow

enum Moment {
    /// `2026-11-23T10:00:00.250000Z`, as in answers of the API.
    static func text(milliseconds: Int64) -> String {
        civil(microseconds: milliseconds * 1_000, alwaysFraction: true) + "Z"
    }

    /// `2026-11-23T10:00:00+00:00`, with a fraction only when there is one, as in run ids.
    static func runID(microseconds: Int64) -> String {
        civil(microseconds: microseconds, alwaysFraction: false) + "+00:00"
    }

    private static func civil(microseconds: Int64, alwaysFraction: Bool) -> String {
        let perDay: Int64 = 86_400_000_000
        var day = microseconds / perDay
        if microseconds % perDay < 0 { day -= 1 }
        let rest = Int(microseconds - day * perDay)
        let date = CivilDate(dayNumber: Int(day))
        let second = rest / 1_000_000
        var text = padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2)
        text += "T" + padded(second / 3_600, 2) + ":" + padded(second / 60 % 60, 2)
        text += ":" + padded(second % 60, 2)
        let fraction = rest % 1_000_000
        return alwaysFraction || fraction > 0 ? text + "." + padded(fraction, 6) : text
    }

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }

    /// RFC 3339 with a zone, to the millisecond.
    ///
    /// - Returns: `nil` for anything else, a moment without a zone included.
    static func milliseconds(_ text: String) -> Int64? {
        let parts = text.uppercased().split(separator: "T", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let date = parts[0].split(separator: "-").map { Int($0) }
        guard date.count == 3, let year = date[0], let month = date[1], let day = date[2],
            let dayNumber = CivilDate.dayNumber(year: year, month: month, day: day)
        else { return nil }
        guard let mark = parts[1].firstIndex(where: { $0 == "Z" || $0 == "+" || $0 == "-" }) else {
            return nil
        }
        guard let time = timeMilliseconds(parts[1][..<mark]),
            let zone = zoneMilliseconds(parts[1][mark...])
        else { return nil }
        return Int64(dayNumber) * 86_400_000 + time - zone
    }

    private static func timeMilliseconds(_ text: Substring) -> Int64? {
        let fields = text.split(separator: ":", omittingEmptySubsequences: false)
        guard fields.count == 3, let hour = Int(fields[0]), (0...23).contains(hour),
            let minute = Int(fields[1]), (0...59).contains(minute),
            let second = Double(fields[2]), (0..<61).contains(second)
        else { return nil }
        return Int64(hour * 3_600_000 + minute * 60_000) + Int64((second * 1_000).rounded(.down))
    }

    private static func zoneMilliseconds(_ text: Substring) -> Int64? {
        if text == "Z" { return 0 }
        let fields = text.dropFirst().split(separator: ":")
        guard fields.count == 2, let hour = Int(fields[0]), (0...23).contains(hour),
            let minute = Int(fields[1]), (0...59).contains(minute)
        else { return nil }
        return Int64(hour * 60 + minute) * 60_000 * (text.first == "-" ? -1 : 1)
    }
}

extension Schedule {
    /// The first tick later than a moment, both in milliseconds since 1970.
    func tick(after milliseconds: Int64) -> Int64? {
        next(after: Date(timeIntervalSince1970: Double(milliseconds) / 1_000)).map {
            Int64(($0.timeIntervalSince1970 * 1_000).rounded())
        }
    }
}

extension DAGPlan {
    /// Every parameter's value for a run, as an object in the order of declaration.
    func parameterObject(for configuration: JSONValue?) throws(OrchestratorError) -> JSONValue {
        if let configuration,
            configuration.bytes.count > WorkflowLimits.configurationBytesMax
        {
            throw .badConfiguration(
                "conf has more than \(WorkflowLimits.configurationBytesMax) bytes")
        }
        do throws(ParameterError) {
            let values = try parameterValues(for: configuration)
            return .object(JSONObject(parameters.map { ($0.name, values[$0.name] ?? .null) }))
        } catch {
            throw .badConfiguration(error.description)
        }
    }
}
