// Optionals, arrays, sets and dictionaries from cells.

package import CQLProtocol

extension Optional: CQLDecodable where Wrapped: CQLDecodable {
    package static func canDecode(_ type: CQLType) -> Bool { Wrapped.canDecode(type) }
    package static var ofNull: Wrapped?? { .some(nil) }

    package static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> Wrapped? { try Wrapped.decodeCQL(bytes, as: type) }
}

extension Array: CQLDecodable where Element: CQLDecodable {
    /// The elements of a list, set or vector; the bytes of a blob.
    package static func canDecode(_ type: CQLType) -> Bool {
        switch type {
        case .list(let element), .set(let element), .vector(let element, _):
            Element.canDecode(element)
        case .frozen(let inner): canDecode(inner)
        case .blob: Element.self == UInt8.self
        default: false
        }
    }

    package static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> [Element] {
        if type == .blob, let whole = Array<UInt8>(bytes) as? [Element] { return whole }
        let inner = type.withoutOuterFrozen
        switch inner {
        case .list(let element), .set(let element):
            var walk = NestedCells(bytes)
            var values: [Element] = []
            let count = try walk.count(type)
            values.reserveCapacity(count)
            for _ in 0..<count {
                values.append(try Element.decodeCell(try walk.cell(type), as: element))
            }
            return values
        case .vector(let element, let dimensions):
            // Elements of a fixed length stand without theirs.
            guard let width = element.fixedBytes else {
                return try fromValue(bytes, inner, element)
            }
            guard bytes.count == width * dimensions else { throw .badLength(bytes.count, type) }
            var values: [Element] = []
            values.reserveCapacity(dimensions)
            for index in 0..<dimensions {
                values.append(
                    try Element.decodeCQL(
                        UnsafeRawBufferPointer(
                            rebasing: bytes[index * width..<(index + 1) * width]), as: element))
            }
            return values
        default: throw CQLDecodingError("a cell of type \(type) is no list")
        }
    }

    /// The slow way: through values, for vectors of elements without a fixed length.
    private static func fromValue(
        _ bytes: UnsafeRawBufferPointer, _ type: CQLType, _ element: CQLType
    ) throws(CQLDecodingError) -> [Element] {
        guard case .vector(let parts) = try CQLValue.decodeCQL(bytes, as: type) else {
            throw CQLDecodingError("a cell of type \(type) is no vector")
        }
        var values: [Element] = []
        for part in parts {
            var cell = CellList()
            do { try cell.append(part, as: element) } catch {
                throw CQLDecodingError("\(error)")
            }
            values.append(
                try cell.withBytes(of: 0) { bytes throws(CQLDecodingError) in
                    try Element.decodeCell(bytes, as: element)
                })
        }
        return values
    }
}

/// Bytes of a blob come as `[UInt8]`; a `UInt8` by itself is no type of CQL.
extension UInt8: CQLDecodable {
    package static func canDecode(_ type: CQLType) -> Bool { false }
}

extension Set: CQLDecodable where Element: CQLDecodable {
    package static func canDecode(_ type: CQLType) -> Bool {
        if case .set(let element) = type.withoutOuterFrozen {
            Element.canDecode(element)
        } else {
            false
        }
    }

    package static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> Set<Element> { Set(try [Element].decodeCQL(bytes, as: type)) }
}

extension Dictionary: CQLDecodable where Key: CQLDecodable, Value: CQLDecodable {
    package static func canDecode(_ type: CQLType) -> Bool {
        guard case .map(let key, let value) = type.withoutOuterFrozen else { return false }
        return Key.canDecode(key) && Value.canDecode(value)
    }

    package static func decodeCQL(
        _ bytes: UnsafeRawBufferPointer, as type: CQLType
    ) throws(CQLDecodingError) -> [Key: Value] {
        guard case .map(let keyType, let valueType) = type.withoutOuterFrozen else {
            throw CQLDecodingError("a cell of type \(type) is no map")
        }
        var walk = NestedCells(bytes)
        var entries: [Key: Value] = [:]
        for _ in 0..<(try walk.count(type)) {
            let key = try Key.decodeCell(try walk.cell(type), as: keyType)
            entries[key] = try Value.decodeCell(try walk.cell(type), as: valueType)
        }
        return entries
    }
}

extension CQLDecodable {
    /// A cell that may be null.
    static func decodeCell(
        _ bytes: UnsafeRawBufferPointer?, as type: CQLType
    ) throws(CQLDecodingError) -> Self {
        if let bytes { return try decodeCQL(bytes, as: type) }
        guard let value = ofNull else {
            throw CQLDecodingError("a cell of type \(type) is null, which \(Self.self) is not")
        }
        return value
    }
}

/// Walks the elements of a collection: an int32 count, then cells with int32 lengths.
private struct NestedCells {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private mutating func integer(_ type: CQLType) throws(CQLDecodingError) -> Int {
        guard bytes.count - position >= 4 else { throw .badLength(bytes.count, type) }
        defer { position += 4 }
        let raw = bytes.loadUnaligned(fromByteOffset: position, as: Int32.self)
        return Int(Int32(bigEndian: raw))
    }

    /// Never more than the bytes can hold.
    mutating func count(_ type: CQLType) throws(CQLDecodingError) -> Int {
        let count = try integer(type)
        guard count >= 0, count <= (bytes.count - position) / 4 else {
            throw .badLength(bytes.count, type)
        }
        return count
    }

    mutating func cell(_ type: CQLType) throws(CQLDecodingError) -> UnsafeRawBufferPointer? {
        let length = try integer(type)
        guard length >= 0 else { return nil }
        guard length <= bytes.count - position else { throw .badLength(bytes.count, type) }
        defer { position += length }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + length])
    }
}
