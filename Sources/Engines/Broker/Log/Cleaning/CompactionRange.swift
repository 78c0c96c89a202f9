// Which part of a log may be compacted now, and whether it is worth it.
// Source: apache/kafka LogCleanerManager.cleanableOffsets, LogToClean.java

/// What the decision needs to know of a segment.
package struct CompactionSegment: Equatable, Sendable {
    package var baseOffset: Int64
    package var sizeBytes: Int
    /// Of its records, in milliseconds; -1 when it has none.
    package var maxTimestamp: Int64

    package init(baseOffset: Int64, sizeBytes: Int, maxTimestamp: Int64) {
        self.baseOffset = baseOffset
        self.sizeBytes = sizeBytes
        self.maxTimestamp = maxTimestamp
    }
}

/// The offsets whose records decide what stays: from `first` up to, not including, `end`. What lies
/// before `first` was compacted already, and loses what they supersede.
package struct CompactionRange: Equatable, Sendable {
    package var first: Int64
    package var end: Int64

    /// - Parameters:
    ///   - segments: of the whole log in order, the active one last.
    ///   - firstDirty: the offset behind what was compacted before.
    ///   - stableOffset: the first offset of an open transaction, or the log's end.
    /// - Returns: `nil` when nothing may be compacted, or too little.
    package static func decide(
        _ segments: [CompactionSegment], firstDirty: Int64, stableOffset: Int64,
        configuration: LogConfiguration, now: Int64
    ) -> CompactionRange? {
        guard configuration.isCompacted, let active = segments.last else { return nil }
        let closed = segments.dropLast()
        // Behind the log's end it is of a log that lost its end in a power cut.
        let isLost = firstDirty > active.baseOffset
        let first = isLost ? segments[0].baseOffset : max(firstDirty, segments[0].baseOffset)
        var end = min(active.baseOffset, stableOffset)
        if configuration.compactionLagMin > 0 {
            let young = closed.first {
                $0.baseOffset >= first && $0.maxTimestamp > now - configuration.compactionLagMin
            }
            end = min(end, young?.baseOffset ?? end)
        }
        guard first < end else { return nil }
        let cleanBytes = closed.filter { $0.baseOffset < first }.reduce(0) { $0 + $1.sizeBytes }
        let dirty = closed.filter { $0.baseOffset >= first && $0.baseOffset < end }
        let dirtyBytes = dirty.reduce(0) { $0 + $1.sizeBytes }
        guard dirtyBytes > 0 else { return nil }
        let ratio = Double(dirtyBytes) / Double(cleanBytes + dirtyBytes)
        let oldest = dirty.map(\.maxTimestamp).first { $0 >= 0 }
        let isLate = oldest.map { now - $0 > configuration.compactionLagMax } ?? false
        guard ratio > configuration.dirtyRatioMin || isLate else { return nil }
        return CompactionRange(first: first, end: end)
    }

    /// Neighbours that together still make one segment.
    ///
    /// - Parameter segments: those to be compacted, in order.
    /// - Returns: their positions, group by group.
    package static func groups(
        _ segments: [CompactionSegment], bytesMax: Int
    ) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        var start = 0
        var sizeBytes = 0
        for (position, segment) in segments.enumerated() {
            let isTooLarge = sizeBytes + segment.sizeBytes > bytesMax
            let isTooWide =
                segment.baseOffset - segments[start].baseOffset
                > Int64(Int32.max) - Int64(Limits.recordsPerBatchMax)
            if position > start, isTooLarge || isTooWide {
                groups.append(start..<position)
                start = position
                sizeBytes = 0
            }
            sizeBytes += segment.sizeBytes
        }
        if start < segments.count { groups.append(start..<segments.count) }
        return groups
    }
}
