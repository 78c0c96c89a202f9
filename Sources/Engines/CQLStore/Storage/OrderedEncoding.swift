// Values as bytes whose plain order is the order of their CQL type.

import CQLProtocol

/// Memcomparable encodings of clustering values.
///
///     component = tag, payload         tag 0x08 null (inside tuples), 0x10 no bytes, 0x20 a value
///     integers                         big endian, sign bit flipped
///     float, double                    IEEE bits, order-flipped; NaN last
///     text, ascii, blob, inet          0x00 → 0x00 0xFF, ended by 0x00 0x00
///     varint                           sign, length, two's complement
///     decimal                          sign, exponent, digits without trailing zeros
///     uuid                             version, (of v1: its time,) the rest
///     timeuuid                         its time, the rest as signed bytes
///     collections, tuples, vectors     0x01 before each component, 0x00 at the end
///
/// A descending component has all its bits inverted, tag included. Tags lie between 0x01 and 0xFE
/// either way, so that 0x00 and 0xFF can stand for "before" and "after everything that begins so".
/// Source: reference section C.3; Cassandra's `AbstractType.compareCustom` of each type.
enum OrderedEncoding {
    static let null: UInt8 = 0x08
    static let noBytes: UInt8 = 0x10
    static let value: UInt8 = 0x20

    /// Appends one component. `bytes` must be valid for the type (`ValueCheck`).
    static func append(
        _ bytes: UnsafeRawBufferPointer, type: CQLType, descending: Bool, to out: inout RawBytes
    ) {
        let start = out.count
        append(bytes, type: type, to: &out)
        if descending { out.invert(from: start) }
    }

    private static func append(
        _ bytes: UnsafeRawBufferPointer, type: CQLType, to out: inout RawBytes
    ) {
        if bytes.isEmpty, !isText(type) {
            out.append(noBytes)
            return
        }
        out.append(value)
        payload(bytes, type: type, to: &out)
    }

    /// Types for which no bytes are a value like others.
    private static func isText(_ type: CQLType) -> Bool {
        switch type {
        case .text, .ascii, .blob: true
        default: false
        }
    }

    private static func payload(
        _ bytes: UnsafeRawBufferPointer, type: CQLType, to out: inout RawBytes
    ) {
        switch type {
        case .text, .ascii, .blob, .inet, .custom: escape(bytes, to: &out)
        case .int, .bigint, .counter, .timestamp, .smallint, .tinyint, .time:
            out.append(bytes[0] ^ 0x80)
            out.append(bytes.part(1..<bytes.count))
        case .date: out.append(bytes)
        case .boolean: out.append(bytes[0] == 0 ? 0 : 1)
        case .float:
            let bits = bytes.big(as: UInt32.self)
            let plain = bits & 0x7FFF_FFFF > 0x7F80_0000 ? 0x7FC0_0000 : bits
            out.appendBig(plain >> 31 == 1 ? ~plain : plain | 0x8000_0000)
        case .double:
            let bits = bytes.big(as: UInt64.self)
            let isNaN = bits & 0x7FFF_FFFF_FFFF_FFFF > 0x7FF0_0000_0000_0000
            let plain = isNaN ? 0x7FF8_0000_0000_0000 : bits
            out.appendBig(plain >> 63 == 1 ? ~plain : plain | 0x8000_0000_0000_0000)
        case .uuid: uuid(bytes, to: &out)
        case .timeuuid:
            out.appendBig(timeFirst(bytes.big()))
            out.appendBig(bytes.big(8, as: UInt64.self) ^ 0x8080_8080_8080_8080)
        case .varint: varint(CQLVarint(bytes: Array(bytes)), to: &out)
        case .decimal: decimal(bytes, to: &out)
        case .duration: escape(bytes, to: &out)
        case .frozen(let inner): payload(bytes, type: inner, to: &out)
        case .list(let element), .set(let element):
            components(CollectionBytes.elements(bytes), [element], to: &out)
        case .map(let key, let value):
            components(CollectionBytes.mapParts(bytes), [key, value], to: &out)
        case .tuple(let parts): components(fields(bytes), parts, to: &out)
        case .udt(let type): components(fields(bytes), type.fields.map(\.type), to: &out)
        case .vector(let element, _):
            components(CollectionBytes.vectorElements(bytes, element), [element], to: &out)
        }
    }

