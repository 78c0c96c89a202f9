// How the subject of a client's certificate becomes a user's name.
// Source: Kafka's `ssl.principal.mapping.rules`; org.apache.kafka.common.security.ssl.SslPrincipalMapper

import Foundation

/// Rules tried in order; the first that fits gives the name.
///
///     DEFAULT                                   the whole subject
///     RULE:^CN=(.*?),OU=Users.*$/$1/            what the pattern caught
///     RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/L  the same in lower case (U: upper case)
struct PrincipalMapping: Sendable, Equatable {
    static let standard = "DEFAULT"

    private enum Letters: String {
        case lower = "L"
        case upper = "U"
        case asTheyAre = ""
    }

    private enum Rule: Equatable {
        case whole
        case pattern(String, replacement: String, letters: Letters)
    }

    private let rules: [Rule]

    init(_ text: String) throws(BrokerError) {
        var rules: [Rule] = []
        var rest = text.drop { $0 == " " || $0 == "," }
        while !rest.isEmpty {
            if rest.hasPrefix(Self.standard) {
                rules.append(.whole)
                rest = rest.dropFirst(Self.standard.count)
            } else {
                guard rest.hasPrefix("RULE:") else { throw Self.wrong("RULE: or DEFAULT") }
                rest = rest.dropFirst(5)
                rules.append(try Self.rule(&rest))
            }
            rest = rest.drop { $0 == " " }
            guard rest.isEmpty || rest.hasPrefix(",") else { throw Self.wrong("a comma") }
            rest = rest.drop { $0 == " " || $0 == "," }
        }
        guard !rules.isEmpty else { throw Self.wrong("RULE: or DEFAULT") }
        self.rules = rules
    }

    private static func wrong(_ expected: String) -> BrokerError {
        .security("ssl.principal.mapping.rules", because: "\(expected) is expected in it")
    }

    /// Reads `pattern/replacement/` and an optional letter; `\/` stands for a slash.
    private static func rule(_ rest: inout Substring) throws(BrokerError) -> Rule {
        guard let pattern = part(&rest), let replacement = part(&rest) else {
            throw wrong("pattern/replacement/ behind RULE:")
        }
        let letters = rest.first.flatMap { Letters(rawValue: String($0)) }
        if letters != nil { rest = rest.dropFirst() }
        guard (try? NSRegularExpression(pattern: pattern)) != nil else {
            throw .security(
                "ssl.principal.mapping.rules", because: "\"\(pattern)\" is no regular expression")
        }
        return .pattern(pattern, replacement: replacement, letters: letters ?? .asTheyAre)
    }

    private static func part(_ rest: inout Substring) -> String? {
        var text = ""
        while let character = rest.popFirst() {
            if character == "/" { return text }
            text.append(character)
            if character == "\\", let escaped = rest.popFirst() { text.append(escaped) }
        }
        return nil
    }

    /// - Throws: when no rule fits: such a client is refused, as with Kafka.
    func name(for subject: String) throws(BrokerError) -> String {
        for rule in rules {
            switch rule {
            case .whole: return subject
            case .pattern(let pattern, let replacement, let letters):
                // Whether it is an expression was tried when the rules were read.
                guard let expression = try? NSRegularExpression(pattern: "^(?:\(pattern))$") else {
                    continue
                }
                let all = NSRange(subject.startIndex..., in: subject)
                guard expression.firstMatch(in: subject, range: all) != nil else { continue }
                let name = expression.stringByReplacingMatches(
                    in: subject, range: all, withTemplate: replacement)
                switch letters {
                case .lower: return name.lowercased()
                case .upper: return name.uppercased()
                case .asTheyAre: return name
                }
            }
        }
        throw .security(
            "a client's certificate", because: "no rule of ssl.principal.mapping.rules fits it")
    }
}
