// Where in a segment file to look for an offset or a time.

/// Two sparse, sorted maps of one segment, kept in memory while the segment is written.
///
///     .index      relative offset i32 │ position i32             8 bytes an entry
///     .timeindex  largest time so far i64 │ relative offset i32  12 bytes an entry
///
/// One entry for about every 4,096 bytes; an entry names the first batch that began after as many.
/// Invariants: both columns of `.index` rise strictly; the times of `.timeindex` never fall.
/// Source: apache/kafka OffsetIndex.java, TimeIndex.java (the same layout, big-endian).
package struct SegmentIndex: Equatable, Sendable {
    package struct Entry: Equatable, Sendable {
        /// Offset minus the segment's base offset.
        package var relativeOffset: UInt32
        /// Bytes since the start of the segment file.
        package var position: UInt32

        package init(relativeOffset: UInt32, position: UInt32) {
            self.relativeOffset = relativeOffset
            self.position = position
        }
    }

    package struct TimeEntry: Equatable, Sendable {
        /// The largest timestamp of all batches up to this entry's, in milliseconds.
        package var timestamp: Int64
        /// The first offset of the batch that has it.
        package var relativeOffset: UInt32
    }

    package private(set) var entries: [Entry] = []
    package private(set) var times: [TimeEntry] = []
    /// The largest timestamp in the segment, and the first offset of its batch; -1 when empty.
    package private(set) var maxTimestamp: Int64 = -1
    package private(set) var maxTimestampRelativeOffset: UInt32 = 0
    private var bytesSinceEntry = 0

    package init() {}

    /// Takes note of a batch that was appended.
    package mutating func appended(
        relativeOffset: UInt32, position: UInt32, sizeBytes: Int, timestamp: Int64
    ) {
        if bytesSinceEntry >= Limits.indexIntervalBytes {
            entries.append(Entry(relativeOffset: relativeOffset, position: position))
            if maxTimestamp > times.last?.timestamp ?? -1 {
                times.append(
                    TimeEntry(timestamp: maxTimestamp, relativeOffset: maxTimestampRelativeOffset))
            }
            bytesSinceEntry = 0
        }
        if timestamp > maxTimestamp {
            maxTimestamp = timestamp
            maxTimestampRelativeOffset = relativeOffset
        }
        bytesSinceEntry += sizeBytes
    }

    /// The place of the last batch in the index that starts at or before the offset; 0 when none does.
    /// - Complexity: O(log `entries.count`).
    package func position(of relativeOffset: UInt32) -> UInt32 {
        let after = entries.partitioningIndex { $0.relativeOffset > relativeOffset }
        return after == 0 ? 0 : entries[after - 1].position
    }

    /// The place of the last batch in the index that starts at or before `position`; 0 when none does.
    package func batchStart(before position: UInt32) -> UInt32 {
        let after = entries.partitioningIndex { $0.position > position }
        return after == 0 ? 0 : entries[after - 1].position
    }

    /// An offset at or before the first batch whose largest time is not below `timestamp`.
    package func relativeOffset(before timestamp: Int64) -> UInt32 {
        let after = times.partitioningIndex { $0.timestamp >= timestamp }
        return after == 0 ? 0 : times[after - 1].relativeOffset
    }

    /// An entry read back from a file; entries come in order.
    mutating func add(_ entry: Entry) { entries.append(entry) }

    mutating func add(_ entry: TimeEntry) {
        times.append(entry)
        maxTimestamp = entry.timestamp
        maxTimestampRelativeOffset = entry.relativeOffset
    }

    /// The last entry's batch, from where a scan finds the end.
    var lastPosition: UInt32 { entries.last?.position ?? 0 }

    /// Forgets what lies at or after `position`, before a scan from there adds it again.
    mutating func cut(to position: UInt32, relativeOffset: UInt32) {
        entries.removeAll { $0.position >= position }
        times.removeAll { $0.relativeOffset >= relativeOffset }
        maxTimestamp = times.last?.timestamp ?? -1
        maxTimestampRelativeOffset = times.last?.relativeOffset ?? 0
        // The batch at the cut is to be found again: it opened an entry, so let it do so again.
        bytesSinceEntry = position == 0 ? 0 : Limits.indexIntervalBytes
    }
}

extension Array {
    /// The first index whose element is in the second part, of an array that has the elements that
    /// fail `isInSecondPart` first.
    func partitioningIndex(where isInSecondPart: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isInSecondPart(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
