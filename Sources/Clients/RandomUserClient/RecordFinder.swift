// Where the records of a text are, found while its bytes stream by: no I/O, no copy, bounded
// memory.

/// Finds records in either layout. It is fed with a text's bytes, piece by piece and in order; a
/// copy of it taken between two records can go on from there later.
enum RecordFinder {
    /// One record a line (NDJSON).
    case lines(LineFinder)
    /// The API's answers, one after the other, or one JSON array of records.
    case answers(AnswerFinder)

    /// The position of the next byte it wants, since the start of the text.
    var position: Int {
        switch self {
        case .lines(let finder): finder.position
        case .answers(let finder): finder.position
        }
    }

    /// Decides by the first bytes of a text.
    ///
    /// An array, or an object with a member `results` that is an array, is the API's JSON; all else
    /// is taken as lines, so that a broken first line costs that line only.
    init(lookingAt start: UnsafeBufferPointer<UInt8>) {
        let mark = start.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var probe = AnswerFinder(position: mark)
        // In small pieces, for the first document decides and most are short.
        while probe.position < start.count, probe.documents == 0, !probe.hasResults {
            let piece = start[probe.position..<min(probe.position + 4_096, start.count)]
            _ = probe.scan(UnsafeBufferPointer(rebasing: piece)) { _ in true }
        }
        self =
            probe.resultsDocument == 0
            ? .answers(AnswerFinder(position: mark)) : .lines(LineFinder(position: mark))
    }

    /// Looks at the next bytes, which start at `position`.
    ///
    /// - Parameter found: gets each record's place in the text; its `false` stops the scan there.
    /// - Returns: whether all bytes were looked at (`found` never said stop).
    mutating func scan(
        _ bytes: UnsafeBufferPointer<UInt8>, _ found: (Range<Int>) -> Bool
    ) -> Bool {
        switch self {
        case .lines(var finder):
            defer { self = .lines(finder) }
            return finder.scan(bytes, found)
        case .answers(var finder):
            defer { self = .answers(finder) }
            return finder.scan(bytes, found)
        }
    }

    /// The text ends here; a record that it cuts short counts too.
    mutating func finish() -> Range<Int>? {
        switch self {
        case .lines(var finder):
            defer { self = .lines(finder) }
            return finder.finish()
        case .answers(var finder):
            defer { self = .answers(finder) }
            return finder.finish()
        }
    }
}

/// Lines that hold more than blanks.
struct LineFinder {
    private(set) var position: Int
    private var start: Int
    /// One past the last byte of the line so far that is no blank; `start` when there is none.
    private var end: Int

    init(position: Int) {
        self.position = position
        start = position
        end = position
    }

    mutating func scan(_ bytes: UnsafeBufferPointer<UInt8>, _ found: (Range<Int>) -> Bool) -> Bool {
        let base = position
        for (index, byte) in bytes.enumerated() {
            if byte == 0x0A {
                let line = start..<end
                start = base + index + 1
                end = start
                guard !line.isEmpty else { continue }
                position = start
                if !found(line) { return false }
            } else if byte != 0x20, byte != 0x0D, byte != 0x09 {
                end = base + index + 1
            }
        }
        position = base + bytes.count
        return true
    }

    mutating func finish() -> Range<Int>? {
        let line = start..<end
        start = position
        end = position
        return line.isEmpty ? nil : line
    }
}
