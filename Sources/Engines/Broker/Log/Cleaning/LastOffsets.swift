// The last offset of each key in the part of a log that is compacted: bounded memory, keys by digest.
// Source: apache/kafka SkimpyOffsetMap.java, which also keeps 16 bytes of MD5 for a key

import CHash

/// An open-addressing table from the MD5 of a key to an offset. Two keys of one digest would lose a
/// record; nobody makes two by accident, and who makes them on purpose writes both.
package struct LastOffsets: Sendable {
    private struct Slot {
        var high: UInt64 = 0
        var low: UInt64 = 0
        /// -1: empty.
        var offset: Int64 = -1
    }

    static let slotBytes = 24

    private var slots: [Slot]
    private let slotsMax: Int
    package private(set) var count = 0

    /// - Parameter bytesMax: of the table; a quarter of it stays empty.
    package init(bytesMax: Int) {
        var size = 64
        while size * 2 * Self.slotBytes <= bytesMax { size *= 2 }
        slotsMax = size
        slots = Array(repeating: Slot(), count: min(size, 1 << 10))
    }

    /// Whether one more key has no room.
    package var isFull: Bool { count >= slotsMax / 4 * 3 }

    /// - Precondition: it is not full.
    package mutating func set(_ key: UnsafeRawBufferPointer, to offset: Int64) {
        if count >= slots.count / 4 * 3 { grow() }
        let digest = Self.digest(key)
        let index = find(digest.high, digest.low)
        if slots[index].offset < 0 { count += 1 }
        slots[index] = Slot(high: digest.high, low: digest.low, offset: offset)
    }

    /// - Returns: -1 for a key that is not in it.
    package func offset(of key: UnsafeRawBufferPointer) -> Int64 {
        let digest = Self.digest(key)
        return slots[find(digest.high, digest.low)].offset
    }

    private func find(_ high: UInt64, _ low: UInt64) -> Int {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: high) & mask
        while slots[index].offset >= 0, slots[index].high != high || slots[index].low != low {
            index = (index + 1) & mask
        }
        return index
    }

    private mutating func grow() {
        precondition(slots.count < slotsMax, "a full table of last offsets was given one more key")
        let old = slots
        slots = Array(repeating: Slot(), count: old.count * 2)
        for slot in old where slot.offset >= 0 { slots[find(slot.high, slot.low)] = slot }
    }

    private static func digest(_ key: UnsafeRawBufferPointer) -> (high: UInt64, low: UInt64) {
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { digest in
            let empty: [UInt8] = [0]
            if let start = key.baseAddress {
                chash_md5(start, key.count, digest.bindMemory(to: UInt8.self).baseAddress)
            } else {
                chash_md5(empty, 0, digest.bindMemory(to: UInt8.self).baseAddress)
            }
            return (
                digest.loadUnaligned(as: UInt64.self),
                digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
    }
}
