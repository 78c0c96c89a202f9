// Expressions of RE2: what they match, what is none, and that none takes long.

import Testing

@testable import MillraceBroker

@Suite("Topic patterns")
struct Groups848PatternTests {
    @Test(arguments: [
        ("abc", "abc", true), ("abc", "abcd", false), ("abc.*", "abcd", true), ("", "", true),
        ("a|b", "b", true), ("(a|b)+", "abba", true), ("a{2,3}", "a", false),
        ("a{2,3}", "aaa", true),
        ("a{2,}", "aaaaa", true), ("a{,2}", "a{,2}", true), ("x*?y", "xxy", true),
        ("[a-c]+", "abc", true), ("[^a-c]+", "abc", false), ("[^a-c]+", "xyz", true),
        ("[]a]+", "]a", true), ("[a-]+", "a-a", true), ("[[:digit:]]+", "123", true),
        ("[[:^digit:]]+", "123", false), (#"\d+-\w+"#, "12-ab_1", true), (#"[\d.]+"#, "1.2", true),
        (#"\D+"#, "a1", false), (#"a\.b"#, "a.b", true), (#"a\.b"#, "axb", false),
        ("a.b", "axb", true), ("^abc$", "abc", true), (#"\Aabc\z"#, "abc", true),
        ("b^", "b", false), ("(?i)ABC", "abc", true), ("(?i:A)B", "aB", true),
        ("(?i:A)B", "ab", false),
        ("(?P<name>a)b", "ab", true), ("(?<name>a)b", "ab", true), ("(?:a)b", "ab", true),
        (#"\Qa.b\E.c"#, "a.bxc", true), (#"\Qa.b\E.c"#, "axbxc", false),
        (#"\x41\x{42}"#, "AB", true),
        (#"\pL+\p{Nd}"#, "abc1", true), (#"\PL"#, "a", false), (#"\p{^L}"#, "1", true),
        (#"\bab\b-c"#, "ab-c", true), (#"a\Bb"#, "ab", true), (#"\101"#, "A", false),
        ("(|a)b", "b", true), ("(a*)*", "aaa", true), ("topic-(?s).+", "topic-1", true),
        ("^(test|prod)-[0-9]{1,3}$", "prod-042", true),
    ])
    func matches(_ pattern: String, _ name: String, _ expected: Bool) {
        // A back-reference is the one of these that is no expression.
        guard let compiled = try? TopicPattern(pattern) else {
            #expect(pattern == #"\101"#)
            return
        }
        #expect(compiled.matches(name) == expected, "\(pattern) on \(name)")
    }

    @Test(arguments: [
        "(", ")", "a(b", "a)b", "[", "[a", "[b-a]", "*", "+a", "?", "a**", "a{2}{3}", "a{1001}",
        "a{3,2}",
        #"\"#, #"\1"#, #"\8"#, #"\y"#, "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(?P=x)", "(?P<>a)",
        "(?z)a",
        "[[:nothing:]]", #"\p{Nothing}"#, #"\x{110000}"#, "(?i", "(((a{100}){100}){100})",
        String(repeating: "(", count: 200) + String(repeating: ")", count: 200),
    ])
    func refuses(_ pattern: String) {
        #expect(throws: TopicPatternError.self) { try TopicPattern(pattern) }
    }

    /// Goal: what makes other engines walk for ever is nothing here.
    @Test func noPatternTakesLong() throws {
        let name = String(repeating: "a", count: 249)
        #expect(try !TopicPattern("(a*)*b").matches(name))
        #expect(try !TopicPattern("(a|aa)+b").matches(name))
        #expect(try TopicPattern("(a?){200}a{49}").matches(name))
    }

    /// Method: random bytes of the syntax. None may crash.
    @Test(arguments: UInt64(1)...50)
    func survivesNonsense(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let pieces = Array(#"ab.*+?|()[]{}^$\-,12:PpQEdDwWxsizU<>=!"#)
        for _ in 0..<200 {
            let count = Int.random(in: 0...14, using: &random)
            let text = String((0..<count).compactMap { _ in pieces.randomElement(using: &random) })
            _ = (try? TopicPattern(text))?.matches("ab-12")
        }
    }
}
