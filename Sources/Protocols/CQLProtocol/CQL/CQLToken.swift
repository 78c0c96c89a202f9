// The words of CQL: what the lexer makes of a text.

/// A CQL text that cannot be read; its message names line and column as Cassandra's does.
package struct CQLSyntaxError: Error, Equatable, Sendable, CustomStringConvertible {
    /// From 1.
    package var line: Int
    /// From 0, in characters.
    package var column: Int
    /// Half a sentence, as ANTLR words it: "no viable alternative at input 'x'".
    package var message: String

    package init(line: Int, column: Int, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }

    package var description: String { "line \(line):\(column) \(message)" }
}

package struct CQLToken: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// An unquoted name or keyword; `text` is as written, `folded` in lower case.
        case word
        /// A name in double quotes.
        case quotedName
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
    package var line: Int
    package var column: Int

    package var shown: String { kind == .end ? "<EOF>" : text }
}

enum CQLKeywords {
    /// Words that cannot be names unless quoted.
    static var reserved: Set<String> { CQLIdentifier.reserved }
}
