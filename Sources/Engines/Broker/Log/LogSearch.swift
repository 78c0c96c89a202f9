// Looking for offsets by time, and for the newest record: what ListOffsets asks.

import KafkaProtocol
import MillraceBase
import NIOCore

/// A record that was looked for.
package struct FoundRecord: Equatable, Sendable {
    package var offset: Int64
    package var timestamp: Int64
    package var leaderEpoch: Int32
}

extension PartitionLog {
    /// The first record whose time is not below `timestamp`. Blocks.
    package func first(since timestamp: Int64) throws(LogReadFault) -> FoundRecord? {
        let view = try readable(from: view.with { $0.startOffset }) { $0 }
        for (position, segment) in view.segments.enumerated() {
            let isLast = position == view.segments.count - 1
            do throws(ScanError) {
                let end = isLast ? view.activeBytes : try segment.fileBytes()
                let found = try segment.first(since: timestamp, from: view.startOffset, end: end)
                if let found { return view.stamped(found) }
            } catch {
                throw fault(error)
            }
        }
        return nil
    }

    /// The record with the largest time; of several, the first. Blocks.
    package func newest() throws(LogReadFault) -> FoundRecord? {
        let view = try readable(from: view.with { $0.startOffset }) { $0 }
        var best: (timestamp: Int64, offset: Int64, segment: Segment, end: Int)?
        for (position, segment) in view.segments.enumerated() {
            let isLast = position == view.segments.count - 1
            do throws(ScanError) {
                let end = isLast ? view.activeBytes : try segment.fileBytes()
                let newest = try segment.newest(end: end)
                if newest.timestamp > best?.timestamp ?? -1 {
                    best = (newest.timestamp, newest.offset, segment, end)
                }
            } catch {
                throw fault(error)
            }
        }
        guard let best else { return nil }
        do throws(ScanError) {
            let batch = try SegmentReader(segment: best.segment, end: best.end).read(
                from: max(best.offset, view.startOffset), ReadSize(bytesMax: 1, atLeastOne: true))
            guard let batch else { return nil }
            return try BatchSearch.first(
                in: batch, since: best.timestamp, from: view.startOffset
            ).map(view.stamped)
        } catch {
            throw fault(error)
        }
    }

    /// Where a leader epoch ends, for OffsetForLeaderEpoch.
    package func end(ofEpoch epoch: Int32) -> (epoch: Int32, offset: Int64)? {
        view.with { $0.epochs.end(of: epoch, logEnd: $0.highWatermark) }
    }
}

extension LogView {
    /// With the epoch it was written under.
    fileprivate func stamped(_ found: FoundRecord) -> FoundRecord {
        var found = found
        found.leaderEpoch = epochs.epoch(of: found.offset)
        return found
    }
}

extension Segment {
    func fileBytes() throws(ScanError) -> Int {
        do { return try file.size() } catch { throw .disk(error) }
    }

    fileprivate func newest(end: Int) throws(ScanError) -> (timestamp: Int64, offset: Int64) {
        do { return try maxTimestamp(end: end) } catch { throw .disk(error) }
    }

    /// - Parameter end: bytes that may be read.
    fileprivate func first(
        since timestamp: Int64, from startOffset: Int64, end: Int
    ) throws(ScanError) -> FoundRecord? {
        guard try newest(end: end).timestamp >= timestamp else { return nil }
        var scan: BatchScan
        do {
            let offset = max(try self.offset(before: timestamp, end: end), startOffset)
            scan = BatchScan(
                file, from: try position(of: offset, end: end), to: end, verifying: true)
        } catch {
            throw .disk(error)
        }
        while let (header, batch) = try scan.next({ _, header, bytes in
            let reaches =
                header.maxTimestampMilliseconds >= timestamp
                && header.lastOffset >= startOffset
            let whole = UnsafeRawBufferPointer(rebasing: bytes.prefix(header.sizeBytes))
            return (header, reaches ? ByteBuffer(bytes: whole) : nil)
        }) {
            guard header.maxTimestampMilliseconds >= timestamp, let batch else { continue }
            if let found = try BatchSearch.first(in: batch, since: timestamp, from: startOffset) {
                return found
            }
        }
        return nil
    }
}

enum BatchSearch {
    /// The first record of the batch, at or after an offset, whose time is not below `timestamp`.
    static func first(
        in batch: ByteBuffer, since timestamp: Int64, from startOffset: Int64
    ) throws(ScanError) -> FoundRecord? {
        do {
            return try BatchUnpacking.withPlain(batch) { plain throws(WireError) in
                var reader = try RecordReader(plain)
                while let record = try reader.outline() {
                    if record.timestampMilliseconds >= timestamp, record.offset >= startOffset {
                        return FoundRecord(
                            offset: record.offset, timestamp: record.timestampMilliseconds,
                            leaderEpoch: -1)
                    }
                }
                return nil
            }
        } catch {
            throw .fault(.notABatch)
        }
    }
}
