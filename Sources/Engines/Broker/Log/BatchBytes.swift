// Record batches as bytes of a log: found, checked and patched in place; the records stay bytes.

import KafkaProtocol
import MillraceBase

/// Why bytes of a log are no batch.
package enum BatchFault: Error, Equatable, Sendable {
    /// They end before the batch does; a torn tail.
    case cutShort
    /// Not magic 2, or numbers no batch has.
    case notABatch
    case badChecksum
}

extension RecordBatchHeader {
    var hasProducer: Bool { producerID >= 0 }
    var isCompressed: Bool { attributes.compression != RecordBatchAttributes.Compression.none }

    /// Reads the header at the start of `bytes`; the records may be missing.
    package init(front bytes: UnsafeRawBufferPointer) throws(BatchFault) {
        do throws(WireError) {
            try self.init(reading: bytes)
        } catch {
            throw error.reason == .cutShort ? .cutShort : .notABatch
        }
        // So large an offset would overflow in `lastOffset`.
        guard baseOffset >= 0, baseOffset <= Int64.max - Int64(Int32.max) else { throw .notABatch }
    }

    /// Reads the header at the start of `bytes`, which must hold the whole batch.
    /// - Parameter verifying: whether the checksum is computed; costs a pass over the bytes.
    package init(whole bytes: UnsafeRawBufferPointer, verifying: Bool) throws(BatchFault) {
        try self.init(front: bytes)
        guard bytes.count >= sizeBytes else { throw .cutShort }
        let batch = UnsafeRawBufferPointer(rebasing: bytes.prefix(sizeBytes))
        guard !verifying || RecordBatch.checksum(of: batch) == crc else { throw .badChecksum }
    }
}

/// What the broker writes into a batch, and where.
enum BatchPatch {
    static let lengthPosition = 8
    static let leaderEpochPosition = 12
    static let crcPosition = 17
    static let lastOffsetDeltaPosition = 23
    static let maxTimestampPosition = 35

    /// Gives the batch its place in the log; neither field is under the checksum.
    static func place(
        _ batch: UnsafeMutableRawBufferPointer, baseOffset: Int64, leaderEpoch: Int32
    ) {
        batch.setBigEndian(baseOffset, at: 0)
        batch.setBigEndian(leaderEpoch, at: leaderEpochPosition)
    }

    /// Stamps the time of appending on all its records; redoes the checksum.
    static func stamp(
        _ batch: UnsafeMutableRawBufferPointer, _ header: RecordBatchHeader, milliseconds: Int64
    ) {
        var attributes = header.attributes
        attributes.isLogAppendTime = true
        batch.setBigEndian(attributes.rawValue, at: RecordBatchHeader.attributesPosition)
        batch.setBigEndian(milliseconds, at: maxTimestampPosition)
        let crc = RecordBatch.checksum(of: UnsafeRawBufferPointer(batch))
        batch.setBigEndian(crc, at: crcPosition)
    }
}

extension UnsafeRawBufferPointer {
    /// - Precondition: the bytes hold the whole integer.
    func bigEndian<Number: FixedWidthInteger>(_ position: Int, as type: Number.Type) -> Number {
        Number(bigEndian: loadUnaligned(fromByteOffset: position, as: Number.self))
    }
}

extension UnsafeMutableRawBufferPointer {
    func setBigEndian<Number: FixedWidthInteger>(_ number: Number, at position: Int) {
        storeBytes(of: number.bigEndian, toByteOffset: position, as: Number.self)
    }
}
