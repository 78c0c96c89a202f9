// One file of batches of a partition and where to look in it.

import KafkaProtocol
import NIOCore
import Synchronization

/// The files `<base>.log`, `.index`, `.timeindex` and `.txnindex`. The batches in it never change once readers may
/// see them; whoever holds a segment can read it even after its files were removed.
final class Segment: Sendable {
    let baseOffset: Int64
    let folder: String
    let file: DiskFile
    private let index: Mutex<ResidentIndex>
    private let trusted = Mutex(TrustedBytes())

    private struct ResidentIndex {
        /// `nil`: only on disk.
        var index: SegmentIndex?
        /// Kept in memory because it still grows.
        var isActive: Bool
        var isUsed = true
        /// `nil`: only on disk.
        var aborted: AbortedIndex?
        var hasUnwrittenAborted = false
        /// Another segment has its files now; only the open one is still its own.
        var isDetached = false
    }

    /// - Parameters:
    ///   - index: of the segment that is appended to; `nil` leaves it on disk.
    ///   - aborted: `nil` leaves them on disk.
    init(
        baseOffset: Int64, folder: String, file: DiskFile, index: SegmentIndex?,
        aborted: AbortedIndex? = nil
    ) {
        self.baseOffset = baseOffset
        self.folder = folder
        self.file = file
        self.index = Mutex(ResidentIndex(index: index, isActive: index != nil, aborted: aborted))
    }

    static let suffixes = ["log", "index", "timeindex", "txnindex"]

    static func name(_ offset: Int64, _ suffix: String) -> String {
        digits(offset) + "." + suffix
    }

    /// 20 of them.
    static func digits(_ offset: Int64) -> String {
        let digits = String(offset)
        return String(repeating: "0", count: 20 - digits.count) + digits
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
        // Looked at after the files were read: they may have become another's meanwhile.
        let isDetached = index.withLock { $0.isDetached }
        if !isDetached, let entries, let times, !times.isEmpty || end == 0,
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

    /// The start of the last indexed batch at or before a place in the file.
    /// - Parameter end: bytes of the segment that may be read.
    func batchStart(before position: Int, end: Int) throws(DiskError) -> Int {
        try with(end: end) { Int($0.batchStart(before: UInt32(clamping: position))) }
    }

    // MARK: Trust

    /// Whether the bytes may be sent without looking at them.
    func trusts(_ range: Range<Int>) -> Bool {
        // The file is looked at under the lock, so that no write of ours comes between.
        trusted.withLock { [file] in
            guard let stamp = try? file.stamp() else { return false }
            return $0.covers(range, stamp: stamp)
        }
    }

    /// Every checksum of the bytes was right.
    /// - Parameter before: the file's stamp before they were read.
    func verified(_ range: Range<Int>, stamp before: FileStamp) {
        trusted.withLock { [file] in
            // Changed meanwhile: nobody knows which bytes were read.
            guard let stamp = try? file.stamp(), stamp == before else { return }
            $0.verified(range, stamp: stamp)
        }
    }

    /// Appends to the file; only the log's writer calls it, for the active segment.
    func write(_ bytes: ByteBuffer, at position: Int) throws(DiskError) {
        trusted.withLock { [file] in $0.willWrite(stamp: try? file.stamp()) }
        do throws(DiskError) {
            try file.write(bytes, at: position)
        } catch {
            trusted.withLock { $0.wrote(nil, stamp: nil) }
            throw error
        }
        let range = position..<position + bytes.readableBytes
        trusted.withLock { [file] in $0.wrote(range, stamp: try? file.stamp()) }
    }

    // MARK: Aborted transactions

    /// Adds the aborted transactions that overlap the offsets. May read the disk.
    /// - Returns: whether no later segment can have another one.
    func collectAborted(
        from start: Int64, to end: Int64, into found: inout [AbortedTransaction]
    ) throws(ScanError) -> Bool {
        let loaded: AbortedIndex
        if let resident = index.withLock({ $0.aborted }) {
            loaded = resident
        } else {
            loaded = try loadAborted()
            index.withLock { if $0.aborted == nil { $0.aborted = loaded } }
        }
        return loaded.collect(from: start, to: end, into: &found)
    }

    var hasResidentAborted: Bool { index.withLock { $0.aborted != nil } }

    /// A segment without the file has none.
    func loadAborted() throws(ScanError) -> AbortedIndex {
        let bytes: [UInt8]?
        do { bytes = try DiskFolder.contents(Self.path(folder, baseOffset, "txnindex")) } catch {
            throw .disk(error)
        }
        guard let bytes else { return AbortedIndex() }
        guard let index = AbortedIndex(decoding: bytes) else { throw .fault(.notABatch) }
        return index
    }

    /// - Parameter isOnDisk: whether the file says the same.
    func setAborted(_ aborted: AbortedIndex, isOnDisk: Bool) {
        index.withLock { state in
            state.aborted = aborted
            state.hasUnwrittenAborted = !isOnDisk
        }
    }

    // MARK: Growing

    /// Takes note of appended batches. Only the log's writer calls it, for the active segment.
    func appended(
        _ batches: [(batch: RecordBatchHeader, position: Int)], aborted: [AbortedTransaction] = []
    ) {
        index.withLock { state in
            for (batch, position) in batches {
                state.index?.appended(batch, at: position, baseOffset: baseOffset)
            }
            if aborted.isEmpty { return }
            for transaction in aborted { state.aborted?.append(transaction) }
            state.hasUnwrittenAborted = true
        }
    }

    /// Writes the index files of the active segment.
    func writeIndex() throws(DiskError) {
        let (entries, times) = index.withLock { state in
            (state.index?.encodedEntries(), state.index?.encodedTimes())
        }
        try writeAborted()
        guard let entries, let times else { return }
        try DiskFolder.replace(
            Self.path(folder, baseOffset, "index"), with: entries, durably: false)
        try DiskFolder.replace(
            Self.path(folder, baseOffset, "timeindex"), with: times, durably: false)
    }

    /// On disk before a recovery starts behind it: nothing in the batches it skips tells them again.
    func writeAborted() throws(DiskError) {
        let aborted = index.withLock { $0.hasUnwrittenAborted ? $0.aborted : nil }
        guard let aborted else { return }
        try DiskFolder.replace(
            Self.path(folder, baseOffset, "txnindex"), with: aborted.encoded(), durably: true)
        index.withLock { state in
            // What was appended meanwhile goes with the next one.
            state.hasUnwrittenAborted = state.aborted != aborted
        }
    }

    /// The segment grows no more; its index may leave memory.
    func close() { index.withLock { $0.isActive = false } }

    /// Gives the index's memory back unless a reader came since the last call.
    func releaseIdleIndex() {
        index.withLock { state in
            if !state.isActive && !state.isUsed {
                state.index = nil
                if !state.hasUnwrittenAborted && !state.isDetached { state.aborted = nil }
            }
            state.isUsed = false
        }
    }

    /// To be called before its files are removed or become another segment's, while readers may go on.
    func detach() throws(DiskError) {
        var aborted = index.withLock { $0.aborted } ?? AbortedIndex()
        if !hasResidentAborted {
            do throws(ScanError) { aborted = try loadAborted() } catch {
                // A damaged one has nothing to tell; the new segment's is made from the batches.
                if case .disk(let error) = error { throw error }
            }
        }
        index.withLock { state in
            state.aborted = aborted
            state.isDetached = true
        }
    }

    func remove() throws(DiskError) {
        for suffix in Self.suffixes + ["snapshot"] {
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
