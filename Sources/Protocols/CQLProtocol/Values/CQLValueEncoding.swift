// Values to bytes, as native_protocol_v5.spec, section 6, lays them out.

package import NIOCore

/// A value that its type cannot hold. Names the types, never the value.
package struct CQLEncodingError: Error, Equatable, Sendable, CustomStringConvertible {
    package var type: CQLType
    /// What was wrong, in words: "is a text", "does not fit".
    package var why: String

    package init(_ type: CQLType, _ why: String) {
        self.type = type
        self.why = why
    }

    package var description: String { "a value for \(type) \(why)" }
}

extension CQLValue {
    /// Appends `[value]`: the length as int32 and the bytes; -1 for null, -2 for unset.
    package func appendCell(as type: CQLType, to out: inout ByteBuffer) throws(CQLEncodingError) {
        switch self {
        case .null: out.writeInteger(Int32(-1))
        case .unset: out.writeInteger(Int32(-2))
        default:
            let start = out.writerIndex
            out.writeInteger(Int32(0))
            do throws(CQLEncodingError) {
                try appendBytes(as: type, to: &out)
            } catch {
                out.moveWriterIndex(to: start)
                throw error
            }
            out.setInteger(Int32(out.writerIndex - start - 4), at: start)
        }
    }

    /// - Returns: the bytes without their length; `nil` for null.
    package func encoded(as type: CQLType) throws(CQLEncodingError) -> [UInt8]? {
        if case .null = self { return nil }
        var out = ByteBuffer()
        try appendBytes(as: type, to: &out)
        return Array(out.readableBytesView)
    }

    /// Appends the bytes without their length. Whole numbers are taken for any type of whole numbers
    /// that they fit, uuid and timeuuid, text and ascii for each other.
    package func appendBytes(as type: CQLType, to out: inout ByteBuffer) throws(CQLEncodingError) {
        if case .empty = self { return }
        switch type {
        case .text, .ascii, .blob, .custom: try appendText(as: type, to: &out)
        case .bigint, .counter, .timestamp, .time, .int, .date, .smallint, .tinyint, .varint:
            try appendWhole(as: type, to: &out)
        case .boolean:
            guard case .boolean(let value) = self else { throw mismatch(type) }
            out.writeInteger(UInt8(value ? 1 : 0))
        case .float:
            guard case .float(let value) = self else { throw mismatch(type) }
            out.writeInteger(value.bitPattern)
        case .double:
            switch self {
            case .double(let value): out.writeInteger(value.bitPattern)
            case .float(let value): out.writeInteger(Double(value).bitPattern)
            default: throw mismatch(type)
            }
        case .uuid, .timeuuid:
            guard let value = uuid else { throw mismatch(type) }
            guard type == .uuid || value.version == 1 else {
                throw CQLEncodingError(type, "is a UUID without a time")
            }
            out.writeMultipleIntegers(value.high, value.low)
        case .inet:
            guard case .inet(let value) = self else { throw mismatch(type) }
            out.writeBytes(value.bytes)
        case .decimal:
            guard case .decimal(let value) = self else { throw mismatch(type) }
            out.writeInteger(value.scale)
            out.writeBytes(value.unscaled.bytes)
        case .duration:
            guard case .duration(let value) = self else { throw mismatch(type) }
            out.writeCQLVint(Int64(value.months))
            out.writeCQLVint(Int64(value.days))
            out.writeCQLVint(value.nanoseconds)
        case .list, .set, .map, .tuple, .udt, .vector: try appendNested(as: type, to: &out)
        case .frozen(let inner): try appendBytes(as: inner, to: &out)
        }
    }

    private func appendText(as type: CQLType, to out: inout ByteBuffer) throws(CQLEncodingError) {
        switch (type, self) {
        case (.text, .text(let text)), (.text, .ascii(let text)): out.writeString(text)
        case (.ascii, .text(let text)), (.ascii, .ascii(let text)):
            guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
                throw CQLEncodingError(type, "has a character that is not ASCII")
            }
            out.writeString(text)
        case (.blob, .blob(let bytes)), (.blob, .custom(let bytes)), (.custom, .custom(let bytes)),
            (.custom, .blob(let bytes)):
            out.writeBytes(bytes)
        default: throw mismatch(type)
        }
    }

    private func appendWhole(as type: CQLType, to out: inout ByteBuffer) throws(CQLEncodingError) {
        if case .varint(let value) = self, type == .varint {
            out.writeBytes(value.bytes)
            return
        }
        guard let value = int64 else { throw mismatch(type) }
        let tooBig = CQLEncodingError(type, "does not fit")
        switch type {
        case .bigint, .counter, .timestamp: out.writeInteger(value)
        case .time:
            guard (0..<86_400_000_000_000).contains(value) else { throw tooBig }
            out.writeInteger(value)
        case .int:
            guard let fitting = Int32(exactly: value) else { throw tooBig }
            out.writeInteger(fitting)
        case .date:
            guard let fitting = UInt32(exactly: value &+ 0x8000_0000) else { throw tooBig }
            out.writeInteger(fitting)
        case .smallint:
            guard let fitting = Int16(exactly: value) else { throw tooBig }
            out.writeInteger(fitting)
        case .tinyint:
            guard let fitting = Int8(exactly: value) else { throw tooBig }
            out.writeInteger(fitting)
        case .varint: out.writeBytes(CQLVarint(value).bytes)
        default: throw mismatch(type)
        }
    }

    private func appendNested(as type: CQLType, to out: inout ByteBuffer) throws(CQLEncodingError) {
        switch (type, self) {
        case (.list(let element), .list(let values)), (.set(let element), .set(let values)):
            out.writeInteger(Int32(values.count))
            for value in values { try value.appendCell(as: element, to: &out) }
        case (.map(let keyType, let valueType), .map(let entries)):
            out.writeInteger(Int32(entries.count))
            for entry in entries {
                try entry.key.appendCell(as: keyType, to: &out)
                try entry.value.appendCell(as: valueType, to: &out)
            }
        case (.tuple(let parts), .tuple(let values)), (.tuple(let parts), .udt(let values)):
            try Self.append(values, as: parts, of: type, to: &out)
        case (.udt(let user), .udt(let values)), (.udt(let user), .tuple(let values)):
            try Self.append(values, as: user.fields.map(\.type), of: type, to: &out)
        case (.vector(let element, let dimensions), .vector(let values)),
            (.vector(let element, let dimensions), .list(let values)):
            guard values.count == dimensions else {
                throw CQLEncodingError(type, "has \(values.count) elements")
            }
            for value in values {
                guard !value.isNull, value != .unset else { throw value.mismatch(element) }
                if element.fixedBytes == nil {
                    var part = ByteBuffer()
                    try value.appendBytes(as: element, to: &part)
                    out.writeCQLUnsignedVint(UInt64(part.readableBytes))
                    out.writeImmutableBuffer(part)
                } else {
                    try value.appendBytes(as: element, to: &out)
                }
            }
        default: throw mismatch(type)
        }
    }

    private static func append(
        _ values: [CQLValue], as types: [CQLType], of type: CQLType, to out: inout ByteBuffer
    ) throws(CQLEncodingError) {
        guard values.count <= types.count else {
            throw CQLEncodingError(type, "has \(values.count) parts")
        }
        for (value, part) in zip(values, types) { try value.appendCell(as: part, to: &out) }
    }

    private func mismatch(_ type: CQLType) -> CQLEncodingError {
        switch self {
        case .null: CQLEncodingError(type, "is null")
        case .unset: CQLEncodingError(type, "is not set")
        default: CQLEncodingError(type, "is of type \(naturalType)")
        }
    }
}
