// A text of a batch as 8 bytes: where it is and how long.

/// Where the bytes of a text are: in the records as they came, or in the batch's arena.
///
///     bit 63 … 32          bit 31           bit 30 … 0
///     length in bytes      1: in the arena  position in bytes
package struct TextCell: Sendable, Equatable {
    package let bits: UInt64

    static let arenaFlag: UInt64 = 1 << 31

    package init(bits: UInt64) { self.bits = bits }

    package init(start: Int, length: Int, inArena: Bool = false) {
        bits =
            UInt64(truncatingIfNeeded: length) << 32 | UInt64(truncatingIfNeeded: start)
            | (inArena ? Self.arenaFlag : 0)
    }

    package var length: Int { Int(bits >> 32) }
    package var start: Int { Int(bits & 0x7FFF_FFFF) }
    package var isInArena: Bool { bits & Self.arenaFlag != 0 }
}

/// The bytes of a batch while something computes over them.
struct BatchMemory {
    var records: UnsafePointer<UInt8>
    var arena: UnsafePointer<UInt8>

    @inline(__always)
    func pointer(_ cell: TextCell) -> UnsafePointer<UInt8> {
        (cell.isInArena ? arena : records) + cell.start
    }

    @inline(__always)
    func bytes(_ cell: TextCell) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: pointer(cell), count: cell.length)
    }
}
