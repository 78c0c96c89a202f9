// The words of CQL: what the lexer makes of a text.

/// A CQL text that cannot be read; its message names line and column as Cassandra's does.
package struct CQLSyntaxError: Error, Equatable, Sendable, CustomStringConvertible {
    /// From 1; 0 when the text ended too early, -1 when no place is told.
    package var line: Int
    /// From 0, in characters; -1 when the text ended too early.
    package var column: Int
    /// Half a sentence, as ANTLR words it: "no viable alternative at input 'x'".
    package var message: String

    package init(line: Int, column: Int, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }

    package var description: String {
        line < 0 ? message : "line \(line):\(column) \(message)"
    }

    /// What is wrong with a statement as a whole: it has no place.
    static func whole(_ message: String) -> CQLSyntaxError {
        CQLSyntaxError(line: -1, column: -1, message: message)
    }
}

extension CQLSyntaxError {
    /// Counts lines and characters up to a place. Only failures pay for it.
    init(at offset: Int, of bytes: [UInt8], _ message: String) {
        // What is missing at the end has no place in ANTLR's messages.
        guard offset < bytes.count || message.hasPrefix("mismatched character") else {
            self.init(line: 0, column: -1, message: message)
            return
        }
        var line = 1
        var column = 0
        for byte in bytes.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 0
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.init(line: line, column: column, message: message)
    }
}

package struct CQLToken: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// An unquoted name or keyword; `text` is as written, `folded` in lower case.
        case word
        /// A name in double quotes.
        case quotedName
        /// `""`: no table has such a column, but a statement on rows may name it.
        case emptyName
        case string
        case integer
        case float
        case uuid
        case hex
        case duration
        /// One of `( ) [ ] { } , ; : . ? = < > <= >= != + - * / %`
        case symbol
        case end
    }

    package var kind: Kind
    /// Without quotes, quotes inside undoubled.
    package var text: String
    /// The text in lower case for a word, else the text.
    package var folded: String
    /// Bytes since the start of the statement.
    package var offset: Int

    package var shown: String { kind == .end ? "<EOF>" : text }
}

enum CQLKeywords {
    /// Words that cannot be names unless quoted.
    static var reserved: Set<String> { CQLIdentifier.reserved }

    /// Words that are constants and never names.
    static let constants: Set<String> = ["true", "false"]
}
