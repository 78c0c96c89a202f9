// What of a group is on its way into the log: writes of its state, commits and deletions of offsets.

/// The writes of a group's state that are under way, and who waits for them.
struct GroupWrites {
    private var last: UInt64 = 0
    private var open: Set<UInt64> = []
    private var waiting: [(last: UInt64, continuation: CheckedContinuation<Void, Never>)] = []

    var isIdle: Bool { open.isEmpty }

    mutating func began() -> UInt64 {
        last += 1
        open.insert(last)
        return last
    }

    /// - Returns: those whose wait is over.
    mutating func ended(_ write: UInt64) -> [CheckedContinuation<Void, Never>] {
        open.remove(write)
        let earliest = open.min() ?? .max
        let done = waiting.filter { $0.last < earliest }
        waiting.removeAll { $0.last < earliest }
        return done.map(\.continuation)
    }

    /// Resumes when all writes that have begun by now have ended; not those that begin later, so that
    /// a busy group lets nobody starve.
    mutating func wait(_ continuation: CheckedContinuation<Void, Never>) {
        waiting.append((last, continuation))
    }
}

/// The commits of a group that are under way, and what was deleted meanwhile.
///
/// The log keeps commits and tombstones in the order of their sequences, but they end in any order:
/// a commit that ends after the tombstone behind it has nothing to say any more.
struct OffsetWrites {
    private var commits: [PartitionName: Int] = [:]
    /// By partition, the sequence of the last tombstone that was kept while commits were under way.
    private var deleted: [PartitionName: UInt64] = [:]

    var isIdle: Bool { commits.isEmpty }

    func isUnderWay(_ place: PartitionName) -> Bool { commits[place] != nil }

    func isDeleted(_ place: PartitionName, since sequence: UInt64) -> Bool {
        deleted[place].map { $0 > sequence } ?? false
    }

    mutating func began(_ places: [PartitionName]) {
        for place in places { commits[place, default: 0] += 1 }
    }

    mutating func ended(_ places: [PartitionName]) {
        for place in places {
            let left = (commits[place] ?? 1) - 1
            commits[place] = left > 0 ? left : nil
        }
    }

    mutating func deleted(_ place: PartitionName, at sequence: UInt64) {
        deleted[place] = max(deleted[place] ?? 0, sequence)
    }
}
