// Opening a partition's folder: trusting it after a clean stop, reading it again after any other.

import KafkaProtocol
import MillraceBase
import NIOCore

/// A partition as its folder shows it.
struct RecoveredLog: Sendable {
    /// In the order of their offsets. Empty for a new partition.
    var segments: [Segment] = []
    /// Bytes of the last segment.
    var activeBytes = 0
    var activeSince: Int64 = 0
    var endOffset: Int64 = 0
    var epochs = LeaderEpochs()
    var producers = ProducerTable()
    /// Up to here nothing needs to be read again.
    var recoveryPoint: Int64 = 0
    /// Bytes that were cut off because they were no whole good batch.
    var bytesCut = 0
    /// Whether the newest of `epochs` is not on disk yet.
    var hasNewEpoch = false
}

/// Reads a partition's folder. Used once for each, before anybody appends.
///
/// After an unclean stop every batch of the last segment from the recovery point on is checked; the
/// first bad one and all behind it are cut off. Segments before it were on disk when it was begun. Producers are the newest snapshot plus the batches behind it. The leader
/// epoch rises, since what was cut off may have been seen as unacknowledged data by its producer.
struct LogRecovery {
    let folder: String
    let isClean: Bool
    /// From the data directory's checkpoint; 0 when it is missing.
    let recoveryPoint: Int64
    let now: Int64
    private var log = RecoveredLog()

    init(folder: String, isClean: Bool, recoveryPoint: Int64, now: Int64) {
        self.folder = folder
        self.isClean = isClean
        self.recoveryPoint = recoveryPoint
        self.now = now
    }

    mutating func run() throws(DiskError) -> RecoveredLog {
        var names = try DiskFolder.names(in: folder)
        if try CleanedFiles.settle(folder, names) { names = try DiskFolder.names(in: folder) }
        let bases = names.compactMap { Segment.offset(in: $0, suffix: "log") }.sorted()
        try readEpochs()
        log.endOffset = bases.first ?? 0
        for base in bases.dropLast() { try trust(base) }
        if let last = bases.last { try recover(last) }
        for segment in log.segments.dropLast() { segment.close() }
        log.activeSince = now
        try recoverProducers(names.compactMap { Segment.offset(in: $0, suffix: "snapshot") })
        if !isClean, !log.segments.isEmpty { raiseEpoch() }
        log.recoveryPoint = isClean ? log.endOffset : min(recoveryPoint, log.endOffset)
        return log
    }

    // MARK: Segments

    /// Opens a segment that another one follows. The writer flushes a segment before it begins the
    /// next (`LogWriter.roll`), so it ends where that one begins, and what is damaged in it was not torn
    /// by a crash: its readers are told, and nothing behind it is cut off.
    private mutating func trust(_ base: Int64) throws(DiskError) {
        let file = try DiskFile.open(Segment.path(folder, base, "log"), create: false)
        log.segments.append(Segment(baseOffset: base, folder: folder, file: file, index: nil))
    }

    /// Opens the last segment and finds its end; a bad one is cut off.
    private mutating func recover(_ base: Int64) throws(DiskError) {
        let file = try DiskFile.open(Segment.path(folder, base, "log"), create: false)
        let size = try file.size()
        let probe = Segment(baseOffset: base, folder: folder, file: file, index: nil)
        var index = SegmentIndex()
        var from = (position: 0, offset: base)
        if isClean || recoveryPoint > base {
            index = try probe.load(end: size)
            from = try trustedStart(file, &index, base: base, size: size)
        }
        var scan = BatchScan(file, from: from.position, to: size, verifying: !isClean)
        var good = from
        do throws(ScanError) {
            while let batch = try scan.next({ _, batch, _ in batch }) {
                guard batch.baseOffset >= good.offset else { break }
                index.appended(batch, at: good.position, baseOffset: base)
                good = (scan.position, batch.lastOffset + 1)
            }
        } catch {
            if case .disk(let error) = error { throw error }
        }
        if good.position < size {
            log.bytesCut += size - good.position
            try file.cut(to: good.position)
            try file.flush()
        } else if !isClean {
            // A batch that a killed process had written and not flushed is about to be served, and
            // acknowledged when its producer repeats it: it must be on disk by then.
            try file.flush()
        }
        log.activeBytes = good.position
        log.endOffset = good.offset
        log.segments.append(Segment(baseOffset: base, folder: folder, file: file, index: index))
    }

