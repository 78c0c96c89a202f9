// Eight bytes at a time: the few tricks under the JSON scanner.

/// Kernels over raw bytes. `end` is the end of readable memory, not of the record.
///
/// Measured beside them (streaming.md, 3.1): SWAR 3,200 MB/s, `SIMD16` with `any` 84 MB/s.
enum JSONBytes {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Eight bytes, the first in the lowest bits.
    @inline(__always)
    static func load(_ pointer: UnsafePointer<UInt8>) -> UInt64 {
        UInt64(littleEndian: UnsafeRawPointer(pointer).loadUnaligned(as: UInt64.self))
    }

    /// The high bit of each byte that is zero. Exact up to and including the first one.
    @inline(__always)
    private static func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }

    /// What ended the plain part of a string, and whether all of it was ASCII.
    struct Span {
        /// Of the quotation mark, backslash or control character; `end` when there was none.
        var stop: UnsafePointer<UInt8>
        var isASCII: Bool
    }

    /// Runs over a string's bytes up to what is not plain.
    @inline(__always)
    static func plain(from start: UnsafePointer<UInt8>, end: UnsafePointer<UInt8>) -> Span {
        var at = start
        var high: UInt64 = 0
        while end - at >= 8 {
            let word = load(at)
            let control = (word &- 0x2020_2020_2020_2020) & ~word & highs
            let hit =
                zeros(word ^ 0x2222_2222_2222_2222) | zeros(word ^ 0x5C5C_5C5C_5C5C_5C5C) | control
            if hit != 0 {
                let bit = UInt64(hit.trailingZeroBitCount)
                high |= word & highs & ((1 << bit) &- 1)
                return Span(stop: at + Int(bit >> 3), isASCII: high == 0)
            }
            high |= word & highs
            at += 8
        }
        while at < end {
            let byte = at.pointee
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            high |= UInt64(byte & 0x80)
            at += 1
        }
        return Span(stop: at, isASCII: high == 0)
    }

    /// Whether bytes are UTF-8, without surrogates and overlong forms (RFC 3629).
    static func isUTF8(_ start: UnsafePointer<UInt8>, count: Int) -> Bool {
        var at = start
        let end = start + count
        while at < end {
            if end - at >= 8, load(at) & highs == 0 {
                at += 8
                continue
            }
            let byte = at.pointee
            if byte < 0x80 {
                at += 1
            } else if byte < 0xE0 {
                guard byte >= 0xC2, end - at >= 2, at[1] & 0xC0 == 0x80 else { return false }
                at += 2
            } else if byte < 0xF0 {
                guard end - at >= 3, at[1] & 0xC0 == 0x80, at[2] & 0xC0 == 0x80,
                    byte != 0xE0 || at[1] >= 0xA0, byte != 0xED || at[1] < 0xA0
                else { return false }
                at += 3
            } else {
                guard byte <= 0xF4, end - at >= 4, at[1] & 0xC0 == 0x80, at[2] & 0xC0 == 0x80,
                    at[3] & 0xC0 == 0x80, byte != 0xF0 || at[1] >= 0x90,
                    byte != 0xF4 || at[1] < 0x90
                else { return false }
                at += 4
            }
        }
        return true
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}
