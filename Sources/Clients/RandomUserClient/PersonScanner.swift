// One pass over the bytes of a user object: checks its JSON, finds the fields, copies it without
// secrets.

/// Where a value stands in the record, and what it is.
struct PersonText {
    enum Kind { case missing, text, number, other }

    var kind = Kind.missing
    /// Byte positions in the record; of a text without its quotes.
    var range = 0..<0
    /// A text that holds a backslash.
    var isEscaped = false
}

/// The places of all values that we project. A member given twice counts by its last value.
struct PersonFields {
    var gender = PersonText()
    var title = PersonText()
    var first = PersonText()
    var last = PersonText()
    /// The whole street as one text (API 1.2).
    var street = PersonText()
    var streetNumber = PersonText()
    var streetName = PersonText()
    var city = PersonText()
    var state = PersonText()
    var country = PersonText()
    var postCode = PersonText()
    var email = PersonText()
    var uuid = PersonText()
    var username = PersonText()
    var dob = PersonText()
    var registered = PersonText()
    var phone = PersonText()
    var picture = PersonText()
    var nationality = PersonText()
}

/// Why the bytes are no record; half a sentence.
struct PersonScanFailure: Error {
    var reason: String
}

/// A strict JSON reader (RFC 8259) that knows the shape of a user object. The pointers given to it
/// are used only until `scan` returns.
struct PersonScanner {
    /// The object a member stands in; `other` for those we do not look into.
    enum Place { case root, name, location, street, login, dob, registered, picture, other }

    private let bytes: UnsafeBufferPointer<UInt8>
    private let out: UnsafeMutableBufferPointer<UInt8>
    private var at = 0
    private var isDropping = false
    /// All bytes of strings, or-ed together: its high bit says whether UTF-8 must be checked.
    private var seen: UInt8 = 0
    private(set) var written = 0
    private(set) var fields = PersonFields()

    /// - Parameter out: room for as many bytes as the record has; compact text is never longer.
    init(bytes: UnsafeBufferPointer<UInt8>, out: UnsafeMutableBufferPointer<UInt8>) {
        precondition(out.count >= bytes.count, "the copy needs as much room as the record")
        self.bytes = bytes
        self.out = out
    }

    mutating func scan() throws(PersonScanFailure) {
        skipBlanks()
        guard at < bytes.count, bytes[at] == UInt8(ascii: "{") else {
            throw PersonScanFailure(reason: "the record is no JSON object")
        }
        try object(.root, depth: 1)
        skipBlanks()
        guard at == bytes.count else { throw failure("more text after the object") }
        guard seen < 0x80 || String(validating: bytes, as: UTF8.self) != nil else {
            throw PersonScanFailure(reason: "the record is not UTF-8")
        }
    }

    private func failure(_ what: String) -> PersonScanFailure {
        PersonScanFailure(reason: "the record is no JSON: \(what) at byte \(at)")
    }

    private mutating func emit(_ byte: UInt8) {
        guard !isDropping else { return }
        out[written] = byte
        written += 1
    }

    private mutating func emit(_ range: Range<Int>) {
        guard !isDropping, let from = bytes.baseAddress, let to = out.baseAddress else { return }
        (to + written).update(from: from + range.lowerBound, count: range.count)
        written += range.count
    }

    private mutating func skipBlanks() {
        while at < bytes.count {
            let byte = bytes[at]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            at += 1
        }
    }

    private mutating func object(_ place: Place, depth: Int) throws(PersonScanFailure) {
        guard depth <= SourceLimits.depthMax else { throw failure("too many levels") }
        at += 1
        emit(UInt8(ascii: "{"))
        skipBlanks()
        if at < bytes.count, bytes[at] == UInt8(ascii: "}") {
            at += 1
            emit(UInt8(ascii: "}"))
            return
        }
        var isFirst = true
        repeat {
            skipBlanks()
            let name = try string()
            skipBlanks()
            guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else {
                throw failure("a colon is missing")
            }
            at += 1
            let member = PersonMember(named: name, in: place, of: bytes)
            let wasDropping = isDropping
            if member == .secret {
                isDropping = true
            } else {
                if !isFirst { emit(UInt8(ascii: ",")) }
                isFirst = false
                emit(name.range.lowerBound - 1..<name.range.upperBound + 1)
                emit(UInt8(ascii: ":"))
            }
            let value = try value(in: member.place, depth: depth)
            member.keep(value, in: &fields)
            isDropping = wasDropping
        } while try goesOn(until: UInt8(ascii: "}"))
        emit(UInt8(ascii: "}"))
    }

