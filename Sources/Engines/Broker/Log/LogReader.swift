// Reading a log: from memory at its end, from disk further back.

import KafkaProtocol
package import NIOCore

/// What a reader gets of one partition.
package struct LogRead: Sendable {
    /// Whole batches, one after the other; the first may begin before the offset asked for.
    package var batches: [ByteBuffer] = []
    package var highWatermark: Int64
    package var startOffset: Int64
    /// The offset before which every transaction has ended.
    package var lastStableOffset: Int64
    /// Those that overlap the batches, for readers of committed records; they skip their batches.
    package var abortedTransactions: [AbortedTransaction] = []

    /// The batches as a part of a file, instead of `batches`.
    var file: FilePart?

    package var sizeBytes: Int { file?.count ?? batches.reduce(0) { $0 + $1.readableBytes } }

    /// The batches as one buffer; copies when there are several.
    package var bytes: ByteBuffer {
        if batches.count == 1 { return batches[0] }
        var all = ByteBuffer()
        all.reserveCapacity(sizeBytes)
        for batch in batches { all.writeImmutableBuffer(batch) }
        return all
    }
}

/// Which records a reader sees.
package enum IsolationLevel: Int8, Sendable {
    /// Up to the high watermark.
    case readUncommitted = 0
    /// Up to the last stable offset; records of aborted transactions among them, with the word which.
    case readCommitted = 1
}

package enum LogReadFault: Error, Equatable, Sendable {
    case outOfRange(startOffset: Int64, highWatermark: Int64)
    /// A batch on disk is not what was written.
    case corrupt
    /// The disk does not give it, in words.
    case storage(String)
    /// The topic was deleted while somebody read its log, or waited for more of it.
    case deleted
}

/// How much to read.
package struct ReadSize: Sendable {
    package var bytesMax: Int
    /// Whether the first batch comes even if it alone is larger.
    package var atLeastOne: Bool
    /// Whether the answer may be a part of a file, which is not read.
    var mayBeFile = false

    package init(bytesMax: Int, atLeastOne: Bool) {
        self.bytesMax = bytesMax
        self.atLeastOne = atLeastOne
    }
}

extension PartitionLog {
    /// Reads what is in memory. Does not block.
    ///
    /// - Returns: `nil` when the disk has to be read; no batches when there is nothing to read yet.
    package func readTail(
        from offset: Int64, _ size: ReadSize, isolation: IsolationLevel = .readUncommitted
    ) throws(LogReadFault) -> LogRead? {
        let found = try readable(from: offset) { view -> (LogRead, segments: [Segment])? in
            let end = view.end(isolation)
            if offset >= end { return (LogRead(view), []) }
            let batches = view.tail.read(
                from: offset, to: end, bytesMax: size.bytesMax, atLeastOne: size.atLeastOne)
            guard let batches else { return nil }
            var read = LogRead(view)
            read.batches = batches
            switch isolation {
            case .readUncommitted: return (read, [])
            case .readCommitted: return (read, view.segments(from: offset))
            }
        }
        guard let found else { return nil }
        var read = found.0
        guard found.segments.allSatisfy(\.hasResidentAborted) else { return nil }
        do throws(ScanError) {
            read.abortedTransactions = try Self.aborted(
                in: found.segments, from: offset, to: read.lastStableOffset)
        } catch {
            throw fault(error)
        }
        return read
    }

    /// Reads from memory or disk. Blocks.
    package func read(
        from offset: Int64, _ size: ReadSize, isolation: IsolationLevel = .readUncommitted
    ) throws(LogReadFault) -> LogRead {
        if let read = try readTail(from: offset, size, isolation: isolation) { return read }
        let view = try readable(from: offset) { $0 }
        var read = LogRead(view)
        let end = view.end(isolation)
        if offset >= end { return read }
        do throws(ScanError) {
            // A gap at a segment's end (offsets that were compacted away) leads on to the next one.
            for (segment, isLast) in view.placed(from: offset) {
                let bytes = isLast ? view.activeBytes : try segment.fileBytes()
                let reader = SegmentReader(
                    segment: segment, end: bytes,
                    endOffset: end == view.highWatermark ? .max : end)
                if size.mayBeFile, let part = try reader.part(from: offset, size) {
                    read.file = part
                    break
                }
                guard let found = try reader.read(from: offset, size) else { continue }
                read.batches = found.readableBytes == 0 ? [] : [found]
                break
            }
            if isolation == .readCommitted, read.sizeBytes > 0 {
                read.abortedTransactions = try Self.aborted(
                    in: view.segments(from: offset), from: offset,
                    to: read.batches.last.map(BatchCut.endOffset) ?? end)
            }
        } catch {
            throw fault(error)
        }
        return read
    }

    private static func aborted(
        in segments: [Segment], from start: Int64, to end: Int64
    ) throws(ScanError) -> [AbortedTransaction] {
        var found: [AbortedTransaction] = []
        for segment in segments {
            if try segment.collectAborted(from: start, to: end, into: &found) { break }
        }
        return found
    }

    /// Looks at the log for a reader who wants `offset`.
    func readable<Value: Sendable>(
        from offset: Int64, _ body: (LogView) -> Value
    ) throws(LogReadFault) -> Value {
        try view.with { view -> Result<Value, LogReadFault> in
            if let failure = view.failure { return .failure(failure) }
            guard offset >= view.startOffset, offset <= view.highWatermark else {
                return .failure(
                    .outOfRange(startOffset: view.startOffset, highWatermark: view.highWatermark))
            }
            return .success(body(view))
        }.get()
    }

    /// What a reader is told whose reading failed. The files of a deleted topic go while they are read.
    func fault(_ error: ScanError) -> LogReadFault {
        view.with { $0.failure } == .deleted ? .deleted : error.readFault
    }
}

extension ScanError {
    /// What a reader of a log that is there is told.
    fileprivate var readFault: LogReadFault {
        switch self {
        case .fault: .corrupt
        case .disk(let error): .storage("\(error)")
        }
    }
}

extension LogRead {
    fileprivate init(_ view: LogView) {
        self.init(
            highWatermark: view.highWatermark, startOffset: view.startOffset,
            lastStableOffset: view.lastStableOffset)
    }
}

extension LogView {
    /// The segments from the one that has an offset on.
    fileprivate func segments(from offset: Int64) -> [Segment] {
        let after = segments.partitioningIndex { $0.baseOffset > offset }
        return Array(segments[max(after - 1, 0)...])
    }

    fileprivate func placed(from offset: Int64) -> [(segment: Segment, isLast: Bool)] {
        let last = segments.last
        return segments(from: offset).map { ($0, $0 === last) }
    }
}
