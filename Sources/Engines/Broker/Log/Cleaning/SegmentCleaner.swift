// Writes what stays of some neighbouring segments into one new file.

import KafkaProtocol
import MillraceBase
import NIOCore

/// The new segment, not yet in its place.
struct CleanedSegment {
    var index = SegmentIndex()
    var aborted = AbortedIndex()
    var sizeBytes = 0
    /// Whether anything is not as it was.
    var isChanged = false
}

/// Passes the batches of segments through a filter, in order.
struct SegmentCleaner {
    let filter: BatchFilter
    private let file: DiskFile
    private let baseOffset: Int64
    private var out = ByteBuffer()
    private(set) var cleaned = CleanedSegment()

    init(_ file: DiskFile, baseOffset: Int64, filter: BatchFilter) {
        self.file = file
        self.baseOffset = baseOffset
        self.filter = filter
    }

    mutating func add(
        _ segment: Segment, sizeBytes: Int, transactions: inout CleanedTransactions
    ) throws(CompactionFault) {
        var scan = BatchScan(segment.file, from: 0, to: sizeBytes, verifying: true)
        while let (header, batch) = try compacting({ () throws(ScanError) in
            try scan.next { _, header, bytes in
                let whole = UnsafeRawBufferPointer(rebasing: bytes.prefix(header.sizeBytes))
                return (header, ByteBuffer(bytes: whole))
            }
        }) {
            let isDiscarded = pass(header, batch, &transactions)
            let outcome: BatchFilter.Outcome
            do throws(WireError) {
                outcome = try filter.apply(batch, header, isDiscarded: isDiscarded)
            } catch {
                throw .damaged("a batch at offset \(header.baseOffset): \(error)")
            }
            switch outcome {
            case .kept: try write(batch)
            case .changed(let changed):
                cleaned.isChanged = true
                try write(changed)
            case .removed: cleaned.isChanged = true
            }
        }
    }

    private mutating func pass(
        _ header: RecordBatchHeader, _ batch: ByteBuffer, _ transactions: inout CleanedTransactions
    ) -> Bool {
        guard header.attributes.isControl else { return transactions.passed(batch: header) }
        guard let marker = MarkerBatch.marker(in: batch) else {
            // An emptied marker may go; one of another kind never does.
            return header.recordCount == 0
        }
        let passed = transactions.passed(marker: marker, at: header.baseOffset)
        if let aborted = passed.aborted { cleaned.aborted.append(aborted) }
        return passed.isAlone
    }

    private mutating func write(_ batch: ByteBuffer) throws(CompactionFault) {
        let header: RecordBatchHeader
        do { header = try RecordBatchHeader(reading: batch) } catch { throw .damaged("\(error)") }
        cleaned.index.appended(header, at: cleaned.sizeBytes, baseOffset: baseOffset)
        cleaned.sizeBytes += batch.readableBytes
        out.writeImmutableBuffer(batch)
        if out.readableBytes >= Limits.scanBytes { try flushBuffer() }
    }

    private mutating func flushBuffer() throws(CompactionFault) {
        let position = cleaned.sizeBytes - out.readableBytes
        let (file, bytes) = (file, out)
        try onCompactionDisk { () throws(DiskError) in try file.write(bytes, at: position) }
        out.clear()
    }

    /// Puts all of it on disk.
    mutating func finish() throws(CompactionFault) {
        if out.readableBytes > 0 { try flushBuffer() }
        let file = file
        try onCompactionDisk { () throws(DiskError) in try file.flush() }
    }
}

/// Why a log is not compacted. The segments stay as they are.
enum CompactionFault: Error, Equatable, CustomStringConvertible {
    /// Bytes that are no good batch or record; where, in words.
    case damaged(String)
    case disk(DiskError)

    var description: String {
        switch self {
        case .damaged(let what): "damaged: \(what)"
        case .disk(let error): "\(error)"
        }
    }
}

func compacting<Value>(_ body: () throws(ScanError) -> Value) throws(CompactionFault) -> Value {
    do { return try body() } catch {
        switch error {
        case .fault(let fault): throw .damaged("\(fault)")
        case .disk(let error): throw .disk(error)
        }
    }
}

func onCompactionDisk<Value>(
    _ body: () throws(DiskError) -> Value
) throws(CompactionFault) -> Value {
    do { return try body() } catch { throw .disk(error) }
}
