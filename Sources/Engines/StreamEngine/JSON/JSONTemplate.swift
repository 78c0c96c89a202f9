// The fast way through a record: the shape of the one before it.

import StreamPlan

/// The text between the values of a record, as one record showed it: `{"id":`, `,"email":`, …, `}`.
///
/// Records of one topic mostly have the same members in the same order with the same blanks. A
/// record that fits is read with one comparison a member and no look-up; one that does not is
/// the general reader's, and nothing of it is kept here.
struct JSONTemplate {
    /// A piece of text and the field whose value follows it.
    private struct Piece {
        /// Into `words`.
        var firstWord: Int
        var length: Int
        /// -1: a member that the schema does not have.
        var field: Int
    }

    private var words: [UInt64] = []
    private var masks: [UInt64] = []
    private var pieces: [Piece] = []
    var isEmpty: Bool { pieces.isEmpty }

    /// - Parameter field: of the value after the text; -2 for the text that ends the record.
    mutating func add(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, field: Int
    ) {
        let length = end - start
        pieces.append(Piece(firstWord: words.count, length: length, field: field))
        var at = 0
        while at < length {
            var word: UInt64 = 0
            let some = min(8, length - at)
            for place in 0..<some { word |= UInt64(start[at + place]) << UInt64(place * 8) }
            words.append(word)
            masks.append(some == 8 ? .max : (1 << UInt64(some * 8)) - 1)
            at += 8
        }
    }

    /// Reads a record of this shape.
    ///
    /// - Returns: `false` for a record of another shape, with escapes, or with a value that does
    /// not
    ///   have its field's type. Some of its fields may be set then.
    func read(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, in memory: JSONMemory,
        row: Int, fields: borrowing JSONFieldTypes, to output: JSONOutput
    ) -> Bool {
        var at = start
        return words.withUnsafeBufferPointer { words in
            masks.withUnsafeBufferPointer { masks in
                pieces.withUnsafeBufferPointer { pieces in
                    for piece in pieces {
                        guard
                            Self.matches(
                                at, piece.firstWord, piece.length, words, masks,
                                readable: memory.readable)
                        else { return false }
                        at += piece.length
                        guard at <= end else { return false }
                        if piece.field == -2 { return true }
                        guard
                            let next = Self.value(
                                at, end, memory, piece.field, row, fields, output)
                        else { return false }
                        at = next
                    }
                    return false
                }
            }
        }
    }

    @inline(__always)
    private static func matches(
        _ at: UnsafePointer<UInt8>, _ firstWord: Int, _ length: Int,
        _ words: UnsafeBufferPointer<UInt64>, _ masks: UnsafeBufferPointer<UInt64>,
        readable: UnsafePointer<UInt8>
    ) -> Bool {
        var place = 0
        var index = firstWord
        if readable - at < (length + 7) & ~7 {
            return matchesAtTheEnd(at, firstWord, length, words, readable: readable)
        }
        while place < length {
            guard (JSONBytes.load(at + place) ^ words[index]) & masks[index] == 0 else {
                return false
            }
            place += 8
            index += 1
        }
        return true
    }

    /// Byte by byte, where eight bytes would reach behind the memory.
    private static func matchesAtTheEnd(
        _ at: UnsafePointer<UInt8>, _ firstWord: Int, _ length: Int,
        _ words: UnsafeBufferPointer<UInt64>, readable: UnsafePointer<UInt8>
    ) -> Bool {
        guard readable - at >= length else { return false }
        for place in 0..<length {
            let byte = UInt8(
                truncatingIfNeeded: words[firstWord + place / 8] >> UInt64(place % 8 * 8))
            guard at[place] == byte else { return false }
        }
        return true
    }

    /// - Returns: where the value ends; `nil` when the general reader must look at it.
    @inline(__always)
    private static func value(
        _ at: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ memory: JSONMemory,
        _ field: Int, _ row: Int, _ fields: borrowing JSONFieldTypes, _ output: JSONOutput
    ) -> UnsafePointer<UInt8>? {
        guard at < end else { return nil }
        let kind = field < 0 ? .ignored : fields[field]
        if at.pointee == UInt8(ascii: "\"") {
            guard kind == .text || kind == .ignored else { return nil }
            let span = JSONBytes.plain(from: at + 1, end: end)
            guard span.stop < end, span.stop.pointee == UInt8(ascii: "\""),
                span.isASCII || JSONBytes.isUTF8(at + 1, count: span.stop - at - 1)
            else { return nil }
            if kind == .text { output.set(field, row, memory.cell(at + 1, span.stop)) }
            return span.stop + 1
        }
        guard kind == .int || kind == .long else { return nil }
        return whole(at, end, isInt: kind == .int, field, row, output)
    }

    /// A whole number of up to 18 digits.
    @inline(__always)
    private static func whole(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, isInt: Bool, _ field: Int,
        _ row: Int, _ output: JSONOutput
    ) -> UnsafePointer<UInt8>? {
        var at = start
        let isNegative = at.pointee == UInt8(ascii: "-")
        if isNegative { at += 1 }
        let digits = at
        var value: Int64 = 0
        while at < end, JSONBytes.isDigit(at.pointee), at - digits < 18 {
            value = value &* 10 &+ Int64(at.pointee &- 0x30)
            at += 1
        }
        guard at > digits, at < end, digits.pointee != 0x30 || at - digits == 1,
            at.pointee == UInt8(ascii: ",") || at.pointee == UInt8(ascii: "}")
        else { return nil }
        if isNegative { value = -value }
        guard !isInt || Int32(exactly: value) != nil else { return nil }
        output.set(field, row, UInt64(bitPattern: value))
        return at
    }
}

/// What the fast way knows to read.
enum JSONFastKind: UInt8 {
    case text, int, long
    /// Only the general reader reads it.
    case slow
    case ignored
}

/// The kinds of all fields, by pointer: the inner loop must not count references.
struct JSONFieldTypes: ~Copyable {
    private let kinds: UnsafeMutablePointer<JSONFastKind>

    init(_ fields: JSONFields) {
        kinds = .allocate(capacity: max(1, fields.count))
        for (index, type) in fields.types.enumerated() {
            let kind: JSONFastKind =
                switch type {
                case .string: .text
                case .int: .int
                case .long: .long
                case .binary, .boolean, .double, .timestamp: .slow
                }
            (kinds + index).initialize(to: kind)
        }
    }

    deinit { kinds.deallocate() }

    @inline(__always)
    subscript(field: Int) -> JSONFastKind { kinds[field] }
}
