// One batch through the cleaner: which of its records stay, and its bytes afterwards.
// Source: apache/kafka Cleaner.cleanInto, MemoryRecords.filterTo

import KafkaProtocol
import MillraceBase
import NIOCore

/// What the cleaner knows when it looks at batches; the same for all batches of a round.
struct BatchFilter {
    /// Of each key, in the part of the log that decides.
    let lastOffsets: LastOffsets
    /// The offset behind that part; records from here on stay.
    let end: Int64
    /// When tombstones go that are seen now for the first time, in milliseconds.
    let horizon: Int64
    let now: Int64
    /// The log's producers that may come back: their last batch stays, at least empty.
    let producers: [Int64: ProducerTable.Entry]

    enum Outcome {
        /// As it was.
        case kept
        case changed(ByteBuffer)
        case removed
    }

    /// - Parameters:
    ///   - batch: a whole batch whose checksum was verified.
    ///   - isDiscarded: whether its transaction was aborted or, of a marker, has no records left.
    func apply(
        _ batch: ByteBuffer, _ header: RecordBatchHeader, isDiscarded: Bool
    ) throws(WireError) -> Outcome {
        let isControl = header.attributes.isControl
        let isOver = header.attributes.hasDeleteHorizon && header.baseTimestampMilliseconds <= now
        let dropsAll = isDiscarded && (!isControl || isOver)
        let staysEmpty = isLastOfProducer(header) || header.lastOffset + 1 == end
        if dropsAll || header.recordCount == 0 {
            guard staysEmpty else { return .removed }
            return header.recordCount == 0 ? .kept : .changed(Self.emptied(header))
        }
        return try BatchUnpacking.withPlain(batch) { plain throws(WireError) in
            try sifted(plain, header, keepsAll: isControl, isDiscarded, staysEmpty: staysEmpty)
        }
    }

    private func sifted(
        _ plain: ByteBuffer, _ header: RecordBatchHeader, keepsAll isControl: Bool,
        _ isDiscarded: Bool, staysEmpty: Bool
    ) throws(WireError) -> Outcome {
        let plainHeader = try RecordBatchHeader(reading: plain)
        var sieve = RecordSieve(filter: self, header: plainHeader, keepsAll: isControl)
        let isWhole = plain.withUnsafeReadableBytes { bytes in
            sieve.run(
                UnsafeRawBufferPointer(rebasing: bytes[RecordBatchHeader.byteCount...]))
        }
        guard isWhole else { throw WireError(.cutShort, in: "record") }
        if sieve.kept.isEmpty { return staysEmpty ? .changed(Self.emptied(header)) : .removed }
        let needsHorizon =
            !header.attributes.hasDeleteHorizon
            && (sieve.hasTombstones || (isControl && isDiscarded))
        if sieve.kept.count == sieve.seen, !needsHorizon { return .kept }
        return .changed(try sieve.rebuilt(from: plain, codecOf: header, setsHorizon: needsHorizon))
    }

    private func isLastOfProducer(_ header: RecordBatchHeader) -> Bool {
        guard header.hasProducer, let entry = producers[header.producerID] else { return false }
        if let last = entry.batches.last { return last.lastOffset == header.lastOffset }
        return header.attributes.isControl && header.producerEpoch == entry.epoch
    }

    /// Whether a record is the last of its key, and no tombstone whose time is over.
    func keeps(
        key: UnsafeRawBufferPointer?, hasValue: Bool, offset: Int64, header: RecordBatchHeader
    ) -> Bool {
        if offset >= end { return true }
        guard let key else { return false }
        guard offset >= lastOffsets.offset(of: key) else { return false }
        return hasValue || !header.attributes.hasDeleteHorizon
            || now < header.baseTimestampMilliseconds
    }

