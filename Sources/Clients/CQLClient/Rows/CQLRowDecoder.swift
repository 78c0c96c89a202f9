// `Decodable` structures from rows: convenient, slower than `CQLDecodableRow`.

package import CQLProtocol
import Foundation

extension CQLRow {
    /// The row as a `Decodable` structure whose keys are the columns' names.
    package func decoded<Row: Decodable>(as _: Row.Type = Row.self) throws(CQLError) -> Row {
        try CQLRowDecoder(page.columns).decode(self)
    }
}

/// Decodes many rows of one result: the names are looked up in one table.
package struct CQLRowDecoder: Sendable {
    let columns: CQLResultColumns

    package init(_ columns: [CQLColumn]) { self.columns = CQLResultColumns(columns) }

    package func decode<Row: Decodable>(
        _ row: CQLRow, as _: Row.Type = Row.self
    ) throws(CQLError) -> Row {
        do {
            return try Row(from: RowDecoder(row: row, columns: columns))
        } catch let error as CQLError {
            throw error
        } catch let error as DecodingError {
            throw .value(Self.words(error))
        } catch {
            throw .value("\(error)")
        }
    }

    private static func words(_ error: DecodingError) -> String {
        let path = { (context: DecodingError.Context) in
            context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        switch error {
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            return "column \(path(context)) is no \(type): \(context.debugDescription)"
        case .keyNotFound(let key, _): return "the rows have no column \"\(key.stringValue)\""
        case .dataCorrupted(let context): return context.debugDescription
        @unknown default: return "\(error)"
        }
    }
}

private struct RowDecoder: Decoder {
    let row: CQLRow
    let columns: CQLResultColumns
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy _: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(RowContainer<Key>(row: row, columns: columns))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw CQLError.value("a row is decoded by the names of its columns, not as an array")
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        throw CQLError.value("a row is decoded by the names of its columns, not as one value")
    }
}

private struct RowContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let row: CQLRow
    let columns: CQLResultColumns
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { columns.columns.compactMap { Key(stringValue: $0.name) } }

    func contains(_ key: Key) -> Bool { columns.index(of: key.stringValue) != nil }

    func decodeNil(forKey key: Key) throws -> Bool {
        guard let index = columns.index(of: key.stringValue) else { return true }
        return row.withBytes(of: index) { $0 == nil }
    }

    private func cell<Value: CQLDecodable>(_ key: Key, _: Value.Type) throws(CQLError) -> Value {
        try row[columns.place(key.stringValue, as: Value.self)]
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try cell(key, type) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        // What is no text is given as a person would write it.
        guard let index = columns.index(of: key.stringValue) else { return try cell(key, type) }
        return String.canDecode(columns.columns[index].type)
            ? try cell(key, type) : try row[index].description
    }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try cell(key, type) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try cell(key, type) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try cell(key, type) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try cell(key, type) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try cell(key, type) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try cell(key, type) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try cell(key, type) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try unsigned(key) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try unsigned(key) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try unsigned(key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try unsigned(key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try unsigned(key) }

    private func unsigned<Value: UnsignedInteger>(_ key: Key) throws -> Value {
        guard let value = Value(exactly: try cell(key, Int64.self)) else {
            throw CQLError.value("column \(key.stringValue): a number does not fit \(Value.self)")
        }
        return value
    }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        guard let index = columns.index(of: key.stringValue) else {
            throw CQLError.value("the rows have no column \"\(key.stringValue)\"")
        }
        if let decodable = type as? any CQLDecodable.Type,
            let value = try open(decodable, key) as? Value
        {
            return value
        }
        // An enumeration, or another type that stands for one value.
        return try Value(from: CellDecoder(row: row, column: index, columns: columns))
    }

    private func open<Cell: CQLDecodable>(_ type: Cell.Type, _ key: Key) throws -> Any {
        try cell(key, type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy _: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        throw CQLError.value("column \(key.stringValue) is no structure; take it as a CQLValue")
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw CQLError.value("column \(key.stringValue) is decoded as an array of its type")
    }

    func superDecoder() throws -> any Decoder { RowDecoder(row: row, columns: columns) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try superDecoder() }
}

/// One cell, for types that decode themselves from a single value.
private struct CellDecoder: Decoder, SingleValueDecodingContainer {
    let row: CQLRow
    let column: Int
    let columns: CQLResultColumns
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy _: Key.Type) throws -> KeyedDecodingContainer<Key> {
        throw CQLError.value("column \(columns.columns[column].name) is no structure")
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw CQLError.value("column \(columns.columns[column].name) is no array")
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }
    func decodeNil() -> Bool { row.withBytes(of: column) { $0 == nil } }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let decodable = type as? any CQLDecodable.Type,
            let value = try open(decodable) as? Value
        {
            return value
        }
        throw CQLError.value("column \(columns.columns[column].name) is no \(type)")
    }

    private func open<Cell: CQLDecodable>(_ type: Cell.Type) throws -> Any {
        try row[columns.place(column, as: type)]
    }
}
