// A walk over the batches of a segment file, which stops where the good ones end.

import KafkaProtocol
import NIOCore

/// Reads a file batch by batch, a megabyte at a time.
struct BatchScan {
    private let file: DiskFile
    private let end: Int
    private let verifying: Bool
    private let readsWhole: Bool
    /// Bytes of the file from `start` on; a window that moves forward.
    private var window: [UInt8] = []
    private var start: Int
    /// Where the next batch begins.
    private(set) var position: Int

    /// - Parameters:
    ///   - end: bytes of the file to look at.
    ///   - verifying: whether checksums are computed.
    ///   - readsWhole: whether the bytes given are whole batches even so; control batches always are.
    init(
        _ file: DiskFile, from position: Int, to end: Int, verifying: Bool, readsWhole: Bool = false
    ) {
        self.readsWhole = readsWhole
        self.file = file
        self.end = end
        self.verifying = verifying
        self.position = position
        start = position
    }

    /// Reads the next batch and goes on to the one after.
    ///
    /// - Returns: `nil` at the end of the file.
    /// - Throws: `Fault` when what stands at `position` is no whole good batch; the scan stays there.
    mutating func next<Value>(
        _ body: (_ position: Int, RecordBatchHeader, UnsafeRawBufferPointer) -> Value
    ) throws(ScanError) -> Value? {
        guard position < end else { return nil }
        guard end - position >= RecordBatchHeader.byteCount else { throw .fault(.cutShort) }
        try fill(RecordBatchHeader.byteCount)
        let header = try header(whole: false)
        guard header.sizeBytes <= end - position else { throw .fault(.cutShort) }
        if verifying {
            try fill(header.sizeBytes)
            _ = try self.header(whole: true)
        } else if header.attributes.isControl || readsWhole {
            try fill(header.sizeBytes)
        }
        let value = window.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[(position - start)...])
            return body(position, header, rest)
        }
        position += header.sizeBytes
        return value
    }

    private func header(whole: Bool) throws(ScanError) -> RecordBatchHeader {
        // The closure of `withUnsafeBytes` cannot throw a typed error.
        let result = window.withUnsafeBytes { bytes in
            Result { () throws(BatchFault) in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[(position - start)...])
                return whole
                    ? try RecordBatchHeader(whole: rest, verifying: true)
                    : try RecordBatchHeader(front: rest)
            }
        }
        do { return try result.get() } catch { throw .fault(error) }
    }

    /// Makes at least `count` bytes from `position` on stand in the window.
    private mutating func fill(_ count: Int) throws(ScanError) {
        if position >= start, position + count <= start + window.count { return }
        let wanted = min(
            max(count, verifying || readsWhole ? Limits.scanBytes : 16 << 10), end - position)
        start = position
        do { window = try file.read(wanted, at: position) } catch { throw .disk(error) }
        if window.count < count { throw .fault(.cutShort) }
    }
}

/// Why a scan stopped before the end.
enum ScanError: Error, Equatable {
    case fault(BatchFault)
    case disk(DiskError)
}
