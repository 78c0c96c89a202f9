// Cassandra's rules for one table, the plainest way: everything that was ever said is kept, and each
// question goes through all of it. Written apart from the store's own Reconcile.

/// A table `(k int, c int, s int static, a int, m map<int, int>, PRIMARY KEY (k, c))`.
struct CQLRulesModel {
    struct Said {
        var timestamp: Int
        /// `nil` deletes.
        var value: Int?
        /// Seconds; `nil` never.
        var expiry: Int?
    }

    struct Place: Hashable {
        var k: Int
        /// `nil` is the static row.
        var c: Int?
    }

    private var cells: [Place: [Said]] = [:]
    private var elements: [Place: [Int: [Said]]] = [:]
    private var emptied: [Place: [Int]] = [:]
    private var markers: [Place: [Said]] = [:]
    private var rowDeletions: [(k: Int, range: ClosedRange<Int>, timestamp: Int)] = []
    private var partitionDeletions: [Int: Int] = [:]

    mutating func cell(_ place: Place, _ said: Said) { cells[place, default: []].append(said) }

    mutating func element(_ place: Place, _ key: Int, _ said: Said) {
        elements[place, default: [:]][key, default: []].append(said)
    }

    /// All elements up to that timestamp are gone.
    mutating func empty(_ place: Place, _ timestamp: Int) {
        emptied[place, default: []].append(timestamp)
    }

    mutating func marker(_ place: Place, _ said: Said) { markers[place, default: []].append(said) }

    mutating func delete(_ k: Int, _ range: ClosedRange<Int>, _ timestamp: Int) {
        rowDeletions.append((k, range, timestamp))
    }

    mutating func deletePartition(_ k: Int, _ timestamp: Int) {
        partitionDeletions[k] = max(partitionDeletions[k] ?? .min, timestamp)
    }

    /// What is not newer than this is deleted.
    private func floor(_ place: Place) -> Int {
        let partition = partitionDeletions[place.k] ?? .min
        guard let c = place.c else { return partition }
        return rowDeletions.filter { $0.k == place.k && $0.range.contains(c) }
            .map(\.timestamp).reduce(partition, max)
    }

    /// The newest; of equal age a deletion, then what expires and does so last, then the largest.
    private func live(_ all: [Said], above floor: Int, _ now: Int) -> Int? {
        let left = all.filter { $0.timestamp > floor }
        guard let newest = left.map(\.timestamp).max() else { return nil }
        let equal = left.filter { $0.timestamp == newest }
        if equal.contains(where: { $0.value == nil }) { return nil }
        if let expiry = equal.compactMap(\.expiry).max() {
            guard expiry > now else { return nil }
            return equal.filter { $0.expiry == expiry }.compactMap(\.value).max()
        }
        return equal.compactMap(\.value).max()
    }

    private func map(_ place: Place, _ now: Int) -> [Int: Int] {
        let floor = (emptied[place] ?? []).reduce(floor(place), max)
        return (elements[place] ?? [:]).compactMapValues { live($0, above: floor, now) }
    }

    struct Row: Equatable {
        var c: Int?
        var s: Int?
        var a: Int?
        var m: [Int: Int]
    }

    /// In clustering order; of a partition with static values alone, one row.
    func rows(_ k: Int, now: Int) -> [Row] {
        let fixed = Place(k: k, c: nil)
        let s = live(cells[fixed] ?? [], above: floor(fixed), now)
        let places = Set(cells.keys).union(elements.keys).union(markers.keys)
            .filter { $0.k == k && $0.c != nil }
        let rows = places.sorted { ($0.c ?? 0) < ($1.c ?? 0) }.compactMap { place -> Row? in
            let floor = floor(place)
            let row = Row(
                c: place.c, s: s, a: live(cells[place] ?? [], above: floor, now),
                m: map(place, now))
            let isMarked = live(markers[place] ?? [], above: floor, now) != nil
            return row.a != nil || !row.m.isEmpty || isMarked ? row : nil
        }
        return rows.isEmpty && s != nil ? [Row(c: nil, s: s, a: nil, m: [:])] : rows
    }
}
