// Which leader epoch each part of a partition was written under.
// Source: apache/kafka LeaderEpochCheckpointFile.java (the same text), KIP-101, KIP-320

/// Epochs and the offsets they began at. Invariant: both rise strictly.
package struct LeaderEpochs: Equatable, Sendable {
    package struct Entry: Equatable, Sendable {
        package var epoch: Int32
        package var startOffset: Int64
    }

    package private(set) var entries: [Entry] = []

    package init() {}

    /// The epoch of what is appended now; 0 for a new partition.
    package var current: Int32 { entries.last?.epoch ?? 0 }

    /// From now on, batches at and after `offset` are written under `epoch`.
    package mutating func begin(_ epoch: Int32, at offset: Int64) {
        precondition(epoch > entries.last?.epoch ?? -1, "leader epoch \(epoch) does not rise")
        entries.removeAll { $0.startOffset >= offset }
        entries.append(Entry(epoch: epoch, startOffset: offset))
    }

    /// Forgets epochs that began past the end of a log that was cut.
    package mutating func cut(to end: Int64) {
        entries.removeAll { $0.startOffset > end }
    }

    /// Where the epoch ends: what OffsetForLeaderEpoch answers.
    ///
    /// - Parameter end: the log's end, which is the end of the current epoch.
    /// - Returns: the largest known epoch not above the asked one, and the offset after its last
    ///   record; `nil` when the asked one is unknown or older than all we know.
    package func end(of epoch: Int32, logEnd end: Int64) -> (epoch: Int32, offset: Int64)? {
        if epoch == current { return (current, end) }
        guard epoch < current else { return nil }
        let after = entries.partitioningIndex { $0.epoch > epoch }
        guard after > 0 else { return nil }
        return (entries[after - 1].epoch, entries[after].startOffset)
    }

    /// The epoch a record was written under; -1 when there is none.
    package func epoch(of offset: Int64) -> Int32 {
        let after = entries.partitioningIndex { $0.startOffset > offset }
        return after == 0 ? -1 : entries[after - 1].epoch
    }

    /// The text of `leader-epoch-checkpoint`: version, count, one line for each.
    package var text: String {
        "0\n\(entries.count)\n" + entries.map { "\($0.epoch) \($0.startOffset)\n" }.joined()
    }

    /// - Returns: `nil` when the text is no checkpoint.
    package init?(text: String) {
        let lines = text.split(separator: "\n")
        guard lines.count >= 2, lines[0] == "0", let count = Int(lines[1]),
            lines.count == count + 2
        else { return nil }
        for line in lines.dropFirst(2) {
            let numbers = line.split(separator: " ")
            guard numbers.count == 2, let epoch = Int32(numbers[0]), let start = Int64(numbers[1]),
                epoch > entries.last?.epoch ?? -1, start > entries.last?.startOffset ?? -1
            else { return nil }
            entries.append(Entry(epoch: epoch, startOffset: start))
        }
    }
}
