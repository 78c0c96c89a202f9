// Where one statement ends and the next begins, in text that comes line by line.

/// Cuts CQL into statements at semicolons that stand outside of quotes, comments, `$$ … $$` and
/// batches. A shell's own commands end at the end of their line as well.
struct StatementSplitter: Sendable {
    struct Statement: Equatable, Sendable {
        var text: String
        /// Where it begins, from 1.
        var line: Int
    }

    private enum Place { case code, single, double, dollars, comment, blockComment }

    private var place = Place.code
    private var text = ""
    private var startLine = 1
    private(set) var line = 0
    /// Whether a line that is one of the shell's commands may end without a semicolon.
    private let isCommand: @Sendable (String) -> Bool

    init(isCommand: @escaping @Sendable (String) -> Bool = { _ in false }) {
        self.isCommand = isCommand
    }

    /// Whether a statement has begun and not ended.
    var isInside: Bool { place != .code || !text.allSatisfy(\.isWhitespace) }

    /// What to show before the next line: whether a text or comment is still open.
    var isInsideQuotes: Bool { place != .code }

    mutating func add(_ newLine: String) -> [Statement] {
        line += 1
        if !isInside { text = "" }
        var found: [Statement] = []
        let characters = Array(newLine) + ["\n"]
        var index = 0
        while index < characters.count {
            let next = characters[index]
            let after = index + 1 < characters.count ? characters[index + 1] : "\n"
            if text.allSatisfy(\.isWhitespace), place == .code, !next.isWhitespace {
                text = ""
                startLine = line
            }
            if place == .code, next == ";" {
                if isWhole {
                    if !text.trimmed.isEmpty {
                        found.append(Statement(text: text.trimmed, line: startLine))
                    }
                    text = ""
                } else {
                    text.append(next)
                }
            } else {
                let width = step(next, after)
                if place != .comment, place != .blockComment || width == 0 {
                    text.append(contentsOf: characters[index..<index + max(1, width)])
                }
                index += max(1, width) - 1
                finishComment(next, after, &index)
            }
            index += 1
        }
        // The rest of a line that is one of the shell's commands is whole, wherever it begins.
        if place == .code, startLine == line, isCommand(text.trimmed) {
            found.append(Statement(text: text.trimmed, line: line))
            text = ""
        }
        return found
    }

    /// What is left when there are no more lines: a last statement without its semicolon.
    mutating func finish() -> Statement? {
        defer {
            text = ""
            place = .code
        }
        let rest = text.trimmed
        return rest.isEmpty ? nil : Statement(text: rest, line: startLine)
    }

    mutating func cancel() {
        text = ""
        place = .code
    }

    /// Moves between code, quotes and comments.
    ///
    /// - Returns: how many characters belong together.
    private mutating func step(_ next: Character, _ after: Character) -> Int {
        switch place {
        case .code:
            switch (next, after) {
            case ("'", _): place = .single
            case ("\"", _): place = .double
            case ("$", "$"):
                place = .dollars
                return 2
            case ("-", "-"), ("/", "/"): place = .comment
            case ("/", "*"): place = .blockComment
            default: break
            }
        case .single: if next == "'" { place = .code }
        case .double: if next == "\"" { place = .code }
        case .dollars:
            if next == "$", after == "$" {
                place = .code
                return 2
            }
        case .comment, .blockComment: break
        }
        return 1
    }

    private mutating func finishComment(
        _ next: Character, _ after: Character, _ index: inout Int
    ) {
        if place == .comment, next == "\n" {
            place = .code
            text.append("\n")
        } else if place == .blockComment, next == "*", after == "/" {
            place = .code
            text.append(" ")
            index += 1
        }
    }

    /// A batch has semicolons inside and ends with APPLY BATCH.
    private var isWhole: Bool {
        let words = text.uppercased().split(whereSeparator: \.isWhitespace)
        guard words.first == "BEGIN" else { return true }
        return words.suffix(2) == ["APPLY", "BATCH"]
    }
}

extension String {
    var trimmed: String {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        let end = lastIndex { !$0.isWhitespace }.map { index(after: $0) } ?? startIndex
        return start < end ? String(self[start..<end]) : ""
    }

    var droppingSemicolon: String {
        var text = trimmed
        while text.hasSuffix(";") { text = String(text.dropLast()).trimmed }
        return text
    }
}
