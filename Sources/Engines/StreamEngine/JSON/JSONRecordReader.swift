// The general way through a record: any order, any blanks, escapes, surprises.

/// Why a record is no JSON object.
enum JSONSurprise: Error, Equatable {
    case malformed
    case notAnObject
    case notUTF8
    case tooDeep
}

/// Reads one record as Spark's PERMISSIVE mode does: text after the closing brace is ignored, of
/// equal names the last wins, single quotes are taken for double ones. Grammar otherwise: RFC 8259.
struct JSONRecordReader {
    /// A member's value as it stands in the text.
    enum Value {
        case string(TextCell)
        /// A string with escapes, unescaped at the end of the scratch space.
        case unescaped(Range<Int>)
        /// Also NaN and the infinities.
        case number(UnsafePointer<UInt8>, UnsafePointer<UInt8>)
        case boolean(Bool, UnsafePointer<UInt8>, UnsafePointer<UInt8>)
        case null
        case nested(UnsafePointer<UInt8>, UnsafePointer<UInt8>)
    }

    let memory: JSONMemory
    let end: UnsafePointer<UInt8>
    var at: UnsafePointer<UInt8>
    /// Unescaped texts; they are put behind the arena when the batch is done.
    var scratch: [UInt8]
    /// Whether the last member's name was plain, so that a template may hold it.
    private(set) var isPlain = true

    init(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, in memory: JSONMemory,
        scratch: consuming [UInt8]
    ) {
        self.memory = memory
        self.end = end
        at = start
        self.scratch = scratch
    }

    mutating func begin() throws(JSONSurprise) {
        skipBlanks()
        guard at < end else { throw .malformed }
        guard at.pointee == UInt8(ascii: "{") else { throw .notAnObject }
        at += 1
    }

    /// The next member's name and what stands before its value.
    ///
    /// - Returns: the name's bytes, by a closure since they may be in the scratch space; `nil` at
    ///   the end of the object.
    mutating func nextName<Name>(
        isFirst: Bool, _ body: (UnsafePointer<UInt8>, Int) -> Name
    ) throws(JSONSurprise) -> Name? {
        skipBlanks()
        guard at < end else { throw .malformed }
        if at.pointee == UInt8(ascii: "}") {
            at += 1
            return nil
        }
        if !isFirst {
            guard at.pointee == UInt8(ascii: ",") else { throw .malformed }
            at += 1
            skipBlanks()
        }
        guard at < end, isQuote(at.pointee) else { throw .malformed }
        if at.pointee == UInt8(ascii: "'") { isPlain = false }
        let mark = scratch.count
        let name: Name
        switch try string() {
        case .string(let cell): name = body(memory.base + cell.start, cell.length)
        case .unescaped(let range):
            isPlain = false
            name = scratch.withUnsafeBufferPointer { buffer in
                // The base address is there: the array is not empty unless the name is.
                body(buffer.baseAddress.map { $0 + range.lowerBound } ?? at, range.count)
            }
            scratch.removeSubrange(mark...)
        case .number, .boolean, .null, .nested: throw .malformed
        }
        skipBlanks()
        guard at < end, at.pointee == UInt8(ascii: ":") else { throw .malformed }
        at += 1
        skipBlanks()
        return name
    }

    mutating func value(depth: Int = 1) throws(JSONSurprise) -> Value {
        guard at < end else { throw .malformed }
        let start = at
        switch at.pointee {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return try string()
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            try skipNested(depth: depth)
            return .nested(start, at)
        case UInt8(ascii: "t"):
            try word("true")
            return .boolean(true, start, at)
        case UInt8(ascii: "f"):
            try word("false")
            return .boolean(false, start, at)
        case UInt8(ascii: "n"):
            try word("null")
            return .null
        default:
            try number()
            return .number(start, at)
        }
    }

    mutating func skipBlanks() {
        while at < end, JSONBytes.isBlank(at.pointee) { at += 1 }
    }

    private func isQuote(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
    }

    private mutating func word(_ word: StaticString) throws(JSONSurprise) {
        let count = word.utf8CodeUnitCount
        guard end - at >= count else { throw .malformed }
        for place in 0..<count where at[place] != word.utf8Start[place] { throw .malformed }
        at += count
        try delimiter()
    }

    /// After a word or a number something else must begin.
    private func delimiter() throws(JSONSurprise) {
        guard at < end else { return }
        let byte = at.pointee
        guard
            JSONBytes.isBlank(byte) || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}")
                || byte == UInt8(ascii: "]")
        else { throw .malformed }
    }

    private mutating func number() throws(JSONSurprise) {
        if at.pointee == UInt8(ascii: "N") { return try word("NaN") }
        if at.pointee == UInt8(ascii: "+") {
            at += 1
            return try word("Infinity")
        }
        if at.pointee == UInt8(ascii: "-") { at += 1 }
        if at < end, at.pointee == UInt8(ascii: "I") { return try word("Infinity") }
        let first = at
        try digits()
        if first.pointee == 0x30, at - first > 1 { throw .malformed }
        if at < end, at.pointee == UInt8(ascii: ".") {
            at += 1
            try digits()
        }
        if at < end, at.pointee | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < end, at.pointee == UInt8(ascii: "+") || at.pointee == UInt8(ascii: "-") {
                at += 1
            }
            try digits()
        }
        try delimiter()
    }

    private mutating func digits() throws(JSONSurprise) {
        guard at < end, JSONBytes.isDigit(at.pointee) else { throw .malformed }
        while at < end, JSONBytes.isDigit(at.pointee) { at += 1 }
    }

    /// Runs over an object or array and checks its grammar, without recursion.
    private mutating func skipNested(depth: Int) throws(JSONSurprise) {
        var isObject: [Bool] = []
        repeat {
            guard at < end else { throw .malformed }
            switch at.pointee {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard depth + isObject.count < StreamLimits.jsonDepthMax else { throw .tooDeep }
                let opens = at.pointee == UInt8(ascii: "{")
                isObject.append(opens)
                at += 1
                skipBlanks()
                guard at < end else { throw .malformed }
                if at.pointee == (opens ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    try close(&isObject)
                } else if opens {
                    try skipName()
                }
            default:
                let mark = scratch.count
                _ = try value()
                scratch.removeSubrange(mark...)
                try close(&isObject, opened: false)
            }
        } while !isObject.isEmpty
    }

    /// After a value inside: a comma, or the ends of everything that ends here.
    private mutating func close(_ isObject: inout [Bool], opened: Bool = true)
        throws(JSONSurprise)
    {
        if opened {
            at += 1
            isObject.removeLast()
        }
        while let insideObject = isObject.last {
            skipBlanks()
            guard at < end else { throw .malformed }
            if at.pointee == UInt8(ascii: ",") {
                at += 1
                skipBlanks()
                if insideObject { try skipName() }
                return
            }
            guard at.pointee == (insideObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw .malformed
            }
            at += 1
            isObject.removeLast()
        }
    }

    private mutating func skipName() throws(JSONSurprise) {
        guard at < end, isQuote(at.pointee) else { throw .malformed }
        let mark = scratch.count
        _ = try string()
        scratch.removeSubrange(mark...)
        skipBlanks()
        guard at < end, at.pointee == UInt8(ascii: ":") else { throw .malformed }
        at += 1
        skipBlanks()
    }
}
