// The types of CQL.

/// A type of a column, bind marker, field or element.
///
/// `frozen` is kept where a schema's text says it; on the wire it does not exist, so types read from
/// a result have none. Compare such types by `unfrozen`.
package indirect enum CQLType: Sendable, Hashable {
    case ascii, bigint, blob, boolean, counter, decimal, double, float, int, timestamp, uuid
    /// `text` and `varchar` are one type.
    case text
    case varint, timeuuid, inet, date, time, smallint, tinyint, duration
    case list(CQLType)
    case set(CQLType)
    case map(CQLType, CQLType)
    case tuple([CQLType])
    case udt(CQLUserType)
    case vector(CQLType, dimensions: Int)
    case frozen(CQLType)
    /// A Java class that we do not know, by its full name and parameters as sent.
    case custom(String)

    /// Without any `frozen`, at any depth.
    package var unfrozen: CQLType {
        switch self {
        case .ascii, .bigint, .blob, .boolean, .counter, .decimal, .double, .float, .int,
            .timestamp, .uuid, .text, .varint, .timeuuid, .inet, .date, .time, .smallint, .tinyint,
            .duration, .custom:
            self
        case .list(let element): .list(element.unfrozen)
        case .set(let element): .set(element.unfrozen)
        case .map(let key, let value): .map(key.unfrozen, value.unfrozen)
        case .tuple(let parts): .tuple(parts.map(\.unfrozen))
        case .udt(let type): .udt(type.unfrozen)
        case .vector(let element, let dimensions):
            .vector(element.unfrozen, dimensions: dimensions)
        case .frozen(let inner): inner.unfrozen
        }
    }

    /// The type inside of an outer `frozen`, itself otherwise.
    package var withoutOuterFrozen: CQLType {
        guard case .frozen(let inner) = self else { return self }
        return inner.withoutOuterFrozen
    }

    /// The bytes of each value inside a vector, when that is fixed; `nil` when each is preceded by its
    /// length. Cassandra counts tinyint, smallint, date and time as not fixed.
    package var fixedBytes: Int? {
        switch self {
        case .boolean: 1
        case .int, .float: 4
        case .bigint, .counter, .double, .timestamp: 8
        case .uuid, .timeuuid: 16
        case .vector(let element, let dimensions):
            // What is longer than a request can never be there: the bound keeps products of it small.
            element.fixedBytes.map { min($0 * dimensions, Int(Int32.max)) }
        case .frozen(let inner): inner.fixedBytes
        case .ascii, .blob, .decimal, .text, .varint, .inet, .date, .time, .smallint, .tinyint,
            .duration, .list, .set, .map, .tuple, .udt, .custom:
            nil
        }
    }
}

/// A user-defined type: a name in a keyspace, and fields in their order.
package struct CQLUserType: Sendable, Hashable {
    package struct Field: Sendable, Hashable {
        package var name: String
        package var type: CQLType

        package init(_ name: String, _ type: CQLType) {
            self.name = name
            self.type = type
        }
    }

    package var keyspace: String
    package var name: String
    package var fields: [Field]

    package init(keyspace: String, name: String, fields: [Field]) {
        self.keyspace = keyspace
        self.name = name
        self.fields = fields
    }

    fileprivate var unfrozen: CQLUserType {
        CQLUserType(
            keyspace: keyspace, name: name, fields: fields.map { Field($0.name, $0.type.unfrozen) })
    }
}
