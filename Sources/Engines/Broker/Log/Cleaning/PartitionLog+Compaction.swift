// Compaction of a log: the last record of each key stays, what it supersedes goes.
// Source: apache/kafka Cleaner.java; https://kafka.apache.org/documentation/#compaction

import KafkaProtocol
import MillraceBase
import NIOCore
import Synchronization

/// What a compaction did.
struct CompactionReport: Equatable, Sendable {
    /// The offset up to which the log is compacted now.
    var end: Int64
    var bytesBefore: Int64 = 0
    var bytesAfter: Int64 = 0
}

extension PartitionLog {
    private static let checkpoint = "cleaner-offset-checkpoint"

    /// Compacts the log if its settings ask for it and it is worth it. Blocks, and appends and reads go
    /// on; readers that hold an old segment read it to its end.
    ///
    /// - Returns: `nil` when there was nothing to do.
    func compact() throws(CompactionFault) -> CompactionReport? {
        let view = view.with { $0 }
        guard view.configuration.isCompacted, view.segments.count > 1, view.failure == nil else {
            return nil
        }
        let now = now()
        let sizes = try onCompactionDisk { () throws(DiskError) in try view.compactionSegments() }
        let range = CompactionRange.decide(
            sizes, firstDirty: try firstDirty(), stableOffset: view.lastStableOffset,
            configuration: view.configuration, now: now)
        guard let range else { return nil }
        // Without it, a recovery would have to learn transactions from batches that are gone.
        try onCompactionDisk { () throws(DiskError) in _ = try checkpointIfGrown(force: true) }
        var aborted: [AbortedTransaction] = []
        // Also of those behind the range: a marker there can end a transaction that begins in it.
        for segment in view.segments {
            _ = try compacting { () throws(ScanError) in
                try segment.collectAborted(from: 0, to: range.end, into: &aborted)
            }
        }
        let found = try lastOffsets(in: view, range, aborted)
        // The setting may be as long as for ever.
        let (horizon, isForEver) = now.addingReportingOverflow(
            view.configuration.tombstoneMilliseconds)
        let filter = BatchFilter(
            lastOffsets: found.offsets, end: found.end, horizon: isForEver ? .max : horizon,
            now: now,
            producers: producerTable().entries)
        var report = CompactionReport(end: found.end)
        var transactions = CleanedTransactions(unique(aborted))
        let count = view.segments.partitioningIndex { $0.baseOffset >= found.end }
        for group in CompactionRange.groups(
            Array(sizes.prefix(count)), bytesMax: view.configuration.segmentBytes)
        {
            let after = try compact(
                Array(view.segments[group]), end: view.segments[group.upperBound].baseOffset,
                filter: filter, transactions: &transactions)
            guard let after else { return nil }
            report.bytesBefore += sizes[group].reduce(0) { $0 + Int64($1.sizeBytes) }
            report.bytesAfter += Int64(after)
        }
        try keep(firstDirty: found.end)
        return report
    }

    // MARK: Where the last compaction ended

    private func firstDirty() throws(CompactionFault) -> Int64 {
        if let known = cleanerOffset.withLock({ $0 }) { return known }
        let path = folder + "/" + Self.checkpoint
        let bytes = try onCompactionDisk { () throws(DiskError) in try DiskFolder.contents(path) }
        let lines = String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n")
        // A damaged one only makes the next compaction read more.
        let offset = lines.count == 2 ? Int64(lines[1]) ?? 0 : 0
        cleanerOffset.withLock { $0 = offset }
        return offset
    }

    private func keep(firstDirty offset: Int64) throws(CompactionFault) {
        let path = folder + "/" + Self.checkpoint
        try onCompactionDisk { () throws(DiskError) in
            try DiskFolder.replace(path, with: Array("0\n\(offset)\n".utf8))
        }
        cleanerOffset.withLock { $0 = offset }
    }

    // MARK: Reading

    /// The last offset of each key in the range, as far as there is memory.
    private func lastOffsets(
        in view: LogView, _ range: CompactionRange, _ aborted: [AbortedTransaction]
    ) throws(CompactionFault) -> (offsets: LastOffsets, end: Int64) {
        var keys = KeyCollector(range: range, aborted: unique(aborted))
        for segment in view.segments where segment.baseOffset < range.end {
            let after = view.segments.first { $0.baseOffset > segment.baseOffset }
            if let after, after.baseOffset <= range.first { continue }
            guard !isClosed else { return (keys.offsets, keys.end) }
            guard try keys.add(segment) else { return (keys.offsets, keys.end) }
        }
        return (keys.offsets, range.end)
    }

    /// A transaction that ended in one segment is in the list of that one only; each counts once.
    private func unique(_ aborted: [AbortedTransaction]) -> [AbortedTransaction] {
        var seen: Set<Int64> = []
        return aborted.filter { seen.insert($0.lastOffset).inserted }
    }