    /// The same batch without records: its offsets and its producer's last sequence stay known.
    static func emptied(_ old: RecordBatchHeader) -> ByteBuffer {
        var header = old
        header.recordCount = 0
        header.attributes.rawValue &= ~7
        header.batchLengthBytes = Int32(
            RecordBatchHeader.byteCount - RecordBatchHeader.lengthOverheadBytes)
        var batch = ByteBuffer()
        header.write(into: &batch)
        batch.setInteger(RecordBatch.checksum(of: batch, sizeBytes: header.sizeBytes), at: 17)
        return batch
    }
}

/// The records of one batch that stay.
private struct RecordSieve {
    let filter: BatchFilter
    let header: RecordBatchHeader
    let keepsAll: Bool
    var kept: [RecordSpan] = []
    var seen = 0
    var hasTombstones = false

    init(filter: BatchFilter, header: RecordBatchHeader, keepsAll: Bool) {
        self.filter = filter
        self.header = header
        self.keepsAll = keepsAll
    }

    /// - Returns: whether the bytes are whole records.
    mutating func run(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var spans = RecordSpans(bytes)
        while let span = spans.next() {
            seen += 1
            let key = span.key.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) }
            let stays =
                keepsAll
                || filter.keeps(
                    key: key, hasValue: span.hasValue,
                    offset: header.baseOffset + span.offsetDelta, header: header)
            guard stays else { continue }
            kept.append(span)
            if !keepsAll, !span.hasValue { hasTombstones = true }
        }
        return spans.isAtEnd
    }

    /// - Parameters:
    ///   - plain: the batch without compression.
    ///   - old: its header as it is in the log, with its codec.
    func rebuilt(
        from plain: ByteBuffer, codecOf old: RecordBatchHeader, setsHorizon: Bool
    ) throws(WireError) -> ByteBuffer {
        var new = header
        if setsHorizon {
            new.baseTimestampMilliseconds = filter.horizon
            new.attributes.rawValue |= 64
        }
        let shift = header.baseTimestampMilliseconds &- new.baseTimestampMilliseconds
        if !header.attributes.isLogAppendTime {
            let deltas = kept.map { header.baseTimestampMilliseconds &+ $0.timestampDelta }
            new.maxTimestampMilliseconds = deltas.max() ?? header.maxTimestampMilliseconds
        }
        new.recordCount = Int32(kept.count)
        var records = ByteBuffer()
        let start = plain.readerIndex + RecordBatchHeader.byteCount
        for span in kept {
            if shift == 0 {
                write(span.whole, of: plain, from: start, to: &records)
            } else {
                var body = ByteBuffer()
                body.writeInteger(span.attributes)
                body.writeZigZag(span.timestampDelta &+ shift)
                body.writeZigZag(span.offsetDelta)
                records.writeZigZag(Int64(body.readableBytes + span.rest.count))
                records.writeImmutableBuffer(body)
                write(span.rest, of: plain, from: start, to: &records)
            }
        }
        let sizeBytes = RecordBatchHeader.byteCount + records.readableBytes
        new.batchLengthBytes = Int32(sizeBytes - RecordBatchHeader.lengthOverheadBytes)
        var batch = ByteBuffer()
        new.write(into: &batch)
        batch.writeImmutableBuffer(records)
        guard let codec = old.attributes.compression, codec != .none else {
            batch.setInteger(RecordBatch.checksum(of: batch, sizeBytes: sizeBytes), at: 17)
            return batch
        }
        return try RecordBatch.compressed(batch, codec: codec)
    }

    private func write(
        _ range: Range<Int>, of plain: ByteBuffer, from start: Int, to records: inout ByteBuffer
    ) {
        guard let slice = plain.getSlice(at: start + range.lowerBound, length: range.count) else {
            preconditionFailure("a record's place lies outside its batch")
        }
        records.writeImmutableBuffer(slice)
    }
}

extension ByteBuffer {
    fileprivate mutating func writeZigZag(_ value: Int64) {
        var rest = UInt64(bitPattern: value << 1 ^ value >> 63)
        while rest > 0x7f {
            writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        writeInteger(UInt8(truncatingIfNeeded: rest))
    }
}
