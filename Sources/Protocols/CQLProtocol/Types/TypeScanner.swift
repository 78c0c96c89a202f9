// Walks the text of a type, of CQL or of Java.

/// The few steps that both notations share. Blanks between tokens are skipped.
struct TypeScanner {
    private let text: [Unicode.Scalar]
    private var position = 0

    init(_ text: [Unicode.Scalar]) { self.text = text }

    var isAtEnd: Bool {
        mutating get {
            skipBlanks()
            return position == text.count
        }
    }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard position < text.count, text[position] == scalar else { return false }
        position += 1
        return true
    }

    /// Letters, digits, `_`, `.`, `$` and `-`; empty when none stands here.
    mutating func word() -> String {
        skipBlanks()
        var out = String.UnicodeScalarView()
        while position < text.count {
            let scalar = text[position]
            guard
                scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_"
                    || scalar == "." || scalar == "$" || scalar == "-"
            else { break }
            out.append(scalar)
            position += 1
        }
        return String(out)
    }

    /// What stands between two `mark`s, a doubled mark inside being one; `nil` when none starts here.
    mutating func quoted(_ mark: Unicode.Scalar) throws(CQLTypeError) -> String? {
        guard take(mark) else { return nil }
        var out = String.UnicodeScalarView()
        while position < text.count {
            let scalar = text[position]
            position += 1
            guard scalar == mark else {
                out.append(scalar)
                continue
            }
            guard position < text.count, text[position] == mark else { return String(out) }
            position += 1
            out.append(mark)
        }
        throw CQLTypeError("a quotation mark is not closed")
    }

    private mutating func skipBlanks() {
        while position < text.count, text[position].properties.isWhitespace { position += 1 }
    }
}
