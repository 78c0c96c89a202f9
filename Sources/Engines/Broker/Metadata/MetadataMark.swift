// The end of the metadata log that was acknowledged, kept beside the log.

import CHash
import NIOCore

/// Tells a torn last batch, which nobody was told of, from one that the disk spoiled later.
///
/// Two slots that are written in turn, each in a page of its own, so that a power cut during a write
/// leaves the other one:
///
///     ┌─────────┬─────────────────┬────────────────────┐
///     │ version │   end offset    │ CRC-32C of those   │  big-endian
///     │  u32=1  │  i64, records   │        u32         │
///     └─────────┴─────────────────┴────────────────────┘
///
/// The slot with the higher offset counts. No whole slot: nothing was acknowledged, or the folder is of
/// a version before the mark.
struct MetadataMark: Equatable, Sendable {
    static let file = "acknowledged-end"
    static let version: UInt32 = 1
    static let slotBytes = 16
    /// Where the second slot begins: another page of the disk, whatever its size.
    static let slotStride = 4_096
    static let fileBytes = 2 * slotStride

    /// The offset behind the last record that was acknowledged; `nil` for none.
    private(set) var endOffset: Int64?
    /// Which slot is written next: the one that does not count.
    private(set) var nextSlot = 0

    init() {}

    init(_ bytes: [UInt8]) {
        for slot in 0..<2 {
            let start = slot * Self.slotStride
            guard start + Self.slotBytes <= bytes.count,
                let offset = Self.endOffset(bytes[start..<start + Self.slotBytes]),
                offset > endOffset ?? -1
            else { continue }
            (endOffset, nextSlot) = (offset, 1 - slot)
        }
    }

    private static func endOffset(_ slot: ArraySlice<UInt8>) -> Int64? {
        var buffer = ByteBuffer(bytes: slot)
        guard
            let (version, offset, sum) = buffer.readMultipleIntegers(
                as: (UInt32, Int64, UInt32).self),
            version == Self.version, sum == checksum(Array(slot.dropLast(4)))
        else { return nil }
        return offset
    }

    /// What is to be written where, so that `offset` is the acknowledged end.
    func slot(for offset: Int64) -> (bytes: [UInt8], position: Int) {
        var buffer = ByteBuffer()
        buffer.writeMultipleIntegers(Self.version, offset)
        buffer.writeInteger(Self.checksum(Array(buffer.readableBytesView)))
        return (Array(buffer.readableBytesView), nextSlot * Self.slotStride)
    }

    /// The slot for `offset` is on disk.
    mutating func written(_ offset: Int64) {
        endOffset = offset
        nextSlot = 1 - nextSlot
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { chash_crc32c(0, $0.baseAddress, $0.count) }
    }
}
