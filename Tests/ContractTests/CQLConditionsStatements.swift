// Random statements over user types, static columns and conditions, each as text and as what it means
// to the model.

import CQLProtocol

/// Statements that a seed repeats.
struct CQLConditionsStatements {
    typealias Place = CQLConditionsModel.Place
    typealias Word = CQLConditionsModel.Word
    typealias Condition = CQLConditionsModel.Condition

    struct Statement {
        var text: String
        var words: [Word]
        var conditions: [Condition] = []
    }

    static let keys = 0..<2
    static let clusterings = 0..<4
    private var random: CQLStoreRandom

    init(seed: UInt64) { random = CQLStoreRandom(state: seed) }

    mutating func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
    private mutating func number() -> Int? { pick(0..<4) == 0 ? nil : pick(0..<3) }
    mutating func place() -> Place { Place(k: pick(Self.keys), c: pick(Self.clusterings)) }

    private func text(_ value: Int?) -> String { value.map(String.init) ?? "null" }
    private func cell(_ value: Int?) -> CQLValue { value.map { .int(Int32($0)) } ?? .null }
    private func at(_ place: Place) -> String {
        "WHERE k = \(place.k)" + (place.c.map { " AND c = \($0)" } ?? "")
    }

    /// A pair, as text and as a value; `nil` for none at all.
    private mutating func pair() -> (text: String, x: Int?, y: Int?)? {
        guard pick(0..<5) > 0 else { return nil }
        let (x, y) = (pick(0..<3), pick(0..<3) == 0 ? nil : pick(0..<3))
        return ("{x: \(x)\(y.map { ", y: \($0)" } ?? "")}", x, y)
    }

    private func frozen(_ pair: (text: String, x: Int?, y: Int?)?) -> CQLValue {
        pair.map { .udt([cell($0.x), cell($0.y)]) } ?? .null
    }

    private func whole(_ place: Place, _ pair: (text: String, x: Int?, y: Int?)?) -> Word {
        pair.map { .pair(place, x: $0.x, y: $0.y) } ?? .noPair(place, andItsOwn: false)
    }

    /// - Parameter using: "" or a timestamp clause with a blank in front.
    mutating func plain(_ place: Place, using: String = "") -> Statement {
        let fixed = Place(k: place.k, c: nil)
        switch pick(0..<11) {
        case 0...2: return insert(place, using)
        case 3:
            let a = number()
            return Statement(
                text: "UPDATE t\(using) SET a = \(text(a)) \(at(place))",
                words: [.cell(place, "a", cell(a))])
        case 4:
            let new = pair()
            return Statement(
                text: "UPDATE t\(using) SET u = \(new?.text ?? "null") \(at(place))",
                words: [whole(place, new)])
        case 5, 6:
            let (field, value) = (pick(0..<2) == 0 ? "x" : "y", number())
            return Statement(
                text: "UPDATE t\(using) SET u.\(field) = \(text(value)) \(at(place))",
                words: [.cell(place, field, cell(value))])
        case 7:
            let new = pair()
            return Statement(
                text: "UPDATE t\(using) SET f = \(new?.text ?? "null") \(at(place))",
                words: [.cell(place, "f", frozen(new))])
        case 8:
            let value = number()
            return Statement(
                text: "UPDATE t\(using) SET s = \(text(value)) \(at(fixed))",
                words: [.cell(fixed, "s", cell(value))])
        default: return deletion(place, using)
        }
    }

    private mutating func insert(_ place: Place, _ using: String, _ end: String = "") -> Statement {
        let (a, f) = (number(), pair())
        var statement = Statement(
            text: "\(place.k), \(place.c ?? 0), \(text(a)), \(f?.text ?? "null")",
            words: [.marker(place), .cell(place, "a", cell(a)), .cell(place, "f", frozen(f))])
        var names = "k, c, a, f"
        if pick(0..<2) == 0 {
            let u = pair()
            names += ", u"
            statement.text += ", \(u?.text ?? "null")"
            statement.words.append(whole(place, u))
        }
        statement.text = "INSERT INTO t (\(names)) VALUES (\(statement.text))\(end)\(using)"
        return statement
    }

