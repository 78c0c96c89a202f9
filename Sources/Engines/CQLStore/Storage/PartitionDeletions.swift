// What is deleted in a partition beyond single rows, and how a row asks.

/// The partition's own deletion and those of ranges, which may overlap.
struct PartitionDeletions {
    var partition: Deletion?
    private(set) var ranges: [(range: ClusteringRange, deletion: Deletion)] = []
    /// Where another deletion begins to be the newest one, in clustering order, once `flatten` was
    /// called.
    private var points: [[UInt8]] = []
    /// The newest timestamp from a point to the next one; `nil` where no range is deleted.
    private var floors: [Int64?] = []

    /// Ranges that are looked at one by one; more are worth being sorted.
    private static let plainMax = 4

    mutating func add(_ range: ClusteringRange, _ deletion: Deletion) {
        ranges.append((range, deletion))
        points = []
    }

    /// How many tombstones a read of these rows meets, as Cassandra counts them: both ends of each
    /// deleted range.
    func tombstones(in read: [ClusteringRange]) -> Int {
        guard !ranges.isEmpty else { return 0 }
        return ranges.reduce(0) { sum, deleted in
            let isMet = read.contains {
                $0.start.isLess(than: deleted.range.end) && deleted.range.start.isLess(than: $0.end)
            }
            return isMet ? sum + 2 : sum
        }
    }

    /// Makes `floor` a search: to be called when all ranges are known. Costs n log n once.
    mutating func flatten() {
        guard ranges.count > Self.plainMax, points.isEmpty else { return }
        let sorted = ranges.flatMap { [$0.range.start, $0.range.end] }
            .sorted { $0.isLess(than: $1) }
        for point in sorted where points.last != point { points.append(point) }
        floors = Array(repeating: nil, count: points.count)
        // Newest first, each takes the places that are still free: `free` skips those taken.
        var free = Array(0...points.count)
        for (range, deletion) in ranges.sorted(by: { $0.deletion.timestamp > $1.deletion.timestamp }
        )
        where !range.isEmpty {
            let end = place(of: range.end)
            var at = Self.find(place(of: range.start), &free)
            while at < end {
                floors[at] = deletion.timestamp
                free[at] = at + 1
                at = Self.find(at + 1, &free)
            }
        }
    }

    private static func find(_ start: Int, _ free: inout [Int]) -> Int {
        var root = start
        while free[root] != root { root = free[root] }
        var at = start
        while free[at] != root { (free[at], at) = (root, free[at]) }
        return root
    }

    /// The number of points that are not behind the bytes, less one.
    private func last(notBehind bytes: UnsafeRawBufferPointer) -> Int {
        var (low, high) = (0, points.count)
        while low < high {
            let middle = (low + high) / 2
            let isBehind = points[middle].withUnsafeBytes { bytes.isLess(than: $0) }
            if isBehind { high = middle } else { low = middle + 1 }
        }
        return low - 1
    }

    private func place(of point: [UInt8]) -> Int { point.withUnsafeBytes { last(notBehind: $0) } }

    /// What is not newer than this at that place is gone; `nil` when nothing is deleted there.
    func floor(at clustering: UnsafeRawBufferPointer) -> Int64? {
        guard points.isEmpty else {
            let index = last(notBehind: clustering)
            let range = index < 0 ? nil : floors[index]
            return [partition?.timestamp, range].compactMap { $0 }.max()
        }
        var floor = partition?.timestamp
        for (range, deletion) in ranges where floor.map({ deletion.timestamp > $0 }) ?? true {
            let isInside = range.start.withUnsafeBytes { start in
                range.end.withUnsafeBytes { end in
                    !clustering.isLess(than: start) && clustering.isLess(than: end)
                }
            }
            if isInside { floor = deletion.timestamp }
        }
        return floor
    }
}
