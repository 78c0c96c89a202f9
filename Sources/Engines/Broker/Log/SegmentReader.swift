// Batches out of one segment file: through memory, or as a place in the file.

import KafkaProtocol
import NIOCore

/// Reads batches out of a segment file. What comes through memory has its checksums verified; what is
/// sent as a part of the file was verified before, or written by this process (see `TrustedBytes`).
struct SegmentReader {
    let segment: Segment
    /// Bytes of the file that may be read.
    let end: Int
    /// Batches that begin here or later do not come.
    var endOffset = Int64.max

    /// - Returns: whole batches from the one that holds `offset` on; `nil` when none reaches it.
    func read(from offset: Int64, _ size: ReadSize) throws(ScanError) -> ByteBuffer? {
        let stamp = try disk { () throws(DiskError) in try segment.file.stamp() }
        // A first read that usually holds the walk to the batch and all that is wanted.
        let found = try find(offset, count: size.bytesMax + 2 * Limits.indexIntervalBytes)
        guard let found else { return nil }
        let position = found.position
        var (window, header) = (found.window, found.header)
        if header.baseOffset >= endOffset { return ByteBuffer() }
        if window.readableBytes < header.sizeBytes {
            window = try load(position, count: max(header.sizeBytes, size.bytesMax))
            header = try front(window)
        }
        let batches = try checked(window, size)
        segment.verified(position..<position + batches.readableBytes, stamp: stamp)
        return batches
    }

    /// The same as a place in the file, when it is large enough to be worth it and known to be good.
    func part(from offset: Int64, _ size: ReadSize) throws(ScanError) -> FilePart? {
        guard endOffset == .max, size.bytesMax >= Limits.filePartBytesMin,
            let (start, _, _) = try find(offset, count: 2 * Limits.indexIntervalBytes)
        else { return nil }
        let limit = start + size.bytesMax
        return try disk { () throws(DiskError) in
            let stop = limit >= end ? end : try segment.batchStart(before: limit, end: end)
            guard stop - start >= Limits.filePartBytesMin, segment.trusts(start..<stop) else {
                return nil
            }
            return FilePart(file: segment.file, position: start, count: stop - start)
        }
    }

    /// Walks to the batch that holds `offset`, or the first one behind it.
    ///
    /// - Parameter count: bytes to read at a time.
    /// - Returns: its place, what was read from there on, and its header.
    private func find(
        _ offset: Int64, count: Int
    ) throws(ScanError) -> (position: Int, window: ByteBuffer, header: RecordBatchHeader)? {
        var position = try disk { () throws(DiskError) in
            try segment.position(of: offset, end: end)
        }
        var window = try load(position, count: count)
        var passed: ByteBuffer?
        while position < end {
            let header = try front(window)
            if header.lastOffset >= offset {
                if header.baseOffset > offset, let passed { try check(passed) }
                return (position, window, header)
            }
            passed = window.getSlice(
                at: window.readerIndex, length: min(header.sizeBytes, window.readableBytes))
            position += header.sizeBytes
            window.moveReaderIndex(forwardBy: min(header.sizeBytes, window.readableBytes))
            if window.readableBytes < RecordBatchHeader.byteCount {
                window = try load(position, count: count)
            }
        }
        return nil
    }

    /// A gap before the batch that was found: either compaction made it, or the batch before it does not
    /// know its end any more.
    private func check(_ passed: ByteBuffer) throws(ScanError) {
        let result = passed.withUnsafeReadableBytes { bytes in
            Result { () throws(BatchFault) in
                _ = try RecordBatchHeader(whole: bytes, verifying: true)
            }
        }
        do { try result.get() } catch {
            // Its rest was not read: it is checked when it is asked for.
            if error != .cutShort { throw .fault(error) }
        }
    }

    /// The sound batches at the front that fit.
    private func checked(_ window: ByteBuffer, _ size: ReadSize) throws(ScanError) -> ByteBuffer {
        var good = 0
        var next = segment.baseOffset
        let result = window.withUnsafeReadableBytes { bytes -> Result<Int, BatchFault> in
            while good < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[good...])
                do throws(BatchFault) {
                    let header = try RecordBatchHeader(whole: rest, verifying: true)
                    let fits = good + header.sizeBytes <= size.bytesMax
                    guard fits || (good == 0 && size.atLeastOne), header.baseOffset < endOffset
                    else { break }
                    // Offsets are not under the checksum.
                    guard header.baseOffset >= next else { throw BatchFault.notABatch }
                    next = header.lastOffset + 1
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
