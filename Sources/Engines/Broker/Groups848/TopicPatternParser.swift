// Reads RE2's syntax: what it has not, look-around and back-references, is an error here too.
// Source: https://github.com/google/re2/wiki/Syntax

struct TopicPatternParser {
    private typealias Node = TopicPattern.Node

    private struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotMatchesNewline = false
    }

    private let text: [Unicode.Scalar]
    private var position = 0
    private var flags = Flags()
    private var depth = 0

    init(_ text: String) { self.text = Array(text.unicodeScalars) }

    mutating func parse() throws(TopicPatternError) -> TopicPattern.Node {
        let node = try choice()
        guard position == text.count else { throw TopicPatternError("unexpected )") }
        return node
    }

    private var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

    private func peek(_ ahead: Int) -> Unicode.Scalar? {
        position + ahead < text.count ? text[position + ahead] : nil
    }

    private mutating func take(_ expected: String) -> Bool {
        let scalars = Array(expected.unicodeScalars)
        guard text[position...].starts(with: scalars) else { return false }
        position += scalars.count
        return true
    }

    // MARK: Structure

    private mutating func choice() throws(TopicPatternError) -> Node {
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(TopicPatternError) -> Node {
        var nodes: [Node] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            if take("\\Q") {
                nodes += quoted()
                continue
            }
            let node = try atom()
            nodes.append(try repeated(node))
        }
        return nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    private mutating func quoted() -> [Node] {
        var nodes: [Node] = []
        while let scalar = next, !take("\\E") {
            nodes.append(literal(scalar))
            position += 1
        }
        return nodes
    }

    private mutating func repeated(_ node: Node) throws(TopicPatternError) -> Node {
        guard let (min, max) = try repetition() else { return node }
        _ = take("?")  // Lazy or not, the same names match.
        let after = position
        if try repetition() != nil {
            let written = String(String.UnicodeScalarView(text[(after - 1)..<position]))
            throw TopicPatternError("invalid nested repetition operator: `\(written)`")
        }
        return .repetition(node, min: min, max: max)
    }

    private mutating func repetition() throws(TopicPatternError) -> (min: Int, max: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = position
        guard take("{"), let min = number() else {
            position = start
            return nil
        }
        var max: Int? = min
        if take(",") { max = next == "}" ? nil : number() ?? -1 }
        guard max != -1, take("}") else {
            position = start
            return nil
        }
        guard min <= Limits.patternRepeatMax, (max ?? min) <= Limits.patternRepeatMax,
            (max ?? min) >= min
        else { throw TopicPatternError("invalid repeat count") }
        return (min, max)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = next, let digit = Int(String(scalar)), scalar.isASCII {
            value = Swift.min((value ?? 0) * 10 + digit, Limits.patternRepeatMax + 1)
            position += 1
        }
        return value
    }

    // MARK: Atoms

    private mutating func atom() throws(TopicPatternError) -> Node {
        guard let scalar = next else { return .empty }
        switch scalar {
        case "(": return try group()
        case "[": return try bracket()
        case "\\": return try escape()
        case "*", "+", "?":
            throw TopicPatternError("missing argument to repetition operator: `\(scalar)`")
        default: break
        }
        position += 1
        switch scalar {
        case ".": return .scalar(flags.dotMatchesNewline ? .any : .anyButNewline)
        case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        default: return literal(scalar)
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> Node { set(ScalarSet(scalar)) }

    private func set(_ set: ScalarSet) -> Node {
        .scalar(flags.ignoresCase ? set.foldingCase : set)
    }

    private mutating func group() throws(TopicPatternError) -> Node {
        position += 1
        depth += 1
        defer { depth -= 1 }
        guard depth <= Limits.patternDepthMax else {
            throw TopicPatternError("expression nests too deeply")
        }
        let outer = flags
        if take("?") {
            let isNamed = take("P<") || next == "<" && peek(1) != "=" && peek(1) != "!" && take("<")
            if isNamed {
                try groupName()
            } else if try readFlags() {
                return .empty  // Flags for the rest of the group around.
            }
        }
        let node = try choice()
        guard take(")") else { throw TopicPatternError("missing closing )") }
        flags = outer
        return node
    }

    private mutating func groupName() throws(TopicPatternError) {
        let start = position
        while let scalar = next, ScalarSet.word.contains(scalar) { position += 1 }
        guard position > start, take(">") else {
            throw TopicPatternError("invalid named capture")
        }
    }

    /// - Returns: whether the group was nothing but flags.
    private mutating func readFlags() throws(TopicPatternError) -> Bool {
        var value = true
        var changed = flags
        while let scalar = next {
            position += 1
            switch scalar {
            case "i": changed.ignoresCase = value
            case "m": changed.isMultiline = value
            case "s": changed.dotMatchesNewline = value
            case "U": break  // Which way is tried first makes no difference here.
            case "-" where value: value = false
            case ":", ")":
                flags = changed
                return scalar == ")"
            default: throw TopicPatternError("invalid or unsupported Perl syntax")
            }
        }
        throw TopicPatternError("missing closing )")
    }

    // MARK: Escapes

    private mutating func escape() throws(TopicPatternError) -> Node {
        if let group = try classEscape() { return set(group) }
        let assertions: [(String, TopicPattern.Assertion)] = [
            ("\\A", .textStart), ("\\z", .textEnd), ("\\b", .wordEdge), ("\\B", .noWordEdge),
        ]
        for (written, assertion) in assertions where take(written) { return .assertion(assertion) }
        if take("\\C") { return .scalar(.any) }
        return literal(try escapedScalar())
    }

    /// Reads `\d` and its like, and `\p{…}`; `nil` when no such thing stands here.
    private mutating func classEscape() throws(TopicPatternError) -> ScalarSet? {
        let classes: [(String, ScalarSet)] = [
            ("\\d", .digit), ("\\D", .digit.negated), ("\\w", .word), ("\\W", .word.negated),
            ("\\s", .space), ("\\S", .space.negated),
        ]
        for (written, set) in classes where take(written) { return set }
        let isNegated = next == "\\" && peek(1) == "P"
        guard take("\\p") || take("\\P") else { return nil }
        var name = ""
        if take("{") {
            while let scalar = next, scalar != "}" {
                name.unicodeScalars.append(scalar)
                position += 1
            }
            guard take("}") else { throw TopicPatternError("invalid character class range") }
        } else if let scalar = next {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        let flips = name.hasPrefix("^")
        guard let set = Self.unicodeClass(flips ? String(name.dropFirst()) : name) else {
            throw TopicPatternError("invalid character class range: `\\p{\(name)}`")
        }
        return isNegated != flips ? set.negated : set
    }

    private mutating func escapedScalar() throws(TopicPatternError) -> Unicode.Scalar {
        position += 1
        guard let scalar = next else {
            throw TopicPatternError("trailing backslash at end of expression")
        }
        position += 1
        let controls: [Unicode.Scalar: Unicode.Scalar] = [
            "a": "\u{7}", "f": "\u{c}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{b}",
        ]
        if let control = controls[scalar] { return control }
        if scalar == "x" { return try hexadecimal() }
        if scalar == "0" { return octal() }
        guard !ScalarSet.word.contains(scalar) || scalar == "_" else {
            throw TopicPatternError("invalid escape sequence: `\\\(scalar)`")
        }
        return scalar
    }

    private mutating func hexadecimal() throws(TopicPatternError) -> Unicode.Scalar {
        var digits = ""
        let isLong = take("{")
        while let scalar = next, scalar.properties.isASCIIHexDigit, digits.count < (isLong ? 6 : 2)
        {
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        guard isLong ? take("}") : digits.count == 2, let value = UInt32(digits, radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw TopicPatternError("invalid escape sequence: `\\x`") }
        return scalar
    }

    private mutating func octal() -> Unicode.Scalar {
        var value: UInt8 = 0
        for _ in 0..<2 {
            guard let scalar = next, (48...55).contains(scalar.value) else { break }
            value = value * 8 + UInt8(scalar.value - 48)
            position += 1
        }
        return Unicode.Scalar(value)
    }

    // MARK: Brackets

    private mutating func bracket() throws(TopicPatternError) -> Node {
        position += 1
        let isNegated = take("^")
        var all = ScalarSet(ranges: [])
        var isFirst = true
        while isFirst || next != "]" {
            guard next != nil else { throw TopicPatternError("missing closing ]") }
            all.formUnion(try bracketItem())
            isFirst = false
        }
        position += 1
        if flags.ignoresCase { all = all.foldingCase }
        return .scalar(isNegated ? all.negated : all)
    }

    private mutating func bracketItem() throws(TopicPatternError) -> ScalarSet {
        if next == "[", peek(1) == ":", let named = try namedClass() { return named }
        if let group = try classEscape() { return group }
        let low = try bracketScalar()
        guard next == "-", let after = peek(1), after != "]" else { return ScalarSet(low) }
        position += 1
        let high = try bracketScalar()
        guard low.value <= high.value else {
            throw TopicPatternError("invalid character class range: `\(low)-\(high)`")
        }
        return ScalarSet(ranges: [low.value...high.value])
    }

    private mutating func bracketScalar() throws(TopicPatternError) -> Unicode.Scalar {
        guard let scalar = next else { throw TopicPatternError("missing closing ]") }
        if scalar == "\\" { return try escapedScalar() }
        position += 1
        return scalar
    }

    /// Reads `[:alpha:]` and its like; `nil` when it is no such thing.
    private mutating func namedClass() throws(TopicPatternError) -> ScalarSet? {
        var end = position + 2
        while end < text.count, text[end] != ":", text[end] != "]" { end += 1 }
        guard end + 1 < text.count, text[end] == ":", text[end + 1] == "]" else { return nil }
        var name = String(String.UnicodeScalarView(text[(position + 2)..<end]))
        let isNegated = name.hasPrefix("^")
        if isNegated { name.removeFirst() }
        guard let set = Self.asciiClasses[name] else {
            throw TopicPatternError("invalid character class range: `[:\(name):]`")
        }
        position = end + 2
        return isNegated ? set.negated : set
    }
}

extension TopicPatternParser {
    private static let asciiClasses: [String: ScalarSet] = [
        "alnum": ScalarSet(ranges: [48...57, 65...90, 97...122]),
        "alpha": ScalarSet(ranges: [65...90, 97...122]), "ascii": ScalarSet(ranges: [0...127]),
        "blank": ScalarSet(ranges: [9...9, 32...32]),
        "cntrl": ScalarSet(ranges: [0...31, 127...127]),
        "digit": .digit, "graph": ScalarSet(ranges: [33...126]),
        "lower": ScalarSet(ranges: [97...122]), "print": ScalarSet(ranges: [32...126]),
        "punct": ScalarSet(ranges: [33...47, 58...64, 91...96, 123...126]),
        "space": ScalarSet(ranges: [9...13, 32...32]), "upper": ScalarSet(ranges: [65...90]),
        "word": .word, "xdigit": ScalarSet(ranges: [48...57, 65...70, 97...102]),
    ]

    /// The part of a Unicode class that topic names, which are ASCII, can have anything of.
    ///
    /// - Returns: `nil` for a class that there is not.
    private static func unicodeClass(_ name: String) -> ScalarSet? {
        switch name {
        case "Any": .any
        case "L", "Latin": ScalarSet(ranges: [65...90, 97...122])
        case "Lu": ScalarSet(ranges: [65...90])
        case "Ll": ScalarSet(ranges: [97...122])
        case "N", "Nd": .digit
        case "P":
            ScalarSet(ranges: [
                33...35, 37...42, 44...47, 58...59, 63...64, 91...93, 95...95, 123...123, 125...125,
            ])
        case "Pd": ScalarSet(ranges: [45...45])
        case "Pc": ScalarSet(ranges: [95...95])
        case "Po":
            ScalarSet(ranges: [
                33...35, 37...39, 42...42, 44...44, 46...47, 58...59, 63...64, 92...92,
            ])
        case "Common":
            ScalarSet(ranges: [0...64, 91...96, 123...127])
        case "C", "Cc", "Cf", "Co", "Cs", "Lm", "Lo", "Lt", "M", "Mc", "Me", "Mn", "Nl", "No", "Pe",
            "Pf", "Pi", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs", "Arabic",
            "Armenian", "Bengali", "Cyrillic", "Devanagari", "Georgian", "Greek", "Han", "Hangul",
            "Hebrew", "Hiragana", "Katakana", "Thai":
            ScalarSet(ranges: [])
        default: nil
        }
    }
}
