// The records inside the API's own JSON, found by its brackets.

/// Follows brackets and quotes and nothing else: a record that is broken inside does not hurt its
/// neighbours as long as its brackets pair.
struct AnswerFinder {
    private(set) var position: Int
    /// The number of the document that held the first array of records; `nil` while none did.
    private(set) var resultsDocument: Int?
    /// How many whole documents were closed.
    private(set) var documents = 0
    /// Brackets that do not pair were met.
    private(set) var isBroken = false

    /// One bit for each open bracket, the innermost lowest; 1 for an object.
    private var kinds: UInt64 = 0
    private var depth = 0
    /// Levels deeper than `kinds` has bits for; they are counted only.
    private var beyond = 0
    private var isInText = false
    private var isEscaped = false
    /// How many levels are open where the records are; 0 outside of them.
    private var recordsDepth = 0
    private var recordStart: Int?
    private var recordEnd = 0
    /// How far the last text at the answer's top level spells `results`; -1 when it does not.
    private var spelled = -1
    private var isResultsNext = false

    private static let results = Array("results".utf8)

    var hasResults: Bool { resultsDocument != nil }
    /// No document is open.
    var isComplete: Bool { depth == 0 && !isInText && documents > 0 }

    init(position: Int) { self.position = position }

    mutating func scan(_ bytes: UnsafeBufferPointer<UInt8>, _ found: (Range<Int>) -> Bool) -> Bool {
        let base = position
        for (index, byte) in bytes.enumerated() {
            position = base + index + 1
            if isInText {
                text(byte)
                continue
            }
            guard byte != 0x20, byte != 0x0A, byte != 0x0D, byte != 0x09 else { continue }
            if let record = sign(byte, at: base + index), !found(record) { return false }
        }
        return true
    }

    mutating func finish() -> Range<Int>? {
        guard let start = recordStart else { return nil }
        recordStart = nil
        isBroken = true
        return start..<max(position, start)
    }

    private mutating func text(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
            spelled = -1
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isInText = false
            recordEnd = position
        } else if spelled >= 0 {
            let fits = spelled < Self.results.count && Self.results[spelled] == byte
            spelled = fits ? spelled + 1 : -1
        }
    }

    /// Any byte outside of texts that is no blank. Returns a record that it ends.
    private mutating func sign(_ byte: UInt8, at place: Int) -> Range<Int>? {
        var ended: Range<Int>?
        if recordsDepth > 0, depth == recordsDepth {
            let ends = byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]")
            if ends, let start = recordStart {
                ended = start..<recordEnd
                recordStart = nil
            } else if !ends, recordStart == nil {
                recordStart = place
            }
        }
        switch byte {
        case UInt8(ascii: "\""):
            isInText = true
            spelled = depth == 1 && recordsDepth == 0 ? 0 : -1
        case UInt8(ascii: ":"):
            isResultsNext = depth == 1 && spelled == Self.results.count
        case UInt8(ascii: "{"), UInt8(ascii: "["): open(isObject: byte == UInt8(ascii: "{"))
        case UInt8(ascii: "}"), UInt8(ascii: "]"): close(isObject: byte == UInt8(ascii: "}"))
        default:
            isResultsNext = false
            if depth == 0 { isBroken = true }
        }
        recordEnd = place + 1
        return ended
    }

    private mutating func open(isObject: Bool) {
        let startsRecords = !isObject && (depth == 0 || isResultsNext)
        isResultsNext = false
        guard depth < UInt64.bitWidth else {
            beyond += 1
            return
        }
        depth += 1
        kinds = kinds << 1 | (isObject ? 1 : 0)
        if startsRecords, recordsDepth == 0 {
            recordsDepth = depth
            if resultsDocument == nil { resultsDocument = documents }
        }
    }

    /// A `}` that closes nothing is passed over; a `]` closes what was left open inside its array.
    private mutating func close(isObject: Bool) {
        guard beyond == 0 else {
            beyond -= 1
            return
        }
        while depth > 0, (kinds & 1 == 1) != isObject {
            isBroken = true
            if isObject { return }
            pop()
        }
        guard depth > 0 else {
            isBroken = true
            return
        }
        pop()
        if depth == 0 { documents += 1 }
    }

    private mutating func pop() {
        if depth == recordsDepth { recordsDepth = 0 }
        depth -= 1
        kinds >>= 1
    }
}
