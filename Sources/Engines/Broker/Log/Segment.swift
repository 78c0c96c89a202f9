// One file of batches of a partition and where to look in it.

import KafkaProtocol
import Synchronization

/// The files `<base>.log`, `.index` and `.timeindex`. The batches in it never change once readers may
/// see them; whoever holds a segment can read it even after its files were removed.
final class Segment: Sendable {
    let baseOffset: Int64
    let folder: String
    let file: DiskFile
    private let index: Mutex<ResidentIndex>

    private struct ResidentIndex {
        /// `nil`: only on disk.
        var index: SegmentIndex?
        /// Kept in memory because it still grows.
        var isActive: Bool
        var isUsed = true
    }

    /// - Parameter index: of the segment that is appended to; `nil` leaves it on disk.
    init(baseOffset: Int64, folder: String, file: DiskFile, index: SegmentIndex?) {
        self.baseOffset = baseOffset
        self.folder = folder
        self.file = file
        self.index = Mutex(ResidentIndex(index: index, isActive: index != nil))
    }

    static func name(_ offset: Int64, _ suffix: String) -> String {
        let digits = String(offset)
        return String(repeating: "0", count: 20 - digits.count) + digits + "." + suffix
    }

    /// The offset in a file's name; `nil` when the name is not of this kind.
    static func offset(in name: String, suffix: String) -> Int64? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 20, parts[1] == suffix else { return nil }
        return Int64(parts[0])
    }

    static func path(_ folder: String, _ offset: Int64, _ suffix: String) -> String {
        folder + "/" + name(offset, suffix)
    }

    // MARK: Looking up

    /// Where to begin to look for an offset: at or before its batch.
    /// - Parameter end: bytes of the segment that may be read.
    func position(of offset: Int64, end: Int) throws(DiskError) -> Int {
        let relative = UInt32(clamping: offset - baseOffset)
        return try with(end: end) { Int($0.position(of: relative)) }
    }

    /// An offset at or before the first batch that reaches the time.
    func offset(before timestamp: Int64, end: Int) throws(DiskError) -> Int64 {
        baseOffset + Int64(try with(end: end) { $0.relativeOffset(before: timestamp) })
    }

    /// The largest time and the first offset of its batch; the time is -1 when there is none.
    func maxTimestamp(end: Int) throws(DiskError) -> (timestamp: Int64, offset: Int64) {
        try with(end: end) {
            ($0.maxTimestamp, baseOffset + Int64($0.maxTimestampRelativeOffset))
        }
    }

    private func with<Value: Sendable>(
        end: Int, _ body: (SegmentIndex) -> Value
    ) throws(DiskError) -> Value {
        let resident = index.withLock { state in
            state.isUsed = true
            return state.index.map(body)
        }
        if let resident { return resident }
        let loaded = try load(end: end)
        index.withLock { if $0.index == nil { $0.index = loaded } }
        return body(loaded)
    }

    /// Reads the index files, or the segment itself when they are missing or damaged.
    func load(end: Int) throws(DiskError) -> SegmentIndex {
        let entries = try DiskFolder.contents(Self.path(folder, baseOffset, "index"))
        let times = try DiskFolder.contents(Self.path(folder, baseOffset, "timeindex"))
        if let entries, let times, !times.isEmpty || end == 0,
            let index = SegmentIndex.decode(entries: entries, times: times, segmentBytes: end)
        {
            return index
        }
        var rebuilt = SegmentIndex()
        var scan = BatchScan(file, from: 0, to: end, verifying: false)
        do throws(ScanError) {
            while try scan.next({ position, batch, _ in
                rebuilt.appended(batch, at: position, baseOffset: baseOffset)
            }) != nil {}
        } catch {
            // Readers find the damage when they come to it; the batches before it are indexed.
            if case .disk(let error) = error { throw error }
        }
        return rebuilt
    }

    // MARK: Growing

    /// Takes note of appended batches. Only the log's writer calls it, for the active segment.
    func appended(_ batches: [(batch: RecordBatchHeader, position: Int)]) {
        index.withLock { state in
            for (batch, position) in batches {
                state.index?.appended(batch, at: position, baseOffset: baseOffset)
            }
        }
    }

    /// Writes the index files of the active segment.
    func writeIndex() throws(DiskError) {
        let (entries, times) = index.withLock { state in
            (state.index?.encodedEntries(), state.index?.encodedTimes())
        }
        guard let entries, let times else { return }
        try DiskFolder.replace(
            Self.path(folder, baseOffset, "index"), with: entries, durably: false)
        try DiskFolder.replace(
            Self.path(folder, baseOffset, "timeindex"), with: times, durably: false)
    }

    /// The segment grows no more; its index may leave memory.
    func close() { index.withLock { $0.isActive = false } }

    /// Gives the index's memory back unless a reader came since the last call.
    func releaseIdleIndex() {
        index.withLock { state in
            if !state.isActive && !state.isUsed { state.index = nil }
            state.isUsed = false
        }
    }

    func remove() throws(DiskError) {
        for suffix in ["log", "index", "timeindex", "snapshot"] {
            try DiskFolder.remove(Self.path(folder, baseOffset, suffix))
        }
    }
}

extension SegmentIndex {
    mutating func appended(_ batch: RecordBatchHeader, at position: Int, baseOffset: Int64) {
        appended(
            relativeOffset: UInt32(clamping: batch.baseOffset - baseOffset),
            position: UInt32(clamping: position), sizeBytes: batch.sizeBytes,
            timestamp: batch.maxTimestampMilliseconds)
    }
}
