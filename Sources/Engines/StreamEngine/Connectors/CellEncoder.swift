// How a column of a batch becomes the cells of a table's column.

import CQLClient
import CQLProtocol
import StreamPlan

/// The conversion from one type of ours to one of CQL's, chosen once for each column.
enum CellEncoder: Sendable, Equatable {
    /// The text's own bytes: text, blob.
    case bytes
    case ascii
    case uuid
    case boolean
    case int8, int16, int32, int64
    case float, double
    /// µs to ms.
    case timestamp
    /// A text parsed into the type, by way of a `CQLValue`.
    case parsed(CQLType)
    /// A number, boolean or time written out as text.
    case written

    /// - Returns: `nil` when such a column cannot go there.
    init?(_ type: DataType, to target: CQLType) {
        switch (type, target.withoutOuterFrozen) {
        case (.string, .text), (.binary, .blob), (.string, .blob): self = .bytes
        case (.string, .ascii): self = .ascii
        case (.string, .uuid): self = .uuid
        case (.string, .timeuuid), (.string, .int), (.string, .bigint), (.string, .smallint),
            (.string, .tinyint), (.string, .varint), (.string, .double), (.string, .float),
            (.string, .decimal), (.string, .boolean), (.string, .timestamp), (.string, .inet):
            self = .parsed(target.withoutOuterFrozen)
        case (.boolean, .boolean): self = .boolean
        case (.int, .tinyint), (.long, .tinyint): self = .int8
        case (.int, .smallint), (.long, .smallint): self = .int16
        case (.int, .int), (.long, .int): self = .int32
        case (.int, .bigint), (.long, .bigint): self = .int64
        case (.int, .varint), (.long, .varint), (.int, .decimal), (.long, .decimal):
            self = .parsed(target.withoutOuterFrozen)
        case (.double, .double), (.int, .double), (.long, .double): self = .double
        case (.double, .float), (.int, .float), (.long, .float): self = .float
        case (.timestamp, .timestamp): self = .timestamp
        case (.boolean, .text), (.int, .text), (.long, .text), (.double, .text),
            (.timestamp, .text):
            self = .written
        default: return nil
        }
    }

    /// Adds a cell that is not null.
    ///
    /// - Returns: `false` when the value does not fit; nothing was added then.
    @inline(__always)
    func append(_ cell: UInt64, _ type: DataType, _ memory: BatchMemory, to rows: inout EncodedRows)
        -> Bool
    {
        switch self {
        case .bytes:
            rows.append(bytes: UnsafeRawBufferPointer(memory.bytes(TextCell(bits: cell))))
            return true
        case .uuid:
            let text = memory.bytes(TextCell(bits: cell))
            guard let uuid = CQLUUID(ascii: UnsafeRawBufferPointer(text)) else { return false }
            rows.append(uuid)
            return true
        case .ascii, .boolean, .int8, .int16, .int32, .int64, .float, .double, .timestamp,
            .parsed, .written:
            return appendOther(cell, type, memory, to: &rows)
        }
    }

    private func appendOther(
        _ cell: UInt64, _ type: DataType, _ memory: BatchMemory, to rows: inout EncodedRows
    ) -> Bool {
        let number = Int64(bitPattern: cell)
        let double = type == .double ? Double(bitPattern: cell) : Double(number)
        switch self {
        case .boolean: rows.append(cell == 1)
        case .int64: rows.append(number)
        case .int32: return Int32(exactly: number).map { rows.append($0) } != nil
        case .int16: return Int16(exactly: number).map { rows.append($0) } != nil
        case .int8: return Int8(exactly: number).map { rows.append($0) } != nil
        case .double: rows.append(double)
        case .float: rows.append(Float(double))
        case .timestamp:
            rows.append(number >= 0 ? number / 1_000 : (number - 999) / 1_000)
        case .written: rows.append(text: ExpressionEvaluator.text(cell, type))
        case .ascii:
            let text = memory.bytes(TextCell(bits: cell))
            guard text.allSatisfy({ $0 < 0x80 }) else { return false }
            rows.append(bytes: UnsafeRawBufferPointer(text))
        case .parsed(let target):
            let text =
                type == .string
                ? String(decoding: memory.bytes(TextCell(bits: cell)), as: UTF8.self)
                : String(number)
            guard let value = Self.parse(text, target) else { return false }
            do throws(CQLEncodingError) {
                try rows.append(value, as: target)
            } catch {
                return false
            }
        case .bytes, .uuid: return false
        }
        return true
    }

    private static func parse(_ text: String, _ target: CQLType) -> CQLValue? {
        var text = text
        return text.withUTF8 { bytes -> CQLValue? in
            switch target {
            case .timeuuid:
                return CQLUUID(ascii: UnsafeRawBufferPointer(bytes)).map { .timeuuid($0) }
            case .int, .bigint, .smallint, .tinyint:
                return TextValues.whole(bytes).map { .bigint($0) }
            case .double: return TextValues.double(bytes).map { .double($0) }
            case .float: return TextValues.double(bytes).map { .float(Float($0)) }
            case .boolean: return TextValues.boolean(bytes).map { .boolean($0) }
            case .timestamp:
                return TimestampText.parse(bytes).map { .timestamp($0 / 1_000) }
            case .varint:
                return CQLVarint(String(decoding: bytes, as: UTF8.self)).map { .varint($0) }
            case .decimal:
                return CQLDecimal(String(decoding: bytes, as: UTF8.self)).map { .decimal($0) }
            case .inet: return CQLInet(String(decoding: bytes, as: UTF8.self)).map { .inet($0) }
            default: return nil
            }
        }
    }
}
