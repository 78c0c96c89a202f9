// The text of a cron expression, read into its fields.

extension CronExpression {
    /// - Throws: `ScheduleError` that names the field and what it takes.
    init(parsing text: String) throws(ScheduleError) {
        guard text.count <= WorkflowLimits.cronCharactersMax else {
            throw ScheduleError(text, "it is longer than \(WorkflowLimits.cronCharactersMax)")
        }
        var expression = text.lowercased()
        if expression.hasPrefix("@") {
            guard let preset = CronField.presets[expression] else {
                let known = CronField.presets.keys.sorted().joined(separator: ", ")
                throw ScheduleError(text, "the names are \(known)")
            }
            expression = preset
        }
        let fields = expression.split(whereSeparator: \.isWhitespace).map(String.init)
        guard fields.count == 5 else {
            throw ScheduleError(
                text, "it has \(fields.count) fields, not minute hour day month weekday")
        }
        func values(_ field: CronField, _ text: String) throws(ScheduleError) -> Set<Int> {
            do { return try field.values(text) } catch {
                throw ScheduleError(expression, error.why)
            }
        }
        minutes = try values(.minute, fields[0]).sorted()
        hours = try values(.hour, fields[1]).sorted()
        months = try values(.month, fields[3])
        var days: [String] = []
        isLastMonthDay = false
        for item in fields[2].split(separator: ",", omittingEmptySubsequences: false) {
            if item == "l" { isLastMonthDay = true } else { days.append(String(item)) }
        }
        monthDays = days.isEmpty ? [] : try values(.monthDay, days.joined(separator: ","))
        var plain: [String] = []
        weekdayPlaces = []
        for item in fields[4].split(separator: ",", omittingEmptySubsequences: false) {
            if let place = try Self.place(item, in: text) {
                weekdayPlaces.insert(place)
            } else {
                plain.append(String(item))
            }
        }
        weekdays =
            plain.isEmpty
            ? [] : Set(try values(.weekday, plain.joined(separator: ",")).map { $0 % 7 })
        isMonthDaySet = !CronField.isStar(fields[2])
        isWeekdaySet = !CronField.isStar(fields[4])
    }

    /// `l5` or `5#2`, with names as well; `nil` for anything else.
    private static func place(
        _ item: Substring, in text: String
    ) throws(ScheduleError) -> WeekdayPlace? {
        if item.hasPrefix("l"), item.count > 1 {
            guard let weekday = CronField.weekday.number(item.dropFirst()) else {
                throw ScheduleError(text, "\"\(item)\" is no last weekday, such as L5 or Lfri")
            }
            return WeekdayPlace(weekday: weekday % 7, place: nil)
        }
        guard let mark = item.firstIndex(of: "#") else { return nil }
        guard let weekday = CronField.weekday.number(item[..<mark]),
            let place = Int(item[item.index(after: mark)...]), (1...5).contains(place)
        else {
            throw ScheduleError(text, "\"\(item)\" is no weekday's place, such as 5#2 or fri#2")
        }
        return WeekdayPlace(weekday: weekday % 7, place: place)
    }
}

/// One of the five fields: its name, its numbers and the names for them.
struct CronField {
    var name: String
    var range: ClosedRange<Int>
    /// Names from the range's first number on.
    var names: [String] = []

    static let minute = CronField(name: "minute", range: 0...59)
    static let hour = CronField(name: "hour", range: 0...23)
    static let monthDay = CronField(name: "day of month", range: 1...31)
    static let month = CronField(
        name: "month", range: 1...12,
        names: [
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ])
    /// 7 is Sunday too.
    static let weekday = CronField(
        name: "day of week", range: 0...7,
        names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])

    static let presets = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *",
        "@weekly": "0 0 * * 0", "@monthly": "0 0 1 * *", "@quarterly": "0 0 1 */3 *",
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]

    struct Refusal: Error { var why: String }

    static func isStar(_ text: String) -> Bool { text == "*" || text == "?" }

    func number(_ text: Substring) -> Int? {
        if let place = names.firstIndex(of: String(text)) { return range.lowerBound + place }
        guard text.allSatisfy(\.isWholeNumber), let number = Int(text), range.contains(number)
        else {
            return nil
        }
        return number
    }

    /// A list of `*`, `5`, `1-5`, each with an optional step `/2`.
    func values(_ text: String) throws(Refusal) -> Set<Int> {
        var values: Set<Int> = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            values.formUnion(try part(item))
        }
        return values
    }

    private func part(_ item: Substring) throws(Refusal) -> [Int] {
        let halves = item.split(separator: "/", omittingEmptySubsequences: false)
        let ends = halves.first.map { $0.split(separator: "-", omittingEmptySubsequences: false) }
        var step = 1
        if halves.count == 2 {
            guard let given = Int(halves[1]), (1...range.upperBound).contains(given) else {
                throw refusal(item)
            }
            step = given
        }
        guard halves.count <= 2, let ends, let start = ends.first else { throw refusal(item) }
        if ends.count == 1, Self.isStar(String(start)) {
            // Sunday is 0 and 7: a star must not step onto both.
            let last = name == Self.weekday.name ? 6 : range.upperBound
            return Array(stride(from: range.lowerBound, through: last, by: step))
        }
        guard let low = number(start) else { throw refusal(item) }
        switch ends.count {
        case 1:
            return halves.count == 1
                ? [low] : Array(stride(from: low, through: range.upperBound, by: step))
        case 2:
            guard let high = number(ends[1]) else { throw refusal(item) }
            guard low > high else { return Array(stride(from: low, through: high, by: step)) }
            return try aroundTheEnd(from: low, to: high, by: step, item)
        default: throw refusal(item)
        }
    }

    /// `fri-mon` and `22-2`: a range that goes on from the field's start.
    private func aroundTheEnd(
        from low: Int, to high: Int, by step: Int, _ item: Substring
    ) throws(Refusal) -> [Int] {
        let isWeekday = name == Self.weekday.name
        let count = isWeekday ? 7 : range.count
        let span = high + count - low
        guard span > 0 else { throw refusal(item) }
        return stride(from: 0, through: span, by: step).map { further in
            (low - range.lowerBound + further) % count + range.lowerBound
        }
    }

    private func refusal(_ item: Substring) -> Refusal {
        let known = names.isEmpty ? "" : " or \(names[0])-\(names[names.count - 1])"
        return Refusal(
            why: "\"\(item)\" is no \(name): \(range.lowerBound)-\(range.upperBound)\(known), "
                + "ranges, lists and steps of them, or *")
    }
}
