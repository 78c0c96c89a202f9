// What a call asks for, with the API's own way of bending what it does not like.

import MillraceBase

/// The parameters of one call. Nothing is refused: what is out of bounds becomes a default, as the
/// real API does it. Source: `reference/randomuser.md`, "Parameters".
struct RandomUserQuery: Equatable {
    enum Format: String { case json, prettyjson, csv, yaml, xml }

    var results = 1
    var page = 1
    /// The seed people are made from; never empty.
    var seed = ""
    /// Places in `Nationality.all`; all of them when nobody filters.
    var nationalities = Array(Nationality.all.indices)
    var isMale: Bool?
    var password: PasswordRule?
    var fields = PersonFieldSet.all
    var format = Format.json
    var hasInfo = true
    var isDownload = false
    var callback: String?

    /// The seed as the answer tells it: with exactly one nationality, its place in two hex digits
    /// more.
    var shownSeed: String {
        guard nationalities.count == 1, seed.count == Self.drawnSeedCharacters else { return seed }
        let place = String(nationalities[0], radix: 16)
        return seed + (place.count == 1 ? "0" : "") + place
    }

    /// What all randomness of the page comes from. The nationalities are part of it.
    var randomText: String {
        let codes = nationalities.map { Nationality.all[$0].code }.joined(separator: ",")
        return "1.4/\(seed)/\(page)/\(codes)"
    }

    private static let drawnSeedCharacters = 16

    /// - Parameters:
    ///   - text: the URL's query, without its question mark.
    ///   - drawSeed: makes a seed of 16 hex digits where the call gives none.
    init(_ text: String, drawSeed: () -> String) {
        var values: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? parts[1] : ""
            values[Self.decoded(parts[0])] = Self.decoded(value)
        }
        results = Self.number(values["results"], upTo: RandomUserLimits.resultsMax)
        page = Self.number(values["page"], upTo: RandomUserLimits.pagesMax)
        takeNationalities(values["nat"] ?? values["nationality"])
        if let given = values["seed"], !given.isEmpty {
            takeSeed(String(given.prefix(RandomUserLimits.seedCharactersMax)))
        } else {
            seed = drawSeed()
            isMale = values["gender"] == "male" ? true : values["gender"] == "female" ? false : nil
        }
        password = values["password"].map { PasswordRule($0) }
        fields = PersonFieldSet(inc: values["inc"], exc: values["exc"])
        let format = values["format"] ?? values["fmt"] ?? ""
        self.format =
            format.lowercased() == "pretty"
            ? .prettyjson : Format(rawValue: format.lowercased()) ?? .json
        hasInfo = values["noinfo"] == nil
        isDownload = values["dl"] != nil || values["download"] != nil
        callback = values["callback"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A blank may be written as a plus sign in a query.
    private static func decoded(_ text: Substring) -> String {
        PercentCoding.decoded(String(text.map { $0 == "+" ? " " : $0 }))
    }

    private static func number(_ text: String?, upTo limit: Int) -> Int {
        guard let value = text.flatMap({ Int($0) }), (1...limit).contains(value) else { return 1 }
        return value
    }

    /// One unknown code drops the whole filter.
    private mutating func takeNationalities(_ text: String?) {
        guard let text, !text.isEmpty else { return }
        var places: Set<Int> = []
        for code in text.split(separator: ",", omittingEmptySubsequences: false) {
            let upper = code.uppercased()
            guard let place = Nationality.all.firstIndex(where: { $0.code == upper }) else {
                return
            }
            places.insert(place)
        }
        nationalities = places.sorted()
    }

    /// A seed of 18 characters carries its one nationality in the last two.
    private mutating func takeSeed(_ given: String) {
        seed = given
        guard given.count == Self.drawnSeedCharacters + 2,
            let place = Int(given.suffix(2), radix: 16),
            Nationality.all.indices.contains(place)
        else { return }
        seed = String(given.prefix(Self.drawnSeedCharacters))
        nationalities = [place]
    }
}

/// Which of a person's members the answer shows.
struct PersonFieldSet: OptionSet, Equatable {
    let rawValue: Int

    static let names = [
        "gender", "name", "location", "email", "login", "registered", "dob", "phone", "cell", "id",
        "picture", "nat",
    ]
    static let gender = Self(rawValue: 1 << 0)
    static let name = Self(rawValue: 1 << 1)
    static let location = Self(rawValue: 1 << 2)
    static let email = Self(rawValue: 1 << 3)
    static let login = Self(rawValue: 1 << 4)
    static let registered = Self(rawValue: 1 << 5)
    static let dob = Self(rawValue: 1 << 6)
    static let phone = Self(rawValue: 1 << 7)
    static let cell = Self(rawValue: 1 << 8)
    static let id = Self(rawValue: 1 << 9)
    static let picture = Self(rawValue: 1 << 10)
    static let nat = Self(rawValue: 1 << 11)
    static let all = Self(rawValue: 1 << names.count - 1)

    init(rawValue: Int) { self.rawValue = rawValue }

    /// `exc` takes away from `inc`; names that nobody knows count for nothing.
    init(inc: String?, exc: String?) {
        self = inc.map { Self(named: $0) } ?? .all
        if let exc { subtract(Self(named: exc)) }
    }

    private init(named list: String) {
        self = []
        for name in list.lowercased().split(separator: ",") {
            let trimmed = name.drop { $0 == " " }
            if let place = Self.names.firstIndex(of: String(trimmed)) {
                insert(Self(rawValue: 1 << place))
            }
        }
    }
}

/// `CHARSETS,MIN-MAX` or `CHARSETS,MAX`.
struct PasswordRule: Equatable {
    /// Empty when no charset was known: then a word of the list is taken.
    var characters: [UInt8] = []
    var lengths = 8...64

    private static let charsets: [(name: String, characters: String)] = [
        ("special", " !\"#$%&'()*+,- ./:;<=>?@[\\]^_`{|}~"),
        ("upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ("lower", "abcdefghijklmnopqrstuvwxyz"), ("number", "0123456789"),
    ]

    init(_ text: String) {
        let parts = text.lowercased().split(separator: ",").map(String.init)
        for (name, characters) in Self.charsets where parts.contains(name) {
            self.characters += characters.utf8
        }
        guard let last = parts.last, last.first?.isNumber == true else { return }
        let bounds = last.split(separator: "-").map { Int($0) }
        let allowed = RandomUserLimits.passwordLengths
        guard let first = bounds.first ?? nil else { return }
        let top = bounds.count > 1 ? bounds[1] ?? allowed.upperBound : first
        let high = allowed.contains(top) ? top : allowed.upperBound
        let low = allowed.contains(first) ? first : 8
        lengths = min(low, high)...high
    }
}
