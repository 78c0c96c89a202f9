// Integers of variable length, as durations and vectors use them.

package import NIOCore

/// The number of leading one bits of the first byte says how many bytes follow.
/// Source: native_protocol_v5.spec, sections 3 ("[unsigned vint]") and 6.10.
extension ByteBuffer {
    package mutating func writeCQLUnsignedVint(_ value: UInt64) {
        let bits = 64 - value.leadingZeroBitCount
        // Seven bits of value for each byte; the ninth byte gives eight.
        let extra = min(max(bits - 1, 0) / 7, 8)
        if extra == 8 {
            writeInteger(UInt8.max)
        } else {
            let marks = ~(UInt64(0xFF) >> UInt64(extra)) & 0xFF
            writeInteger(UInt8(truncatingIfNeeded: marks | value >> UInt64(8 * extra)))
        }
        for place in (0..<extra).reversed() {
            writeInteger(UInt8(truncatingIfNeeded: value >> UInt64(8 * place)))
        }
    }

    /// Zig-zag: the sign in the lowest bit.
    package mutating func writeCQLVint(_ value: Int64) {
        writeCQLUnsignedVint(UInt64(bitPattern: value << 1 ^ value >> 63))
    }
}
