// How a log's writer closes segments and begins new ones, and puts on disk what a start needs.

import MillraceBase
import NIOCore

extension LogWriter {
    func mustRoll(before sizeBytes: Int, now: Int64) -> Bool {
        let used = activeBytes + staged.readableBytes
        guard used > 0, let active else { return false }
        return used + sizeBytes > configuration.segmentBytes
            || nextOffset - active.baseOffset > Int64(Int32.max) - Int64(Limits.recordsPerBatchMax)
            || (activeBytes > 0 && now - activeSince > configuration.rollMilliseconds)
    }

    /// Closes the active segment; the next batch begins another.
    mutating func roll() throws(AppendFault) {
        precondition(staged.readableBytes == 0, "a segment is closed between two commits")
        guard let old = active, activeBytes > 0 else { return }
        do throws(DiskError) {
            try checkpoint()
            old.close()
            active = nil
            activeBytes = 0
        } catch {
            fail("\(error)")
            throw .storage("\(error)")
        }
    }

    /// Makes the files of a new segment; their names survive a power cut before its first batch does.
    mutating func begin(at offset: Int64) throws(AppendFault) -> Segment {
        do throws(DiskError) {
            try makeFolder()
            let file = try DiskFile.open(Segment.path(folder, offset, "log"), create: true)
            try file.cut(to: 0)
            try flushNames()
            let segment = Segment(
                baseOffset: offset, folder: folder, file: file, index: SegmentIndex(),
                aborted: AbortedIndex())
            active = segment
            activeBytes = 0
            activeSince = WallClock.system.milliseconds()
            // Positions of what is staged were counted behind the segment before, which is closed.
            return segment
        } catch {
            throw .storage("\(error)")
        }
    }

    /// The folder of a partition is made with its first batch: empty partitions cost nothing.
    mutating func makeFolder() throws(DiskError) {
        if DiskFolder.exists(folder + "/partition.metadata") { return }
        try DiskFolder.make(folder)
        try DiskFolder.replace(
            folder + "/partition.metadata",
            with: Array("version: 0\ntopic_id: \(topicID)\n".utf8), durably: false)
        if epochs.entries.isEmpty { epochs.begin(0, at: nextOffset) }
        try writeEpochs(durably: false)
        let epochs = epochs
        view.with { $0.epochs = epochs }
    }

    func flushNames() throws(DiskError) {
        guard durability != .none else { return }
        try DiskFolder.flush(folder)
        if let slash = folder.lastIndex(of: "/") {
            try DiskFolder.flush(String(folder[..<slash]))
        }
    }

    func writeEpochs(durably: Bool) throws(DiskError) {
        try DiskFolder.replace(
            folder + "/leader-epoch-checkpoint", with: Array(epochs.text.utf8), durably: durably)
    }

    /// Puts an epoch that a recovery raised on disk. Not done at the start, which has many logs to open.
    mutating func keepNewEpoch() throws(DiskError) {
        guard hasNewEpoch else { return }
        try writeEpochs(durably: true)
        hasNewEpoch = false
    }

    /// A flush that failed is final: the next one would succeed, over pages that are lost.
    private mutating func flush(_ segment: Segment) throws(DiskError) {
        do throws(DiskError) { try segment.file.flush() } catch {
            fail("\(error)")
            throw error
        }
    }

    // MARK: Checkpoints

    /// Puts everything on disk that a start without recovery needs: data, index, producers.
    ///
    /// The index is not flushed: a power cut can leave an old, empty or torn one, which is told from a
    /// good one when it is read, and made again from the batches. Of producers and transactions the
    /// batches may be compacted away, so what is known of them is flushed.
    mutating func checkpoint() throws(DiskError) {
        // Clients have seen the epoch: after an orderly stop it must not go back.
        try keepNewEpoch()
        guard let active, recoveryPoint < nextOffset else { return }
        if durability == .none { try flush(active) }
        try active.writeIndex()
        try DiskFolder.replace(
            Segment.path(folder, nextOffset, "snapshot"), with: ProducerSnapshot.encode(producers),
            durably: !producers.entries.isEmpty)
        let snapshots = try DiskFolder.names(in: folder)
            .compactMap { Segment.offset(in: $0, suffix: "snapshot") }
        for old in snapshots where old < recoveryPoint {
            try DiskFolder.remove(Segment.path(folder, old, "snapshot"))
        }
        recoveryPoint = nextOffset
        bytesSinceCheckpoint = 0
    }
}
