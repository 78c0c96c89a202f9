// The 61 bytes in front of the records of a batch, magic 2: all that appending and serving need.
// Source: ../shared/reference/kafka.md, B1; apache/kafka DefaultRecordBatch.java

package import MillraceBase
package import NIOCore

/// The header of a record batch.
///
///      0 base offset i64      21 attributes i16         43 producer id i64
///      8 batch length i32     23 last offset delta i32  51 producer epoch i16
///     12 leader epoch i32     27 base timestamp i64     53 base sequence i32
///     16 magic i8             35 max timestamp i64      57 record count i32
///     17 crc u32                                        61 records
///
/// The batch length counts the bytes after itself; the CRC-32C covers byte 21 to the end, so base
/// offset and leader epoch may be written anew without touching it.
package struct RecordBatchHeader: Equatable, Sendable {
    package static let byteCount = 61
    /// Bytes in front of what the batch length counts.
    package static let lengthOverheadBytes = 12
    package static let magic: Int8 = 2
    /// Where the bytes begin that the CRC covers.
    package static let attributesPosition = 21

    package var baseOffset: Int64 = 0
    package var batchLengthBytes: Int32 = 49
    package var partitionLeaderEpoch: Int32 = -1
    package var crc: UInt32 = 0
    package var attributes = RecordBatchAttributes()
    package var lastOffsetDelta: Int32 = 0
    package var baseTimestampMilliseconds: Int64 = -1
    package var maxTimestampMilliseconds: Int64 = -1
    package var producerID: Int64 = -1
    package var producerEpoch: Int16 = -1
    package var baseSequence: Int32 = -1
    package var recordCount: Int32 = 0

    package init() {}

    /// The whole batch, this header included.
    package var sizeBytes: Int { Self.lengthOverheadBytes + Int(batchLengthBytes) }
    package var lastOffset: Int64 { baseOffset &+ Int64(lastOffsetDelta) }
    /// The sequence number of the last record; wraps from 2^31 - 1 to 0. -1 without a producer id.
    package var lastSequence: Int32 {
        guard baseSequence >= 0 else { return -1 }
        return Int32(
            truncatingIfNeeded: (Int64(baseSequence) + Int64(lastOffsetDelta)) & 0x7fff_ffff)
    }

    /// Reads a header from the front of `bytes`, which may end anywhere after it.
    ///
    /// - Throws: `.cutShort` below 61 bytes, `.unsupported` for another magic, `.badLength` for a
    ///   batch that could not hold its header, `.invalid` for numbers no batch can have.
    package init(reading bytes: UnsafeRawBufferPointer) throws(WireError) {
        guard bytes.count >= Self.byteCount else {
            throw WireError(.cutShort, in: "record batch header")
        }
        func load<Number: FixedWidthInteger>(_ position: Int) -> Number {
            Number(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Number.self))
        }
        let magic: Int8 = load(16)
        guard magic == Self.magic else {
            throw WireError(.unsupported(Int(magic)), in: "record batch magic")
        }
        baseOffset = load(0)
        batchLengthBytes = load(8)
        partitionLeaderEpoch = load(12)
        crc = load(17)
        attributes = RecordBatchAttributes(rawValue: load(21))
        lastOffsetDelta = load(23)
        baseTimestampMilliseconds = load(27)
        maxTimestampMilliseconds = load(35)
        producerID = load(43)
        producerEpoch = load(51)
        baseSequence = load(53)
        recordCount = load(57)
        guard batchLengthBytes >= Int32(Self.byteCount - Self.lengthOverheadBytes) else {
            throw WireError(.badLength(Int64(batchLengthBytes)), in: "batch length")
        }
        guard lastOffsetDelta >= 0, recordCount >= 0 else {
            throw WireError(.invalid("is below 0"), in: "record count or last offset delta")
        }
    }

    /// Reads a header from the first readable bytes of `buffer`; moves nothing.
    package init(reading buffer: ByteBuffer) throws(WireError) {
        // A closure of `withUnsafeReadableBytes` cannot throw a typed error.
        let result = buffer.withUnsafeReadableBytes { bytes -> Result<Self, WireError> in
            do throws(WireError) {
                return .success(try RecordBatchHeader(reading: bytes))
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    /// Appends the 61 bytes as they stand; the CRC is taken from `crc`.
    package func write(into buffer: inout ByteBuffer) {
        buffer.writeMultipleIntegers(baseOffset, batchLengthBytes, partitionLeaderEpoch)
        buffer.writeMultipleIntegers(Self.magic, crc, attributes.rawValue, lastOffsetDelta)
        buffer.writeMultipleIntegers(baseTimestampMilliseconds, maxTimestampMilliseconds)
        buffer.writeMultipleIntegers(producerID, producerEpoch, baseSequence, recordCount)
    }
}

/// What the attribute bits of a batch say.
package struct RecordBatchAttributes: RawRepresentable, Equatable, Sendable {
    package var rawValue: Int16

    package init(rawValue: Int16 = 0) {
        self.rawValue = rawValue
    }

    package enum Compression: Int16, Sendable, CaseIterable {
        case none = 0
        case gzip, snappy, lz4, zstd
    }

    /// `nil` for a codec that does not exist.
    package var compression: Compression? { Compression(rawValue: rawValue & 7) }

    /// Whether the max timestamp is the time of the append, and every record's.
    package var isLogAppendTime: Bool {
        get { rawValue & 8 != 0 }
        set { set(8, newValue) }
    }

    package var isTransactional: Bool {
        get { rawValue & 16 != 0 }
        set { set(16, newValue) }
    }

    /// Whether the records are markers of the broker's, not data.
    package var isControl: Bool {
        get { rawValue & 32 != 0 }
        set { set(32, newValue) }
    }

    /// Whether the base timestamp is the time from which tombstones may go.
    package var hasDeleteHorizon: Bool { rawValue & 64 != 0 }

    private mutating func set(_ bit: Int16, _ on: Bool) {
        rawValue = on ? rawValue | bit : rawValue & ~bit
    }
}
