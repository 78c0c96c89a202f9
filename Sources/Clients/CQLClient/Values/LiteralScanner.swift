// Collections, tuples and user types from the text of their literals.

import CQLProtocol

/// Reads one literal by its type: `['a', 'b']`, `{1: (2, null)}`, `{street: 'x'}`.
struct LiteralScanner {
    private let characters: [Character]
    private let whole: CQLType
    private var at = 0

    init(_ text: String, _ type: CQLType) {
        characters = Array(text)
        whole = type
    }

    func expectEnd() throws(CQLEncodingError) {
        guard characters[at...].allSatisfy(\.isWhitespace) else {
            throw CQLEncodingError(whole, "is followed by more text")
        }
    }

    mutating func value(_ type: CQLType, depth: Int) throws(CQLEncodingError) -> CQLValue {
        guard depth < CQLLimits.typeDepthMax else {
            throw CQLEncodingError(whole, "nests too deep")
        }
        let type = type.withoutOuterFrozen
        skipBlanks()
        if takeWord("null") { return .null }
        switch type {
        case .list(let element): return .list(try items("[", "]", element, depth))
        case .vector(let element, let dimensions):
            let values = try items("[", "]", element, depth)
            guard values.count == dimensions else {
                throw CQLEncodingError(type, "has \(values.count) elements")
            }
            return .vector(values)
        case .set(let element): return .set(try items("{", "}", element, depth))
        case .map(let key, let element): return try map(key, element, depth)
        case .tuple(let parts): return try tuple(parts, depth)
        case .udt(let user): return try userType(user, depth)
        default: return try CQLValueText.scalar(try word(), as: type)
        }
    }

    private mutating func items(
        _ open: Character, _ close: Character, _ element: CQLType, _ depth: Int
    ) throws(CQLEncodingError) -> [CQLValue] {
        try expect(open)
        var values: [CQLValue] = []
        while !take(close) {
            if !values.isEmpty { try expect(",") }
            values.append(try value(element, depth: depth + 1))
        }
        return values
    }

    private mutating func map(
        _ key: CQLType, _ element: CQLType, _ depth: Int
    ) throws(CQLEncodingError) -> CQLValue {
        try expect("{")
        var entries: [CQLValue.MapEntry] = []
        while !take("}") {
            if !entries.isEmpty { try expect(",") }
            let name = try value(key, depth: depth + 1)
            try expect(":")
            entries.append(.init(name, try value(element, depth: depth + 1)))
        }
        return .map(entries)
    }

    private mutating func tuple(
        _ parts: [CQLType], _ depth: Int
    ) throws(CQLEncodingError) -> CQLValue {
        try expect("(")
        var values: [CQLValue] = []
        while !take(")") {
            guard values.count < parts.count else {
                throw CQLEncodingError(whole, "has too many parts")
            }
            if !values.isEmpty { try expect(",") }
            values.append(try value(parts[values.count], depth: depth + 1))
        }
        return .tuple(values)
    }

    private mutating func userType(
        _ user: CQLUserType, _ depth: Int
    ) throws(CQLEncodingError) -> CQLValue {
        try expect("{")
        var values = Array(repeating: CQLValue.null, count: user.fields.count)
        var isFirst = true
        while !take("}") {
            if !isFirst { try expect(",") }
            isFirst = false
            skipBlanks()
            let name = peek == "\"" ? try quoted("\"") : try word()
            guard let index = user.fields.firstIndex(where: { $0.name == name }) else {
                throw CQLEncodingError(whole, "has a field that its type has not")
            }
            try expect(":")
            values[index] = try value(user.fields[index].type, depth: depth + 1)
        }
        return .udt(values)
    }

    // MARK: Characters

    private var peek: Character? { at < characters.count ? characters[at] : nil }

    private mutating func skipBlanks() {
        while let next = peek, next.isWhitespace { at += 1 }
    }

    private mutating func take(_ character: Character) -> Bool {
        skipBlanks()
        guard peek == character else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ character: Character) throws(CQLEncodingError) {
        guard take(character) else {
            throw CQLEncodingError(whole, "lacks a \"\(character)\" at character \(at + 1)")
        }
    }

    private mutating func takeWord(_ word: String) -> Bool {
        let end = at + word.count
        guard end <= characters.count, String(characters[at..<end]).lowercased() == word,
            end == characters.count || ",:]})".contains(characters[end])
                || characters[end].isWhitespace
        else { return false }
        at = end
        return true
    }

    /// A text in quotes, or all up to the next delimiter.
    private mutating func word() throws(CQLEncodingError) -> String {
        skipBlanks()
        if peek == "'" { return try quoted("'") }
        let start = at
        // A colon ends a map's key, and stands inside of no value without quotes.
        while let next = peek, !",:]})".contains(next), !next.isWhitespace { at += 1 }
        guard at > start else { throw CQLEncodingError(whole, "lacks a value at \(at + 1)") }
        return String(characters[start..<at])
    }

    private mutating func quoted(_ quote: Character) throws(CQLEncodingError) -> String {
        at += 1
        var text = ""
        while let next = peek {
            at += 1
            guard next == quote else {
                text.append(next)
                continue
            }
            guard peek == quote else { return text }
            text.append(quote)
            at += 1
        }
        throw CQLEncodingError(whole, "has a quote that does not end")
    }
}
