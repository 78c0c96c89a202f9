// Cuts serialised collections, tuples and vectors into their parts, without decoding them.

import CQLProtocol

/// Source: native_protocol_v5.spec, section 6. Bytes that end too early give the parts before.
enum CollectionBytes {
    /// Parts of a list or set; `nil` for a null, which only bound lists of IN may have.
    static func elements(_ bytes: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer?] {
        guard bytes.count >= 4 else { return [] }
        return parts(bytes, count: Int(bytes.big(as: Int32.self)), from: 4)
    }

    /// Keys and values in turn.
    static func mapParts(_ bytes: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer?] {
        guard bytes.count >= 4 else { return [] }
        return parts(bytes, count: 2 * Int(bytes.big(as: Int32.self)), from: 4)
    }

    /// Parts of a tuple or user-defined type; trailing ones may be missing.
    static func fields(_ bytes: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer?] {
        parts(bytes, count: .max, from: 0)
    }

    private static func parts(
        _ bytes: UnsafeRawBufferPointer, count: Int, from start: Int
    ) -> [UnsafeRawBufferPointer?] {
        var found: [UnsafeRawBufferPointer?] = []
        var at = start
        while found.count < count, at + 4 <= bytes.count {
            let length = Int(bytes.big(at, as: Int32.self))
            at += 4
            guard length >= 0 else {
                found.append(nil)
                continue
            }
            guard at + length <= bytes.count else { break }
            found.append(bytes.part(at..<at + length))
            at += length
        }
        return found
    }

    static func vectorElements(
        _ bytes: UnsafeRawBufferPointer, _ element: CQLType
    ) -> [UnsafeRawBufferPointer?] {
        guard let size = element.fixedBytes, size > 0 else { return sizedElements(bytes) }
        return stride(from: 0, to: bytes.count - size + 1, by: size).map {
            bytes.part($0..<$0 + size)
        }
    }

    /// Elements that each have their length before them, as a vint.
    private static func sizedElements(
        _ bytes: UnsafeRawBufferPointer
    ) -> [UnsafeRawBufferPointer?] {
        var found: [UnsafeRawBufferPointer?] = []
        var at = 0
        while at < bytes.count {
            let extra = (~bytes[at]).leadingZeroBitCount
            guard at + extra < bytes.count else { break }
            var length = extra >= 7 ? 0 : UInt64(bytes[at] & (0xFF >> UInt8(extra)))
            for index in at + 1..<at + 1 + extra { length = length << 8 | UInt64(bytes[index]) }
            at += 1 + extra
            guard length <= UInt64(bytes.count - at) else { break }
            found.append(bytes.part(at..<at + Int(length)))
            at += Int(length)
        }
        return found
    }

    /// Appends `count` and then each part with its length: a list, set or map.
    static func appendPart(_ part: UnsafeRawBufferPointer, to out: inout RawBytes) {
        out.appendBig(Int32(part.count))
        out.append(part)
    }
}
