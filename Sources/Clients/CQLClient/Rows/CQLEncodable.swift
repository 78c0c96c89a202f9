// Swift values as bind values of all types.

package import CQLProtocol
package import Foundation

/// A type whose values can be bound to markers.
package protocol CQLEncodable: Sendable {
    /// The value as a column of that type has it.
    ///
    /// - Throws: `CQLEncodingError` when the type has no such value. It names types, never values.
    func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue
}

extension CQLValue: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue { self }
}

extension CQLEncodable where Self: FixedWidthInteger {
    /// Any type of numbers that it fits.
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue {
        switch type {
        case .double:
            guard let value = Double(exactly: self) else { throw .init(type, "does not fit") }
            return .double(value)
        case .float:
            guard let value = Float(exactly: self) else { throw .init(type, "does not fit") }
            return .float(value)
        case .decimal: return .decimal(CQLDecimal(unscaled: CQLVarint(self), scale: 0))
        case .varint: return .varint(CQLVarint(self))
        default:
            guard let value = Int64(exactly: self) else { throw .init(type, "does not fit") }
            return .bigint(value)
        }
    }
}

extension Int: CQLEncodable {}
extension Int64: CQLEncodable {}
extension Int32: CQLEncodable {}
extension Int16: CQLEncodable {}
extension Int8: CQLEncodable {}
extension UInt64: CQLEncodable {}
extension UInt32: CQLEncodable {}
extension UInt8: CQLEncodable {}

extension Bool: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue { .boolean(self) }
}

extension Double: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue {
        type == .float ? .float(Float(self)) : .double(self)
    }
}

extension Float: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue { .float(self) }
}

extension String: CQLEncodable {
    /// A text; or what a text says, for types that are written in quotes or digits.
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue {
        switch type {
        case .text, .ascii: return .text(self)
        default: return try CQLValueText.value(self, as: type)
        }
    }
}

extension CQLUUID: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue { .uuid(self) }
}

extension UUID: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue {
        let uuid = withUnsafeBytes(of: uuid) { CQLUUID($0) }
        guard let uuid else { throw .init(type, "is no UUID") }
        return .uuid(uuid)
    }
}

extension Date: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue {
        let seconds = timeIntervalSince1970
        if type == .date {
            guard let days = Int32(exactly: (seconds / 86_400).rounded(.down)) else {
                throw .init(type, "does not fit")
            }
            return .date(days)
        }
        guard let milliseconds = Int64(exactly: (seconds * 1_000).rounded()) else {
            throw .init(type, "does not fit")
        }
        return .timestamp(milliseconds)
    }
}

extension Data: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue {
        .blob(Array(self))
    }
}

extension CQLInet: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue { .inet(self) }
}

extension CQLDecimal: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue {
        .decimal(self)
    }
}

extension CQLVarint: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue { .varint(self) }
}

extension CQLDuration: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue {
        .duration(self)
    }
}

extension Optional: CQLEncodable where Wrapped: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue {
        try self?.cqlValue(as: type) ?? .null
    }
}

extension Array: CQLEncodable where Element: CQLEncodable {
    /// A list, set, vector or tuple; bytes are a blob.
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue {
        let inner = type.withoutOuterFrozen
        switch inner {
        case .list(let element): return .list(try values(element))
        case .set(let element): return .set(try values(element))
        case .vector(let element, _): return .vector(try values(element))
        case .blob:
            guard let bytes = self as? [UInt8] else { throw .init(type, "is an array") }
            return .blob(bytes)
        case .tuple(let parts) where parts.count >= count:
            var values: [CQLValue] = []
            for (value, part) in zip(self, parts) { values.append(try value.cqlValue(as: part)) }
            return .tuple(values)
        default: throw .init(type, "is an array")
        }
    }

    private func values(_ element: CQLType) throws(CQLEncodingError) -> [CQLValue] {
        var values: [CQLValue] = []
        values.reserveCapacity(count)
        for value in self { values.append(try value.cqlValue(as: element)) }
        return values
    }
}

extension Set: CQLEncodable where Element: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue {
        try Array(self).cqlValue(as: type)
    }
}

extension Dictionary: CQLEncodable where Key: CQLEncodable, Value: CQLEncodable {
    package func cqlValue(as type: CQLType) throws(CQLEncodingError) -> CQLValue {
        guard case .map(let keyType, let valueType) = type.withoutOuterFrozen else {
            throw .init(type, "is a dictionary")
        }
        var entries: [CQLValue.MapEntry] = []
        for (key, value) in self {
            entries.append(
                .init(try key.cqlValue(as: keyType), try value.cqlValue(as: valueType)))
        }
        return .map(entries)
    }
}

extension PreparedStatement {
    /// Swift values as the statement's columns have them.
    package func values(_ values: [any CQLEncodable]) throws(CQLError) -> [CQLValue] {
        guard values.count == columns.count else {
            throw .value(
                "the statement has \(columns.count) markers, \(values.count) values came")
        }
        var bound: [CQLValue] = []
        for (value, column) in zip(values, columns) {
            do {
                bound.append(try value.cqlValue(as: column.type))
            } catch {
                throw .value("\(column.name): \(error)")
            }
        }
        return bound
    }
}

extension CQLSession {
    /// Prepares the statement, once in a session, and binds Swift values to its markers.
    @discardableResult
    package func execute(
        _ cql: String, binding values: [any CQLEncodable], options: CQLStatementOptions = .standard
    ) async throws(CQLError) -> CQLRows {
        let statement = try await prepare(cql)
        return try await execute(statement, try statement.values(values), options: options)
    }
}