    private mutating func array(depth: Int) throws(PersonScanFailure) {
        guard depth <= SourceLimits.depthMax else { throw failure("too many levels") }
        at += 1
        emit(UInt8(ascii: "["))
        skipBlanks()
        if at < bytes.count, bytes[at] == UInt8(ascii: "]") {
            at += 1
            emit(UInt8(ascii: "]"))
            return
        }
        var isFirst = true
        repeat {
            if !isFirst { emit(UInt8(ascii: ",")) }
            isFirst = false
            _ = try value(in: .other, depth: depth)
        } while try goesOn(until: UInt8(ascii: "]"))
        emit(UInt8(ascii: "]"))
    }

    private mutating func goesOn(until end: UInt8) throws(PersonScanFailure) -> Bool {
        skipBlanks()
        guard at < bytes.count, bytes[at] == end || bytes[at] == UInt8(ascii: ",") else {
            throw failure("a comma or the end is missing")
        }
        at += 1
        return bytes[at - 1] != end
    }

    private mutating func value(in place: Place, depth: Int) throws(PersonScanFailure) -> PersonText
    {
        skipBlanks()
        guard at < bytes.count else { throw failure("the text ends too early") }
        switch bytes[at] {
        case UInt8(ascii: "\""):
            let text = try string()
            emit(text.range.lowerBound - 1..<text.range.upperBound + 1)
            return text
        case UInt8(ascii: "{"):
            try object(place, depth: depth + 1)
            return PersonText(kind: .other)
        case UInt8(ascii: "["):
            try array(depth: depth + 1)
            return PersonText(kind: .other)
        case UInt8(ascii: "t"): return try word("true", .other)
        case UInt8(ascii: "f"): return try word("false", .other)
        case UInt8(ascii: "n"): return try word("null", .missing)
        default:
            let range = try number()
            emit(range)
            return PersonText(kind: .number, range: range)
        }
    }

    private mutating func word(_ word: StaticString, _ kind: PersonText.Kind)
        throws(PersonScanFailure) -> PersonText
    {
        let end = at + word.utf8CodeUnitCount
        guard end <= bytes.count, (at..<end).allSatisfy({ bytes[$0] == word.utf8Start[$0 - at] })
        else { throw failure("no value that JSON knows") }
        emit(at..<end)
        at = end
        return PersonText(kind: kind)
    }

    private mutating func string() throws(PersonScanFailure) -> PersonText {
        guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else {
            throw failure("a member's name is missing")
        }
        at += 1
        let start = at
        var isEscaped = false
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                at += 1
                return PersonText(kind: .text, range: start..<at - 1, isEscaped: isEscaped)
            }
            guard byte >= 0x20 else { throw failure("a control character in a text") }
            seen |= byte
            at += 1
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                try escape()
            }
        }
        throw failure("a text does not end")
    }

    /// Stands behind a backslash.
    private mutating func escape() throws(PersonScanFailure) {
        guard at < bytes.count else { throw failure("a text does not end") }
        switch bytes[at] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at += 1
        case UInt8(ascii: "u"):
            let digits = bytes[min(at + 1, bytes.count)..<min(at + 5, bytes.count)]
            guard digits.count == 4, digits.allSatisfy({ HexDigits.value($0) != nil }) else {
                throw failure("four hexadecimal digits are missing")
            }
            at += 5
        default: throw failure("an unknown escape")
        }
    }

    private func isDigit(_ index: Int) -> Bool {
        index < bytes.count && bytes[index] >= 0x30 && bytes[index] <= 0x39
    }

    private mutating func number() throws(PersonScanFailure) -> Range<Int> {
        let start = at
        if bytes[at] == UInt8(ascii: "-") { at += 1 }
        guard isDigit(at) else { throw failure("no value that JSON knows") }
        let startsWithZero = bytes[at] == 0x30
        at += 1
        if startsWithZero, isDigit(at) { throw failure("a number starts with 0") }
        while isDigit(at) { at += 1 }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at += 1
            guard isDigit(at) else { throw failure("no digit after the point") }
            while isDigit(at) { at += 1 }
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") {
                at += 1
            }
            guard isDigit(at) else { throw failure("no digit in the exponent") }
            while isDigit(at) { at += 1 }
        }
        return start..<at
    }
}
