// What differs from country to country: how people there are called, and how their numbers look.

/// One of the API's nationalities, with small word lists of our own.
///
/// In patterns `#` is a digit and `@` a capital letter; all else stands for itself.
struct Nationality: Sendable {
    enum PostCode: Sendable {
        case number(ClosedRange<UInt32>)
        case pattern([UInt8])
    }

    /// Titles of men and women.
    struct Titles: Sendable {
        var men: [[UInt8]]
        var women: [[UInt8]]
    }

    /// Two letters, as the API writes them.
    let code: String
    let codeBytes: [UInt8]
    let country: [UInt8]
    let titles: Titles
    let men: [Word]
    let women: [Word]
    let lasts: [Word]
    let streets: [[UInt8]]
    let cities: [[UInt8]]
    let states: [[UInt8]]
    let postCode: PostCode
    let phone: [UInt8]
    let cell: [UInt8]
    /// Empty where people have none; `idPatterns` is empty then too.
    let idName: [UInt8]
    let idPatterns: [[UInt8]]

    init(
        _ code: String, _ country: String, _ names: NameGroup, streets: String, cities: String,
        states: String, postCode: PostCode, phone: String, cell: String, id: String = "",
        idPatterns: String = "", titles: Titles = .english
    ) {
        self.code = code
        codeBytes = Array(code.utf8)
        self.country = Array(country.utf8)
        self.titles = titles
        men = names.men
        women = names.women
        lasts = names.lasts
        self.streets = Self.list(streets)
        self.cities = Self.list(cities)
        self.states = Self.list(states)
        self.postCode = postCode
        self.phone = Array(phone.utf8)
        self.cell = Array(cell.utf8)
        idName = Array(id.utf8)
        self.idPatterns = idPatterns.isEmpty ? [] : Self.list(idPatterns)
    }

    private static func list(_ text: String) -> [[UInt8]] {
        text.split(separator: "|").map { Array($0.utf8) }
    }
}

extension Nationality.Titles {
    static let english = Self(
        men: [Array("Mr".utf8)], women: ["Miss", "Ms", "Mrs"].map { Array($0.utf8) })
    static let french = Self(
        men: [Array("Monsieur".utf8)],
        women: ["Madame", "Mademoiselle"].map { Array($0.utf8) })
}

extension Nationality.PostCode {
    static func text(_ pattern: String) -> Self { .pattern(Array(pattern.utf8)) }
}

/// A name, and how it is spelled in an e-mail address.
struct Word: Sendable {
    var text: [UInt8]
    /// Small ASCII letters only.
    var ascii: [UInt8]
}

/// Names that several nationalities share.
struct NameGroup: Sendable {
    var men: [Word]
    var women: [Word]
    var lasts: [Word]

    /// - Parameters: names separated by `|`; after a `=` the spelling for e-mail addresses, where
    ///   leaving out the marks on letters is not enough.
    init(men: String, women: String, lasts: String) {
        self.men = Self.words(men)
        self.women = Self.words(women)
        self.lasts = Self.words(lasts)
    }

    private static func words(_ text: String) -> [Word] {
        text.split(separator: "|").map { entry in
            let parts = entry.split(separator: "=", maxSplits: 1)
            return Word(text: Array(parts[0].utf8), ascii: plain(parts[parts.count - 1]))
        }
    }

    private static func plain(_ text: Substring) -> [UInt8] {
        var out: [UInt8] = []
        for character in text.lowercased() {
            if let ascii = character.asciiValue {
                if (0x61...0x7A).contains(ascii) { out.append(ascii) }
            } else {
                out += (spellings[character] ?? "").utf8
            }
        }
        return out
    }

    private static let spellings: [Character: String] = [
        "ä": "a", "à": "a", "á": "a", "â": "a", "ã": "a", "å": "a", "æ": "ae", "ç": "c", "č": "c",
        "ć": "c", "đ": "d", "é": "e", "è": "e", "ê": "e", "ë": "e", "ğ": "g", "í": "i", "ı": "i",
        "î": "i", "ï": "i", "ñ": "n", "ö": "o", "ó": "o", "ò": "o", "ô": "o", "õ": "o", "ø": "o",
        "š": "s", "ş": "s", "ß": "ss", "ü": "u", "ú": "u", "û": "u", "ž": "z",
    ]
}