    /// Nulls at the end mean the same as parts that are not there.
    private static func fields(_ bytes: UnsafeRawBufferPointer) -> [UnsafeRawBufferPointer?] {
        var parts = CollectionBytes.fields(bytes)
        while case .some(.none) = parts.last { parts.removeLast() }
        return parts
    }

    /// Components whose types repeat.
    private static func components(
        _ parts: [UnsafeRawBufferPointer?], _ types: [CQLType], to out: inout RawBytes
    ) {
        for (index, part) in parts.enumerated() {
            out.append(1)
            if let part {
                append(part, type: types[index % types.count], to: &out)
            } else {
                out.append(null)
            }
        }
        out.append(0)
    }

    static func escape(_ bytes: UnsafeRawBufferPointer, to out: inout RawBytes) {
        var plainFrom = 0
        for index in 0..<bytes.count where bytes[index] == 0 {
            out.append(bytes.part(plainFrom..<index + 1))
            out.append(0xFF)
            plainFrom = index + 1
        }
        out.append(bytes.part(plainFrom..<bytes.count))
        out.append(0)
        out.append(0)
    }

    /// The time of a version 1 UUID from its highest part on, the version in front.
    private static func timeFirst(_ high: UInt64) -> UInt64 {
        (high & 0xFFFF) << 48 | (high >> 16 & 0xFFFF) << 32 | high >> 32
    }

    private static func uuid(_ bytes: UnsafeRawBufferPointer, to out: inout RawBytes) {
        let high = bytes.big(as: UInt64.self)
        let version = UInt8(high >> 12 & 15)
        out.append(version)
        out.appendBig(version == 1 ? timeFirst(high) : high)
        out.append(bytes.part(8..<16))
    }

    private static func varint(_ value: CQLVarint, to out: inout RawBytes) {
        let count = UInt32(value.bytes.count)
        out.append(value.isNegative ? 0 : 1)
        out.appendBig(value.isNegative ? ~count : count)
        out.append(value.bytes)
    }

    private static func decimal(_ bytes: UnsafeRawBufferPointer, to out: inout RawBytes) {
        guard bytes.count > 4 else { return out.append(1) }
        let scale = bytes.big(as: Int32.self)
        var digits = Array(CQLVarint(bytes: Array(bytes.part(4..<bytes.count))).description.utf8)
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative { digits.removeFirst() }
        guard digits != [UInt8(ascii: "0")] else { return out.append(1) }
        // 0.d₁d₂… × 10^exponent
        let exponent = Int64(digits.count) - Int64(scale)
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        out.append(isNegative ? 0 : 2)
        let start = out.count
        out.appendBig(UInt64(bitPattern: exponent) ^ 1 << 63)
        out.append(digits)
        out.append(0)
        if isNegative { out.invert(from: start) }
    }
}

extension OrderedEncoding {
    /// Whether `decode` gives the bytes back; else the row's value keeps them.
    static func isReversible(_ type: CQLType) -> Bool {
        switch type {
        case .ascii, .text, .blob, .inet, .int, .bigint, .smallint, .tinyint, .timestamp, .time,
            .date, .boolean, .float, .double, .uuid, .timeuuid, .varint:
            true
        case .counter, .decimal, .duration, .list, .set, .map, .tuple, .udt, .vector, .frozen,
            .custom:
            false
        }
    }

