// Reading a log: from memory at its end, from disk further back.

import KafkaProtocol
package import NIOCore

/// What a reader gets of one partition.
package struct LogRead: Sendable {
    /// Whole batches, one after the other; the first may begin before the offset asked for.
    package var batches: [ByteBuffer] = []
    package var highWatermark: Int64
    package var startOffset: Int64

    package var sizeBytes: Int { batches.reduce(0) { $0 + $1.readableBytes } }

    /// The batches as one buffer; copies when there are several.
    package var bytes: ByteBuffer {
        if batches.count == 1 { return batches[0] }
        var all = ByteBuffer()
        all.reserveCapacity(sizeBytes)
        for batch in batches { all.writeImmutableBuffer(batch) }
        return all
    }
}

package enum LogReadFault: Error, Equatable, Sendable {
    case outOfRange(startOffset: Int64, highWatermark: Int64)
    /// A batch on disk is not what was written.
    case corrupt
    /// The disk does not give it, or the log is no longer served; in words.
    case storage(String)
}

/// How much to read.
package struct ReadSize: Sendable {
    package var bytesMax: Int
    /// Whether the first batch comes even if it alone is larger.
    package var atLeastOne: Bool

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
        from offset: Int64, _ size: ReadSize
    ) throws(LogReadFault) -> LogRead? {
        try readable(from: offset) { view in
            if offset == view.highWatermark { return LogRead(view) }
            let batches = view.tail.read(
                from: offset, bytesMax: size.bytesMax, atLeastOne: size.atLeastOne)
            guard let batches else { return nil }
            var read = LogRead(view)
            read.batches = batches
            return read
        }
    }

    /// Reads from memory or disk. Blocks.
    package func read(from offset: Int64, _ size: ReadSize) throws(LogReadFault) -> LogRead {
        if let read = try readTail(from: offset, size) { return read }
        let view = try readable(from: offset) { $0 }
        var read = LogRead(view)
        var position = view.segments.partitioningIndex { $0.baseOffset > offset } - 1
        // A gap at a segment's end (offsets that were compacted away) leads on to the next one.
        while position < view.segments.count {
            let isLast = position == view.segments.count - 1
            do throws(ScanError) {
                let segment = view.segments[max(position, 0)]
                let end = isLast ? view.activeBytes : try segment.fileBytes()
                let reader = SegmentReader(segment: segment, end: end)
                if let batches = try reader.read(from: offset, size) {
                    read.batches = batches.readableBytes == 0 ? [] : [batches]
                    break
                }
            } catch {
                throw error.readFault
            }
            position += 1
        }
        return read
    }

    /// Looks at the log for a reader who wants `offset`.
    func readable<Value: Sendable>(
        from offset: Int64, _ body: (LogView) -> Value
    ) throws(LogReadFault) -> Value {
        try view.with { view -> Result<Value, LogReadFault> in
            if let failure = view.failure { return .failure(.storage(failure)) }
            guard offset >= view.startOffset, offset <= view.highWatermark else {
                return .failure(
                    .outOfRange(startOffset: view.startOffset, highWatermark: view.highWatermark))
            }
            return .success(body(view))
        }.get()
    }
}

extension ScanError {
    /// What a reader is told.
    var readFault: LogReadFault {
        switch self {
        case .fault: .corrupt
        case .disk(let error): .storage("\(error)")
        }
    }
}

extension LogRead {
    fileprivate init(_ view: LogView) {
        self.init(highWatermark: view.highWatermark, startOffset: view.startOffset)
    }
}

/// Reads batches out of a segment file, checking each checksum: what the disk spoiled is not served.
struct SegmentReader {
    let segment: Segment
    /// Bytes of the file that may be read.
    let end: Int

    /// - Returns: whole batches from the one that holds `offset` on; `nil` when none reaches it.
    func read(from offset: Int64, _ size: ReadSize) throws(ScanError) -> ByteBuffer? {
        var position = try disk { () throws(DiskError) in
            try segment.position(of: offset, end: end)
        }
        // A first read that usually holds the walk to the batch and all that is wanted.
        var window = try load(
            position, count: size.bytesMax + 2 * Limits.indexIntervalBytes)
        while position < end {
            var header = try front(window)
            if header.lastOffset < offset {
                position += header.sizeBytes
                window.moveReaderIndex(forwardBy: min(header.sizeBytes, window.readableBytes))
                if window.readableBytes < RecordBatchHeader.byteCount {
                    window = try load(position, count: size.bytesMax)
                }
                continue
            }
            if window.readableBytes < header.sizeBytes {
                window = try load(position, count: max(header.sizeBytes, size.bytesMax))
                header = try front(window)
            }
            return try checked(window, size)
        }
        return nil
    }

    /// The sound batches at the front that fit.
    private func checked(_ window: ByteBuffer, _ size: ReadSize) throws(ScanError) -> ByteBuffer {
        var good = 0
        let result = window.withUnsafeReadableBytes { bytes -> Result<Int, BatchFault> in
            while good < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[good...])
                do throws(BatchFault) {
                    let header = try RecordBatchHeader(whole: rest, verifying: true)
                    let fits = good + header.sizeBytes <= size.bytesMax
                    guard fits || (good == 0 && size.atLeastOne) else { break }
                    good += header.sizeBytes
                } catch {
                    // A batch cut by the window's end, or one behind good ones: next time.
                    if good == 0 { return .failure(error) }
                    break
                }
            }
            return .success(good)
        }
        do {
            let count = try result.get()
            return window.getSlice(at: window.readerIndex, length: count) ?? ByteBuffer()
        } catch {
            throw .fault(error)
        }
    }

    private func front(_ window: ByteBuffer) throws(ScanError) -> RecordBatchHeader {
        let result = window.withUnsafeReadableBytes { bytes in
            Result { () throws(BatchFault) in try RecordBatchHeader(front: bytes) }
        }
        do { return try result.get() } catch { throw .fault(error) }
    }

    private func load(_ position: Int, count: Int) throws(ScanError) -> ByteBuffer {
        let wanted = max(min(count, end - position), 0)
        return try disk { () throws(DiskError) in
            try segment.file.readBuffer(wanted, at: position)
        }
    }

    private func disk<Value>(_ body: () throws(DiskError) -> Value) throws(ScanError) -> Value {
        do { return try body() } catch { throw .disk(error) }
    }
}
