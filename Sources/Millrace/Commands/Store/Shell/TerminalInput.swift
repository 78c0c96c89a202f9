// A terminal in raw mode: keys in, the edited line out.

import Foundation
import MillraceBase

/// Reads lines from a terminal with editing, history and completion, on a thread that may block.
final class TerminalInput: Sendable {
    private let thread = SerialThread("cql.terminal")
    private let keys = TerminalKeys()

    /// - Returns: `nil` at the end of input (Ctrl-D).
    /// - Throws: `Interrupted` for Ctrl-C.
    func line(prompt: String, editor: LineEditor) async throws -> String? {
        try await thread.run { [keys] in try keys.line(prompt: prompt, editor: editor) }
    }

    /// One key, for "more?".
    func key() async throws -> EditKey? { try await thread.run { [keys] in try keys.key() } }

    /// Ctrl-C: what was typed is thrown away.
    struct Interrupted: Error {}
}

/// The blocking half.
private final class TerminalKeys: @unchecked Sendable {
    // Only `TerminalInput` has it, and calls it on its one thread, one call after the other.
    typealias Interrupted = TerminalInput.Interrupted

    private var saved = termios()
    private var pending: [UInt8] = []
    /// Rows that the last drawing took above the cursor's.
    private var rowsAbove = 0

    /// - Returns: `nil` at the end of input (Ctrl-D).
    func line(prompt: String, editor: LineEditor) throws -> String? {
        try begin()
        defer { restore() }
        var editor = editor
        rowsAbove = 0
        draw(prompt, editor)
        while let key = nextKey() {
            switch editor.press(key) {
            case .goesOn: draw(prompt, editor)
            case .done(let line):
                _ = editor.press(.end)
                draw(prompt, editor)
                Terminal.write("\r\n")
                return line
            case .cancelled:
                Terminal.write("^C\r\n")
                throw Interrupted()
            case .endOfInput:
                Terminal.write("\r\n")
                return nil
            case .choices(let words):
                Terminal.write("\r\n" + columns(words) + "\r\n")
                rowsAbove = 0
                draw(prompt, editor)
            case .clearScreen:
                Terminal.write("\u{1B}[H\u{1B}[2J")
                rowsAbove = 0
                draw(prompt, editor)
            }
        }
        return nil
    }

    /// One key, for "more?". - Returns: `nil` at the end of input.
    func key() throws -> EditKey? {
        try begin()
        defer { restore() }
        return nextKey()
    }

    // MARK: Drawing

    private var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    private func draw(_ prompt: String, _ editor: LineEditor) {
        let prompt = editor.searched.map { "(search)'\($0)': " } ?? prompt
        let width = width
        var out = rowsAbove > 0 ? "\u{1B}[\(rowsAbove)A" : ""
        out += "\r\u{1B}[J" + prompt + editor.line
        let whole = prompt.shownWidth + editor.line.shownWidth
        // A line that ends at the edge leaves the cursor there until more comes.
        if whole > 0, whole % width == 0 { out += "\r\n" }
        let at = prompt.shownWidth + String(editor.text[..<editor.cursor]).shownWidth
        let up = whole / width - at / width
        if up > 0 { out += "\u{1B}[\(up)A" }
        out += "\r" + (at % width > 0 ? "\u{1B}[\(at % width)C" : "")
        rowsAbove = at / width
        Terminal.write(out)
    }

    private func columns(_ words: [String]) -> String {
        let cell = (words.map(\.shownWidth).max() ?? 0) + 2
        let perLine = max(1, width / cell)
        return stride(from: 0, to: words.count, by: perLine).map { start in
            words[start..<min(start + perLine, words.count)]
                .map { $0.padded(toShown: cell, right: false) }.joined()
        }.joined(separator: "\r\n")
    }

    // MARK: Keys

    private func byte() -> UInt8? {
        if !pending.isEmpty { return pending.removeFirst() }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            pending = Array(buffer[1..<count])
            return buffer[0]
        }
    }

    private func nextKey() -> EditKey? {
        while let first = byte() {
            switch first {
            case 0x01: return .home
            case 0x02: return .left
            case 0x03: return .cancel
            case 0x04: return .endOfInput
            case 0x05: return .end
            case 0x06: return .right
            case 0x08, 0x7F: return .backspace
            case 0x09: return .tab
            case 0x0A, 0x0D: return .enter
            case 0x0B: return .killToEnd
            case 0x0C: return .clearScreen
            case 0x0E: return .down
            case 0x10: return .up
            case 0x12: return .search
            case 0x15: return .killToStart
            case 0x17: return .killWord
            case 0x1B: if let key = escape() { return key }
            case 0x20...0x7E: return .character(Character(UnicodeScalar(first)))
            case 0x80...: if let character = wide(first) { return .character(character) }
            default: break
            }
        }
        return nil
    }

    private func wide(_ first: UInt8) -> Character? {
        let more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1
        var bytes = [first]
        for _ in 0..<more { if let next = byte() { bytes.append(next) } }
        return String(decoding: bytes, as: UTF8.self).first
    }

    /// The sequences of xterm and its kin.
    private func escape() -> EditKey? {
        guard let next = byte() else { return nil }
        if next == UInt8(ascii: "b") { return .wordLeft }
        if next == UInt8(ascii: "f") { return .wordRight }
        if next == 0x7F { return .killWord }
        guard next == UInt8(ascii: "[") || next == UInt8(ascii: "O") else { return nil }
        var parameters = ""
        while let byte = byte() {
            if (0x30...0x3B).contains(byte) {
                parameters.unicodeScalars.append(UnicodeScalar(byte))
                continue
            }
            let isWord = parameters.hasSuffix(";5") || parameters.hasSuffix(";3")
            switch (UnicodeScalar(byte), parameters) {
            case ("A", _): return .up
            case ("B", _): return .down
            case ("C", _): return isWord ? .wordRight : .right
            case ("D", _): return isWord ? .wordLeft : .left
            case ("H", _), ("~", "1"), ("~", "7"): return .home
            case ("F", _), ("~", "4"), ("~", "8"): return .end
            case ("~", "3"): return .delete
            default: return nil
            }
        }
        return nil
    }

    // MARK: The terminal's mode

    private func begin() throws {
        guard tcgetattr(STDIN_FILENO, &saved) == 0 else { return }
        var raw = saved
        cfmakeraw(&raw)
        raw.c_oflag |= tcflag_t(OPOST)
        // TCSADRAIN: what was typed ahead is kept.
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
    }

    private func restore() { tcsetattr(STDIN_FILENO, TCSADRAIN, &saved) }
}