    // MARK: Replacing

    /// - Returns: the bytes that remain; `nil` when the log changed meanwhile and keeps its segments.
    private func compact(
        _ segments: [Segment], end: Int64, filter: BatchFilter,
        transactions: inout CleanedTransactions
    ) throws(CompactionFault) -> Int? {
        let base = segments[0].baseOffset
        let path = CleanedFiles.cleanedPath(folder, base)
        let file = try onCompactionDisk { () throws(DiskError) in
            try DiskFolder.remove(path)
            return try DiskFile.open(path, create: true)
        }
        var cleaner = SegmentCleaner(file, baseOffset: base, filter: filter)
        for segment in segments {
            guard !isClosed else { return nil }
            let size = try compacting { () throws(ScanError) in try segment.fileBytes() }
            try cleaner.add(segment, sizeBytes: size, transactions: &transactions)
        }
        if segments.count == 1, !cleaner.cleaned.isChanged {
            try onCompactionDisk { () throws(DiskError) in try DiskFolder.remove(path) }
            return cleaner.cleaned.sizeBytes
        }
        try cleaner.finish()
        let cleaned = cleaner.cleaned
        let isReplaced = try onCompactionDisk { () throws(DiskError) in
            try replace(segments, base..<end, with: cleaned)
        }
        return isReplaced ? cleaned.sizeBytes : nil
    }
}

/// The last offset of each key, of records that no aborted transaction wrote.
private struct KeyCollector {
    let range: CompactionRange
    var offsets = LastOffsets(bytesMax: Limits.compactionKeysBytesMax)
    /// The offset behind the last batch whose keys are all in `offsets`.
    var end: Int64
    private var transactions: CleanedTransactions

    init(range: CompactionRange, aborted: [AbortedTransaction]) {
        self.range = range
        end = range.first
        transactions = CleanedTransactions(aborted)
    }

    /// - Returns: false when there is no memory for more.
    mutating func add(_ segment: Segment) throws(CompactionFault) -> Bool {
        let size = try compacting { () throws(ScanError) in try segment.fileBytes() }
        var scan = BatchScan(segment.file, from: 0, to: size, verifying: true)
        while let (header, batch) = try compacting({ () throws(ScanError) in
            try scan.next { _, header, bytes in
                let whole = UnsafeRawBufferPointer(rebasing: bytes.prefix(header.sizeBytes))
                return (header, ByteBuffer(bytes: whole))
            }
        }) {
            if header.baseOffset >= range.end { return true }
            if let marker = header.attributes.isControl ? MarkerBatch.marker(in: batch) : nil {
                _ = transactions.passed(marker: marker, at: header.baseOffset)
            } else if !header.attributes.isControl {
                let isAborted = transactions.passed(batch: header)
                if !isAborted, header.lastOffset >= range.first, try !add(header, batch) {
                    return false
                }
            }
            end = max(end, header.lastOffset + 1)
        }
        return true
    }

    private mutating func add(
        _ header: RecordBatchHeader, _ batch: ByteBuffer
    ) throws(CompactionFault) -> Bool {
        let hasRoom: Bool?
        do throws(WireError) {
            hasRoom = try BatchUnpacking.withPlain(batch) { plain in add(header, plain: plain) }
        } catch {
            throw .damaged("a batch at offset \(header.baseOffset): \(error)")
        }
        guard let hasRoom else {
            throw .damaged("a batch at offset \(header.baseOffset): its records are not whole")
        }
        return hasRoom
    }

    /// - Returns: `nil` for what is no row of records.
    private mutating func add(_ header: RecordBatchHeader, plain: ByteBuffer) -> Bool? {
        plain.withUnsafeReadableBytes { bytes in
            let records = UnsafeRawBufferPointer(
                rebasing: bytes[RecordBatchHeader.byteCount...])
            var spans = RecordSpans(records)
            while let span = spans.next() {
                let offset = header.baseOffset + span.offsetDelta
                guard let key = span.key, offset >= range.first else { continue }
                if offsets.isFull { return false }
                offsets.set(UnsafeRawBufferPointer(rebasing: records[key]), to: offset)
            }
            return spans.isAtEnd ? true : nil
        }
    }
}

extension LogView {
    /// - Complexity: O(segments), a system call for each.
    fileprivate func compactionSegments() throws(DiskError) -> [CompactionSegment] {
        var all: [CompactionSegment] = []
        for (position, segment) in segments.enumerated() {
            let isLast = position == segments.count - 1
            let size = isLast ? activeBytes : try segment.file.size()
            all.append(
                CompactionSegment(
                    baseOffset: segment.baseOffset, sizeBytes: size,
                    maxTimestamp: try segment.maxTimestamp(end: size).timestamp))
        }
        return all
    }
}
