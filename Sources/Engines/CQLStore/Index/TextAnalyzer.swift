// How a storage-attached index changes text before it compares it.

import CQLProtocol
import Foundation

/// Options `case_sensitive`, `normalize` and `ascii`: one text in, one text out.
/// Source: Cassandra's `NonTokenizingAnalyzer`, which lowers case, then normalises, then folds.
struct TextAnalyzer: Sendable, Equatable {
    var caseSensitive = true
    /// To Unicode's canonical composition (NFC).
    var normalize = false
    /// Letters with accents to those without.
    var ascii = false

    static let optionNames: Set<String> = ["case_sensitive", "normalize", "ascii"]

    /// - Returns: `nil` when the options leave text as it is.
    init?(_ options: [CQLOptionEntry]) throws(StatementError) {
        for option in options where Self.optionNames.contains(option.key) {
            let value = try Self.boolean(option)
            switch option.key {
            case "case_sensitive": caseSensitive = value
            case "normalize": normalize = value
            default: ascii = value
            }
        }
        if caseSensitive, !normalize, !ascii { return nil }
    }

    private static func boolean(_ option: CQLOptionEntry) throws(StatementError) -> Bool {
        guard !option.value.isEmpty else {
            throw .invalid("Empty value for boolean option '\(option.key)'")
        }
        switch option.value.lowercased() {
        case "true": return true
        case "false": return false
        default:
            throw .invalid("Illegal value for boolean option '\(option.key)': \(option.value)")
        }
    }

    /// Bytes that are no UTF-8 stay as they are; the type's check has refused them before.
    func analyzed(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        guard var text = String(validating: bytes, as: UTF8.self) else { return Array(bytes) }
        if !caseSensitive { text = text.lowercased() }
        if normalize { text = text.precomposedStringWithCanonicalMapping }
        if ascii { text = Self.folded(text) }
        return Array(text.utf8)
    }

    private static func folded(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        var out = ""
        for character in text.folding(
            options: [.diacriticInsensitive, .widthInsensitive], locale: nil)
        {
            if let simple = letters[character] { out += simple } else { out.append(character) }
        }
        return out
    }

    /// Letters that are no others with an accent, as ASCII writes them.
    private static let letters: [Character: String] = [
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O",
        "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH",
        "ħ": "h", "Ħ": "H", "ı": "i", "ŋ": "n", "Ŋ": "N", "ŧ": "t", "Ŧ": "T", "ĳ": "ij",
        "Ĳ": "IJ", "‘": "'", "’": "'", "“": "\"", "”": "\"", "–": "-", "—": "-",
    ]
}
