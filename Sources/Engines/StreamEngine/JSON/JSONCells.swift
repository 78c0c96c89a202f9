// A JSON value as the cell of a column of some type, by the rules of Spark's PERMISSIVE mode.

import StreamPlan

extension JSONRecordReader {
    /// - Parameter arenaCount: where the scratch space will start when it is put behind the arena.
    /// - Returns: `nil` for null, and for a value that the type does not take.
    mutating func cell(of value: Value, as type: DataType, arenaCount: Int) -> UInt64? {
        switch value {
        case .null: return nil
        case .string(let cell):
            if type == .string { return cell.bits }
            let bytes = Bytes(start: memory.base + cell.start, count: cell.length)
            return convert(bytes, to: type, arenaCount: arenaCount)
        case .unescaped(let range):
            if type == .string {
                return TextCell(
                    start: arenaCount + range.lowerBound, length: range.count, inArena: true
                ).bits
            }
            let copy = Array(scratch[range])
            return copy.withUnsafeBufferPointer {
                convert($0, to: type, arenaCount: arenaCount)
            }
        case .number(let start, let end):
            return number(Bytes(start: start, count: end - start), as: type) {
                memory.cell(start, end)
            }
        case .boolean(let value, let start, let end):
            switch type {
            case .boolean: return value ? 1 : 0
            case .string: return memory.cell(start, end)
            case .binary, .int, .long, .double, .timestamp: return nil
            }
        case .nested(let start, let end):
            guard type == .string, JSONBytes.isUTF8(start, count: end - start) else { return nil }
            return memory.cell(start, end)
        }
    }

    private func number(_ text: Bytes, as type: DataType, _ place: () -> UInt64) -> UInt64? {
        switch type {
        case .string: return place()
        case .int:
            return TextValues.whole(text).flatMap { Int32(exactly: $0) }.map {
                UInt64(bitPattern: Int64($0))
            }
        case .long: return TextValues.whole(text).map { UInt64(bitPattern: $0) }
        case .double: return TextValues.double(text)?.bitPattern
        case .timestamp:
            // Spark: a whole number is seconds.
            guard let seconds = TextValues.whole(text) else { return nil }
            let (micros, overflowed) = seconds.multipliedReportingOverflow(by: 1_000_000)
            return overflowed ? nil : UInt64(bitPattern: micros)
        case .binary, .boolean: return nil
        }
    }

    /// A quoted value for a field that is no string.
    private mutating func convert(_ text: Bytes, to type: DataType, arenaCount: Int) -> UInt64? {
        switch type {
        case .timestamp: return TimestampText.parse(text).map { UInt64(bitPattern: $0) }
        case .double:
            switch String(decoding: text, as: UTF8.self) {
            case "NaN": return Double.nan.bitPattern
            case "Infinity", "+Infinity", "+INF": return Double.infinity.bitPattern
            case "-Infinity", "-INF": return (-Double.infinity).bitPattern
            default: return nil
            }
        case .binary:
            let start = scratch.count
            guard Base64.decode(text, to: &scratch) else {
                scratch.removeSubrange(start...)
                return nil
            }
            return TextCell(
                start: arenaCount + start, length: scratch.count - start, inArena: true
            ).bits
        case .string, .boolean, .int, .long: return nil
        }
    }
}

/// Source: RFC 4648, section 4.
enum Base64 {
    static func decode(_ text: Bytes, to out: inout [UInt8]) -> Bool {
        guard text.count % 4 == 0 else { return false }
        var group: UInt32 = 0
        var padding = 0
        for (place, byte) in text.enumerated() {
            if byte == UInt8(ascii: "="), place >= text.count - 2 {
                padding += 1
                group <<= 6
            } else {
                guard padding == 0, let digit = digit(byte) else { return false }
                group = group << 6 | digit
            }
            if place % 4 == 3 {
                for shift in stride(from: 16, to: -8 + padding * 8, by: -8) {
                    out.append(UInt8(truncatingIfNeeded: group >> UInt32(shift)))
                }
                group = 0
            }
        }
        return true
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
