// The two index files of a segment, written when it is closed or checkpointed, read when it is opened.

extension SegmentIndex {
    static let entryBytes = 8
    static let timeEntryBytes = 12

    /// The bytes of `.index`.
    package func encodedEntries() -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(entries.count * Self.entryBytes)
        for entry in entries {
            out.appendBigEndian(entry.relativeOffset)
            out.appendBigEndian(entry.position)
        }
        return out
    }

    /// The bytes of `.timeindex`. Its last entry always has the segment's largest time.
    package func encodedTimes() -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity((times.count + 1) * Self.timeEntryBytes)
        var all = times
        if maxTimestamp > all.last?.timestamp ?? -1 {
            all.append(
                TimeEntry(timestamp: maxTimestamp, relativeOffset: maxTimestampRelativeOffset))
        }
        for entry in all {
            out.appendBigEndian(entry.timestamp)
            out.appendBigEndian(entry.relativeOffset)
        }
        return out
    }

    /// Reads both files; `nil` when they are no index of a segment of this size.
    package static func decode(entries: [UInt8], times: [UInt8], segmentBytes: Int) -> SegmentIndex?
    {
        guard entries.count % entryBytes == 0, times.count % timeEntryBytes == 0 else { return nil }
        var index = SegmentIndex()
        return entries.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: entryBytes) {
                let entry = Entry(
                    relativeOffset: bytes.bigEndian(start, as: UInt32.self),
                    position: bytes.bigEndian(start + 4, as: UInt32.self))
                if let last = index.entries.last {
                    guard entry.relativeOffset > last.relativeOffset,
                        entry.position > last.position
                    else { return nil }
                }
                guard Int(entry.position) < segmentBytes else { return nil }
                index.add(entry)
            }
            return times.withUnsafeBytes { index.addTimes($0) ? index : nil }
        }
    }

    private mutating func addTimes(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for start in stride(from: 0, to: bytes.count, by: Self.timeEntryBytes) {
            let entry = TimeEntry(
                timestamp: bytes.bigEndian(start, as: Int64.self),
                relativeOffset: bytes.bigEndian(start + 8, as: UInt32.self))
            if let last = times.last, entry.timestamp < last.timestamp { return false }
            add(entry)
        }
        return true
    }
}

extension Array where Element == UInt8 {
    mutating func appendBigEndian<Number: FixedWidthInteger>(_ number: Number) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}
