// Cassandra's rules for user types, static columns and conditions, the plainest way: the newest word
// about each cell, and what was deleted. Written apart from the store's own code.

import CQLProtocol

/// A table `(k int, c int, s int static, a int, f frozen<pair>, u pair, PRIMARY KEY (k, c))` with
/// `pair (x int, y int)`. No two words about a cell have the same timestamp.
struct CQLConditionsModel {
    struct Place: Hashable {
        var k: Int
        /// `nil` is the static row.
        var c: Int?
    }

    /// What a statement says about one cell, or about many.
    enum Word {
        /// `x` and `y` are the fields of `u`.
        case cell(Place, String, CQLValue)
        case pair(Place, x: Int?, y: Int?)
        /// `u` is written whole, or removed.
        case noPair(Place, andItsOwn: Bool)
        case marker(Place)
        case noRow(Place)
        case noPartition(Int)
    }

    /// One condition of a statement.
    enum Condition {
        case exists(Place)
        case isMissing(Place)
        case compares(Place, String, Test, [CQLValue])
    }

    enum Test { case equal, notEqual, less, isOne }

    private var cells: [Place: [String: (timestamp: Int, value: CQLValue)]] = [:]
    private var emptied: [Place: Int] = [:]
    private var markers: [Place: Int] = [:]
    private var rows: [Place: Int] = [:]
    private var partitions: [Int: Int] = [:]

    mutating func hear(_ words: [Word], at timestamp: Int) {
        for word in words {
            switch word {
            case .cell(let place, let name, let value): say(place, name, value, timestamp)
            case .pair(let place, let x, let y):
                raise(&emptied, place, timestamp - 1)
                if let x { say(place, "x", .int(Int32(x)), timestamp) }
                if let y { say(place, "y", .int(Int32(y)), timestamp) }
            case .noPair(let place, let andItsOwn):
                raise(&emptied, place, andItsOwn ? timestamp : timestamp - 1)
            case .marker(let place): raise(&markers, place, timestamp)
            case .noRow(let place): raise(&rows, place, timestamp)
            case .noPartition(let k): raise(&partitions, k, timestamp)
            }
        }
    }

    private mutating func say(_ place: Place, _ name: String, _ value: CQLValue, _ timestamp: Int) {
        if let old = cells[place]?[name], old.timestamp >= timestamp { return }
        cells[place, default: [:]][name] = (timestamp, value)
    }

    private func raise<Key>(_ times: inout [Key: Int], _ key: Key, _ timestamp: Int) {
        times[key] = max(times[key] ?? .min, timestamp)
    }

    private func floor(_ place: Place) -> Int {
        max(partitions[place.k] ?? .min, place.c == nil ? .min : rows[place] ?? .min)
    }

    private func value(_ place: Place, _ name: String) -> CQLValue {
        var floor = floor(place)
        if name == "x" || name == "y" { floor = max(floor, emptied[place] ?? .min) }
        guard let cell = cells[place]?[name], cell.timestamp > floor else { return .null }
        return cell.value
    }

    private func read(_ place: Place, _ name: String) -> CQLValue {
        switch name {
        case "s": return value(Place(k: place.k, c: nil), "s")
        case "u":
            let fields = [value(place, "x"), value(place, "y")]
            return fields == [.null, .null] ? .null : .udt(fields)
        case "u.x": return value(place, "x")
        default: return value(place, name)
        }
    }

    private func isAlive(_ place: Place) -> Bool {
        (markers[place].map { $0 > floor(place) } ?? false)
            || ["a", "f", "x", "y"].contains { value(place, $0) != .null }
    }

    func holds(_ condition: Condition) -> Bool {
        switch condition {
        case .exists(let place): return isAlive(place)
        case .isMissing(let place): return !isAlive(place)
        case .compares(let place, let name, let test, let wanted):
            let found = read(place, name)
            switch test {
            case .equal: return found == wanted[0]
            case .notEqual: return found != wanted[0]
            case .less:
                guard let a = found.int64, let b = wanted[0].int64 else { return false }
                return a < b
            case .isOne: return wanted.contains(found)
            }
        }
    }

    /// `c, s, a, f, u` in clustering order; of a partition with a static value alone, one row.
    func rows(_ k: Int) -> [[CQLValue]] {
        let places = Set(cells.keys).union(markers.keys).filter { $0.k == k && $0.c != nil }
        let s = value(Place(k: k, c: nil), "s")
        let found = places.filter(isAlive).sorted { ($0.c ?? 0) < ($1.c ?? 0) }.map { place in
            [.int(Int32(place.c ?? 0)), s, value(place, "a"), value(place, "f"), read(place, "u")]
        }
        return found.isEmpty && s != .null ? [[.null, s, .null, .null, .null]] : found
    }
}
