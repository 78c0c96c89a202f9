// How much of each table may soon be removed: what the sweeper decides by.

import Synchronization

/// Counted by storage id: what the lane wrote, and what the last sweep left.
struct Garbage: Sendable, Equatable {
    /// Tombstones and values that expire.
    var count = 0
    /// Seconds since 1970: when the first of them may go.
    var firstDue = UInt32.max

    mutating func add(dueAt second: UInt32) {
        count += 1
        firstDue = min(firstDue, second)
    }

    mutating func add(_ other: Garbage) {
        count += other.count
        firstDue = min(firstDue, other.firstDue)
    }
}

final class GarbageLedger: Sendable {
    private let tables = Mutex<[UInt32: Garbage]>([:])

    func add(_ found: [UInt32: Garbage]) {
        tables.withLock { tables in
            for (table, garbage) in found { tables[table, default: Garbage()].add(garbage) }
        }
    }

    /// What is known of a table, which is then counted anew.
    func take(_ table: UInt32) -> Garbage {
        tables.withLock { $0.removeValue(forKey: table) ?? Garbage() }
    }

    func known(_ table: UInt32) -> Garbage { tables.withLock { $0[table] ?? Garbage() } }

    /// Forgets tables that were dropped.
    func keep(only tables: Set<UInt32>) {
        self.tables.withLock { all in all = all.filter { tables.contains($0.key) } }
    }
}
