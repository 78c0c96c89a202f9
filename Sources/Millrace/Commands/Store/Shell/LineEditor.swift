// One line of input as it is edited: a value that keys change. No terminal in it.

/// What a key press means.
enum EditKey: Equatable {
    case character(Character)
    case enter, tab, backspace, delete, left, right, up, down, home, end
    case wordLeft, wordRight, killToEnd, killToStart, killWord, clearScreen, search
    /// Ctrl-C, Ctrl-D.
    case cancel, endOfInput
}

/// The text, the cursor and the place in the history.
struct LineEditor: Sendable {
    enum Outcome: Equatable {
        /// The line is to be drawn again.
        case goesOn
        case done(String)
        case cancelled
        case endOfInput
        /// More than one completion is possible.
        case choices([String])
        case clearScreen
    }

    private(set) var text: [Character] = []
    private(set) var cursor = 0
    /// What Ctrl-R looks for; `nil` outside of a search.
    private(set) var searched: String?
    private let history: [String]
    private var place: Int
    /// What was being typed before the history was walked.
    private var draft: [Character] = []
    /// Completions of the word before the cursor, and how long that word is.
    private let complete: @Sendable (_ before: String) -> (words: [String], length: Int)

    init(
        history: [String],
        complete: @escaping @Sendable (_ before: String) -> (words: [String], length: Int) = { _ in
            ([], 0)
        }
    ) {
        self.history = history
        place = history.count
        self.complete = complete
    }

    var line: String { String(text) }

    mutating func press(_ key: EditKey) -> Outcome {
        if searched != nil, let outcome = pressInSearch(key) { return outcome }
        switch key {
        case .character(let character):
            text.insert(character, at: cursor)
            cursor += 1
        case .enter: return .done(line)
        case .tab: return completeWord()
        case .backspace:
            guard cursor > 0 else { break }
            cursor -= 1
            text.remove(at: cursor)
        case .delete: if cursor < text.count { text.remove(at: cursor) }
        case .left: cursor = max(0, cursor - 1)
        case .right: cursor = min(text.count, cursor + 1)
        case .home: cursor = 0
        case .end: cursor = text.count
        case .wordLeft: cursor = wordStart
        case .wordRight:
            while cursor < text.count, !text[cursor].isLetter, !text[cursor].isNumber {
                cursor += 1
            }
            while cursor < text.count, text[cursor].isLetter || text[cursor].isNumber {
                cursor += 1
            }
        case .killToEnd: text.removeSubrange(cursor...)
        case .killToStart:
            text.removeSubrange(..<cursor)
            cursor = 0
        case .killWord:
            let start = wordStart
            text.removeSubrange(start..<cursor)
            cursor = start
        case .up: walk(to: place - 1)
        case .down: walk(to: place + 1)
        case .clearScreen: return .clearScreen
        case .search: searched = ""
        case .cancel: return .cancelled
        case .endOfInput:
            if text.isEmpty { return .endOfInput }
            return press(.delete)
        }
        return .goesOn
    }

    private var wordStart: Int {
        var start = cursor
        while start > 0, text[start - 1].isWhitespace { start -= 1 }
        while start > 0, !text[start - 1].isWhitespace { start -= 1 }
        return start
    }

    private mutating func walk(to new: Int) {
        guard (0...history.count).contains(new), new != place else { return }
        if place == history.count { draft = text }
        place = new
        text = new == history.count ? draft : Array(history[new])
        cursor = text.count
    }

    private mutating func completeWord() -> Outcome {
        let before = String(text[..<cursor])
        let (words, length) = complete(before)
        guard let first = words.first else { return .goesOn }
        var common = first
        for word in words.dropFirst() {
            common = common.commonPrefix(with: word, ignoringCase: true)
        }
        guard common.count > length || words.count == 1 else { return .choices(words) }
        text.replaceSubrange(cursor - length..<cursor, with: Array(common))
        cursor += common.count - length
        if words.count == 1, cursor == text.count, common.last?.isLetter == true {
            text.append(" ")
            cursor += 1
        }
        return .goesOn
    }

    /// - Returns: `nil` when the key ends the search and means what it always does.
    private mutating func pressInSearch(_ key: EditKey) -> Outcome? {
        switch key {
        case .character(let character):
            find((searched ?? "") + String(character), before: history.count)
            return .goesOn
        case .backspace:
            find(String((searched ?? "").dropLast()), before: history.count)
            return .goesOn
        case .search:
            find(searched ?? "", before: place)
            return .goesOn
        case .cancel:
            searched = nil
            text = []
            cursor = 0
            return .goesOn
        case .enter, .tab, .delete, .left, .right, .up, .down, .home, .end, .wordLeft,
            .wordRight, .killToEnd, .killToStart, .killWord, .clearScreen, .endOfInput:
            searched = nil
            return nil
        }
    }

    private mutating func find(_ part: String, before end: Int) {
        searched = part
        guard !part.isEmpty,
            let index = history[..<end].lastIndex(where: {
                $0.lowercased().contains(part.lowercased())
            })
        else { return }
        place = index
        text = Array(history[index])
        cursor = text.count
    }
}

extension String {
    fileprivate func commonPrefix(with other: String, ignoringCase: Bool) -> String {
        String(zip(self, other).prefix { $0.lowercased() == $1.lowercased() }.map(\.0))
    }
}