    /// Where a scan begins: the last indexed batch before the recovery point, and its offset. The index
    /// is cut to it.
    private func trustedStart(
        _ file: DiskFile, _ index: inout SegmentIndex, base: Int64, size: Int
    ) throws(DiskError) -> (position: Int, offset: Int64) {
        let position =
            isClean
            ? Int(index.lastPosition)
            : Int(index.position(of: UInt32(clamping: max(recoveryPoint - 1 - base, 0))))
        let header = try file.read(RecordBatchHeader.byteCount, at: position)
        let batch = header.withUnsafeBytes { try? RecordBatchHeader(front: $0) }
        guard let batch, batch.baseOffset >= base,
            position + batch.sizeBytes <= size
        else {
            index = SegmentIndex()
            return (0, base)
        }
        index.cut(
            to: UInt32(clamping: position),
            relativeOffset: UInt32(clamping: batch.baseOffset - base))
        return (position, batch.baseOffset)
    }

    // MARK: Producers and epochs

    /// The newest snapshot that the log still reaches, and the batches behind it.
    private mutating func recoverProducers(_ snapshots: [Int64]) throws(DiskError) {
        let start = log.segments.first?.baseOffset ?? 0
        var from = start
        for offset in snapshots.sorted(by: >) {
            let path = Segment.path(folder, offset, "snapshot")
            if offset <= log.endOffset, let bytes = try DiskFolder.contents(path),
                let table = ProducerSnapshot.decode(bytes)
            {
                log.producers = table
                from = offset
                break
            }
            try DiskFolder.remove(path)
        }
        if try !hasAbortedIndexes(before: from) {
            // Only the whole log tells again where the transactions began.
            log.producers = ProducerTable()
            from = start
        }
        for (position, segment) in log.segments.enumerated() {
            let isLast = position == log.segments.count - 1
            if !isLast, log.segments[position + 1].baseOffset <= from { continue }
            let end = isLast ? log.activeBytes : try segment.file.size()
            try replay(segment, from: from, end: end, isLast: isLast)
        }
    }

    /// Whether the aborted transactions before an offset are known. After a clean stop only the last
    /// segment's are looked at; readers are told when they come to a damaged older one.
    private func hasAbortedIndexes(before offset: Int64) throws(DiskError) -> Bool {
        for segment in isClean ? log.segments.suffix(1) : log.segments[...]
        where segment.baseOffset < offset {
            do throws(ScanError) { _ = try segment.loadAborted() } catch {
                if case .disk(let error) = error { throw error }
                return false
            }
        }
        return true
    }

    /// Producers and aborted transactions of the batches from an offset on.
    private mutating func replay(
        _ segment: Segment, from: Int64, end: Int, isLast: Bool
    ) throws(DiskError) {
        /// What the file says; `nil` when it is damaged.
        var known: AbortedIndex?
        do throws(ScanError) { known = try segment.loadAborted() } catch {
            if case .disk(let error) = error { throw error }
        }
        var aborted = known ?? AbortedIndex()
        aborted.cut(to: from)
        if from < log.endOffset {
            try replay(segment, from: from, end: end, into: &aborted)
        }
        if isLast || aborted != known {
            segment.setAborted(aborted, isOnDisk: aborted == known)
            try segment.writeAborted()
        }
    }

    private mutating func replay(
        _ segment: Segment, from: Int64, end: Int, into aborted: inout AbortedIndex
    ) throws(DiskError) {
        let start = try segment.position(of: max(from, segment.baseOffset), end: end)
        var scan = BatchScan(segment.file, from: start, to: end, verifying: false)
        do throws(ScanError) {
            while let (batch, marker) = try scan.next({ _, batch, bytes in
                (batch, batch.attributes.isControl ? Self.marker(batch, bytes) : nil)
            }) {
                guard batch.hasProducer, batch.baseOffset >= from else { continue }
                if let marker {
                    let ended = log.producers.ended(marker, at: batch.baseOffset, now: now)
                    if let transaction = ended.aborted { aborted.append(transaction) }
                } else if !batch.attributes.isControl {
                    log.producers.appended(batch, at: batch.baseOffset, now: now)
                }
            }
        } catch {
            // An old segment may be damaged; readers are told when they come to it.
            if case .disk(let error) = error { throw error }
        }
    }

    private static func marker(
        _ batch: RecordBatchHeader, _ bytes: UnsafeRawBufferPointer
    ) -> TransactionMarker? {
        let whole = UnsafeRawBufferPointer(rebasing: bytes.prefix(batch.sizeBytes))
        return MarkerBatch.marker(in: ByteBuffer(bytes: whole))
    }

    private mutating func readEpochs() throws(DiskError) {
        let bytes = try DiskFolder.contents(folder + "/leader-epoch-checkpoint") ?? []
        if let epochs = LeaderEpochs(text: String(decoding: bytes, as: UTF8.self)) {
            log.epochs = epochs
        }
    }

    private mutating func raiseEpoch() {
        log.epochs.cut(to: log.endOffset)
        if log.epochs.entries.isEmpty { log.epochs.begin(0, at: log.segments[0].baseOffset) }
        log.epochs.begin(log.epochs.current + 1, at: log.endOffset)
        log.hasNewEpoch = true
    }
}