    /// Reads one component of a reversible type and appends its CQL bytes.
    ///
    /// - Returns: where the next component starts; `nil` when the key is damaged.
    static func decode(
        _ key: UnsafeRawBufferPointer, at start: Int, type: CQLType, descending: Bool,
        to out: inout RawBytes
    ) -> Int? {
        let mask: UInt8 = descending ? 0xFF : 0
        guard start < key.count else { return nil }
        let tag = key[start] ^ mask
        if tag == noBytes { return start + 1 }
        guard tag == value else { return nil }
        let at = start + 1
        switch type {
        case .text, .ascii, .blob, .inet: return unescape(key, at: at, mask: mask, to: &out)
        case .int, .float, .date: return fixed(4, type, key, at, mask, &out)
        case .bigint, .timestamp, .time, .double: return fixed(8, type, key, at, mask, &out)
        case .smallint: return fixed(2, type, key, at, mask, &out)
        case .tinyint, .boolean: return fixed(1, type, key, at, mask, &out)
        case .uuid: return fixed(17, type, key, at, mask, &out)
        case .timeuuid: return fixed(16, type, key, at, mask, &out)
        case .varint:
            guard at + 5 <= key.count else { return nil }
            let isNegative = key[at] ^ mask == 0
            let plain = key.big(at + 1, as: UInt32.self) ^ (descending ? .max : 0)
            let count = Int(isNegative ? ~plain : plain)
            guard at + 5 + count <= key.count else { return nil }
            for index in at + 5..<at + 5 + count { out.append(key[index] ^ mask) }
            return at + 5 + count
        case .counter, .decimal, .duration, .list, .set, .map, .tuple, .udt, .vector, .frozen,
            .custom:
            return nil
        }
    }

    private static func fixed(
        _ count: Int, _ type: CQLType, _ key: UnsafeRawBufferPointer, _ at: Int, _ mask: UInt8,
        _ out: inout RawBytes
    ) -> Int? {
        guard at + count <= key.count else { return nil }
        let mask64: UInt64 = mask == 0 ? 0 : .max
        switch type {
        case .date, .boolean: for index in at..<at + count { out.append(key[index] ^ mask) }
        case .float:
            let bits = key.big(at, as: UInt32.self) ^ UInt32(truncatingIfNeeded: mask64)
            out.appendBig(bits >> 31 == 1 ? bits & 0x7FFF_FFFF : ~bits)
        case .double:
            let bits = key.big(at, as: UInt64.self) ^ mask64
            out.appendBig(bits >> 63 == 1 ? bits & 0x7FFF_FFFF_FFFF_FFFF : ~bits)
        case .uuid:
            let high = key.big(at + 1, as: UInt64.self) ^ mask64
            out.appendBig(key[at] ^ mask == 1 ? highFirst(high) : high)
            out.appendBig(key.big(at + 9, as: UInt64.self) ^ mask64)
        case .timeuuid:
            out.appendBig(highFirst(key.big(at, as: UInt64.self) ^ mask64))
            out.appendBig(key.big(at + 8, as: UInt64.self) ^ mask64 ^ 0x8080_8080_8080_8080)
        default:
            out.append(key[at] ^ mask ^ 0x80)
            for index in at + 1..<at + count { out.append(key[index] ^ mask) }
        }
        return at + count
    }

    private static func highFirst(_ time: UInt64) -> UInt64 {
        time << 32 | (time >> 32 & 0xFFFF) << 16 | time >> 48
    }

    static func unescape(
        _ key: UnsafeRawBufferPointer, at start: Int, mask: UInt8, to out: inout RawBytes
    ) -> Int? {
        var at = start
        while at + 1 < key.count {
            let byte = key[at] ^ mask
            guard byte == 0 else {
                out.append(byte)
                at += 1
                continue
            }
            switch key[at + 1] ^ mask {
            case 0: return at + 2
            case 0xFF: out.append(0)
            default: return nil
            }
            at += 2
        }
        return nil
    }
}