    private mutating func deletion(_ place: Place, _ using: String) -> Statement {
        switch pick(0..<8) {
        case 0, 1:
            return Statement(text: "DELETE FROM t\(using) \(at(place))", words: [.noRow(place)])
        case 2:
            return Statement(
                text: "DELETE FROM t\(using) WHERE k = \(place.k)", words: [.noPartition(place.k)])
        case 3, 4:
            return Statement(
                text: "DELETE u FROM t\(using) \(at(place))",
                words: [.noPair(place, andItsOwn: true)])
        case 5:
            return Statement(
                text: "DELETE u.x FROM t\(using) \(at(place))", words: [.cell(place, "x", .null)])
        default:
            return Statement(
                text: "DELETE a, f FROM t\(using) \(at(place))",
                words: [.cell(place, "a", .null), .cell(place, "f", .null)])
        }
    }

    mutating func conditional(_ place: Place) -> Statement {
        let fixed = Place(k: place.k, c: nil)
        switch pick(0..<7) {
        case 0, 1:
            var statement = insert(place, "", " IF NOT EXISTS")
            statement.conditions = [.isMissing(place)]
            return statement
        case 2:
            let value = number()
            return Statement(
                text: "UPDATE t SET u.x = \(text(value)) \(at(place)) IF EXISTS",
                words: [.cell(place, "x", cell(value))], conditions: [.exists(place)])
        case 3:
            let value = number()
            let (end, condition) = compares(place, ["s"])
            return Statement(
                text: "UPDATE t SET s = \(text(value)) \(at(fixed)) IF \(end)",
                words: [.cell(fixed, "s", cell(value))], conditions: [condition])
        case 4:
            let (end, condition) = compares(place, ["a", "s", "f", "u", "u.x"])
            return Statement(
                text: "DELETE FROM t \(at(place)) IF \(end)", words: [.noRow(place)],
                conditions: [condition])
        default:
            let value = number()
            let (first, one) = compares(place, ["a", "s", "f", "u", "u.x"])
            let (second, other) = compares(place, ["a", "s"])
            let both = pick(0..<3) == 0
            return Statement(
                text: "UPDATE t SET a = \(text(value)) \(at(place)) IF \(first)"
                    + (both ? " AND \(second)" : ""),
                words: [.cell(place, "a", cell(value))], conditions: both ? [one, other] : [one])
        }
    }

    private mutating func compares(
        _ place: Place, _ names: [String]
    ) -> (text: String, condition: Condition) {
        let name = names[pick(0..<names.count)]
        if name == "f" || name == "u" {
            let wanted = pair()
            return (
                "\(name) = \(wanted?.text ?? "null")",
                .compares(place, name, .equal, [frozen(wanted)])
            )
        }
        let wanted = number()
        switch pick(0..<5) {
        case 0:
            return ("\(name) != \(text(wanted))", .compares(place, name, .notEqual, [cell(wanted)]))
        case 1:
            let bound = pick(0..<4)
            return ("\(name) < \(bound)", .compares(place, name, .less, [cell(bound)]))
        case 2:
            let (a, b) = (pick(0..<3), pick(0..<3))
            return ("\(name) IN (\(a), \(b))", .compares(place, name, .isOne, [cell(a), cell(b)]))
        default:
            return ("\(name) = \(text(wanted))", .compares(place, name, .equal, [cell(wanted)]))
        }
    }

    /// Several rows of one partition at once, all or none of it; no row twice.
    mutating func batch() -> Statement {
        let k = pick(Self.keys)
        var batch = Statement(text: "BEGIN BATCH", words: [])
        let rows = Self.clusterings.shuffled(using: &random).prefix(pick(2..<4))
        for (index, c) in rows.enumerated() {
            let place = Place(k: k, c: c)
            var next = conditional(place)
            // The first has a condition, and the static column is written once.
            while index > 0, next.text.contains("SET s") { next = conditional(place) }
            if index > 0, pick(0..<3) == 0 {
                let a = number()
                next = Statement(
                    text: "UPDATE t SET a = \(text(a)) \(at(place))",
                    words: [.cell(place, "a", cell(a))])
            }
            batch.text += " \(next.text);"
            batch.words += next.words
            batch.conditions += next.conditions
        }
        batch.text += " APPLY BATCH"
        return batch
    }
}
