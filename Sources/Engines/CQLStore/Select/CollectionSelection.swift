// Elements and slices of serialised collections.

import CQLProtocol

enum CollectionSelection {
    /// A map's value, or a set's own element when it is in there.
    static func element(of bytes: [UInt8], _ key: [UInt8], _ type: CQLType) -> [UInt8]? {
        bytes.withUnsafeBytes { all in
            guard let index = index(of: key, in: all, type) else { return nil }
            switch type.withoutOuterFrozen {
            case .map: return CollectionBytes.mapParts(all)[2 * index + 1].map { Array($0) }
            default: return CollectionBytes.elements(all)[index].map { Array($0) }
            }
        }
    }

    /// The place of a key of a map, or of an element of a set.
    static func index(
        of key: [UInt8], in bytes: UnsafeRawBufferPointer, _ type: CQLType
    ) -> Int? {
        let (keys, keyType) = keys(bytes, type)
        return key.withUnsafeBytes { key in
            keys.firstIndex { part in
                part.map { Comparison.order($0, key, keyType) == 0 } ?? false
            }
        }
    }

    /// The places whose keys lie between two, both included; `nil` is an open end.
    static func range(
        _ bytes: UnsafeRawBufferPointer, _ from: [UInt8]?, _ to: [UInt8]?, _ type: CQLType
    ) -> Range<Int> {
        let (keys, keyType) = keys(bytes, type)
        func order(_ part: UnsafeRawBufferPointer?, _ bound: [UInt8]) -> Int {
            guard let part else { return -1 }
            return bound.withUnsafeBytes { Comparison.order(part, $0, keyType) }
        }
        let start =
            from.map { bound in keys.firstIndex { order($0, bound) >= 0 } ?? keys.count } ?? 0
        let end =
            to.map { bound in keys.firstIndex { order($0, bound) > 0 } ?? keys.count }
            ?? keys.count
        return start < end ? start..<end : start..<start
    }

    private static func keys(
        _ bytes: UnsafeRawBufferPointer, _ type: CQLType
    ) -> ([UnsafeRawBufferPointer?], CQLType) {
        switch type.withoutOuterFrozen {
        case .map(let key, _):
            let parts = CollectionBytes.mapParts(bytes)
            return (stride(from: 0, to: parts.count, by: 2).map { parts[$0] }, key)
        case .set(let element): return (CollectionBytes.elements(bytes), element)
        default: return ([], type)
        }
    }

    /// - Returns: `nil` for an empty slice of a collection that is not frozen.
    static func slice(
        of bytes: [UInt8], _ from: [UInt8]?, _ to: [UInt8]?, _ type: CQLType
    ) -> [UInt8]? {
        bytes.withUnsafeBytes { all in
            let range = range(all, from, to, type)
            if range.isEmpty, type.isMultiCell { return nil }
            var out = RawBytes()
            out.appendBig(Int32(range.count))
            var isMap = false
            if case .map = type.withoutOuterFrozen { isMap = true }
            let parts = isMap ? CollectionBytes.mapParts(all) : CollectionBytes.elements(all)
            let places = isMap ? 2 * range.lowerBound..<2 * range.upperBound : range
            for part in parts[places] {
                if let part { CollectionBytes.appendPart(part, to: &out) }
            }
            return out.array
        }
    }

    /// A tuple or user-defined value of its parts.
    static func fields(_ parts: [[UInt8]?]) -> [UInt8] {
        var out = RawBytes()
        for part in parts {
            guard let part else {
                out.appendBig(Int32(-1))
                continue
            }
            out.appendBig(Int32(part.count))
            out.append(part)
        }
        return out.array
    }

    static func vector(
        _ parts: [[UInt8]?], _ element: CQLType
    ) throws(StatementError) -> [UInt8] {
        var out = RawBytes()
        for part in parts {
            guard let part else { throw .invalid("null is not supported inside vectors") }
            if element.fixedBytes == nil { out.appendUnsignedVint(UInt64(part.count)) }
            out.append(part)
        }
        return out.array
    }

    /// A list of numbers, some of them null: the times of cells.
    static func list(_ parts: [[UInt8]?]) -> [UInt8] {
        Int32(parts.count).bigBytes + fields(parts)
    }
}

extension RawBytes {
    /// As Cassandra's `VIntCoding.writeUnsignedVInt`.
    mutating func appendUnsignedVint(_ value: UInt64) {
        var extra = 0
        while extra < 8, value >> (7 * UInt64(extra + 1)) != 0 { extra += 1 }
        if extra == 8 {
            append(UInt8(0xFF))
            appendBig(value)
            return
        }
        let marked =
            value
            | (extra == 0 ? 0 : (UInt64(0xFF00) >> UInt64(extra) & 0xFF) << (8 * UInt64(extra)))
        for index in (0...extra).reversed() {
            append(UInt8(truncatingIfNeeded: marked >> (8 * UInt64(index))))
        }
    }
}
