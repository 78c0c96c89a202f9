// Puts the sets and maps of a bound value into the order of their types.

import CQLProtocol

/// Clients may send the elements of a set or map in any order, and some more than once. As in
/// Cassandra, whose serializers read and write such a value again before it is used, what is stored
/// and compared is sorted and without duplicates, however deep the set or map lies in the value.
enum CollectionOrder {
    /// Whether values of the type can have sets or maps in them.
    static func matters(_ type: CQLType) -> Bool {
        switch type {
        case .set, .map: true
        case .list(let inner), .frozen(let inner), .vector(let inner, _): matters(inner)
        case .tuple(let parts): parts.contains(where: matters)
        case .udt(let user): user.fields.contains { matters($0.type) }
        case .ascii, .bigint, .blob, .boolean, .counter, .custom, .date, .decimal, .double,
            .duration, .float, .inet, .int, .smallint, .text, .time, .timestamp, .timeuuid,
            .tinyint, .uuid, .varint:
            false
        }
    }

    /// - Parameter bytes: a value that `ValueCheck` let pass.
    static func sorted(_ bytes: UnsafeRawBufferPointer, _ type: CQLType) -> [UInt8] {
        guard !bytes.isEmpty, matters(type) else { return Array(bytes) }
        switch type {
        case .frozen(let inner): return sorted(bytes, inner)
        case .set(let element):
            let parts = CollectionBytes.elements(bytes).compactMap { $0 }
            guard parts.count > 1 || matters(element) else { return Array(bytes) }
            return CollectionBuilder.bytes(of: parts.map { sorted($0, element) }, type: type)
        case .map(let key, let value):
            let parts = CollectionBytes.mapParts(bytes).compactMap { $0 }
            let mapped = parts.enumerated().map { index, part in
                sorted(part, index % 2 == 0 ? key : value)
            }
            return CollectionBuilder.bytes(of: mapped, type: type)
        case .list(let element):
            let parts = CollectionBytes.elements(bytes)
            // The list of an IN may have nulls.
            var out = RawBytes()
            out.appendBig(Int32(parts.count))
            out.append(CollectionBuilder.fields(of: parts.map { $0.map { sorted($0, element) } }))
            return out.array
        case .tuple(let types):
            return fields(bytes, types)
        case .udt(let user):
            return fields(bytes, user.fields.map(\.type))
        case .vector(let element, _):
            let parts = CollectionBytes.vectorElements(bytes, element).compactMap { $0 }
            return CollectionBuilder.vector(of: parts.map { sorted($0, element) }, element)
        case .ascii, .bigint, .blob, .boolean, .counter, .custom, .date, .decimal, .double,
            .duration, .float, .inet, .int, .smallint, .text, .time, .timestamp, .timeuuid,
            .tinyint, .uuid, .varint:
            return Array(bytes)
        }
    }

    private static func fields(_ bytes: UnsafeRawBufferPointer, _ types: [CQLType]) -> [UInt8] {
        let parts = CollectionBytes.fields(bytes)
        return CollectionBuilder.fields(
            of: zip(parts, types).map { part, type in part.map { sorted($0, type) } })
    }
}
