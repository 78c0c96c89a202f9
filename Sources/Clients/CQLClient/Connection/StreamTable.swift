// Which request each stream id of a connection stands for.

/// The stream ids of one connection, from 0 up, and what waits on each.
struct StreamTable<Entry> {
    private var entries: [Entry?]
    private var free: [Int16]

    init(count: Int) {
        precondition((1...32_768).contains(count), "\(count) stream ids")
        entries = Array(repeating: nil, count: count)
        free = (0..<count).reversed().map { Int16($0) }
    }

    var freeCount: Int { free.count }
    var isIdle: Bool { free.count == entries.count }

    /// - Returns: `nil` when all are taken.
    mutating func take(_ entry: Entry) -> Int16? {
        guard let stream = free.popLast() else { return nil }
        entries[Int(stream)] = entry
        return stream
    }

    /// Gives the id back. `nil` for one that stands for nothing: the peer made it up.
    mutating func remove(_ stream: Int16) -> Entry? {
        guard stream >= 0, Int(stream) < entries.count, let entry = entries[Int(stream)] else {
            return nil
        }
        entries[Int(stream)] = nil
        free.append(stream)
        return entry
    }

    /// Changes entries in place; `body` returns the new entry, or `nil` to leave the old one.
    mutating func update(_ body: (Entry) -> Entry?) {
        for index in entries.indices {
            guard let entry = entries[index], let changed = body(entry) else { continue }
            entries[index] = changed
        }
    }

    mutating func removeAll() -> [Entry] {
        let all = entries.compactMap { $0 }
        self = StreamTable(count: entries.count)
        return all
    }
}
