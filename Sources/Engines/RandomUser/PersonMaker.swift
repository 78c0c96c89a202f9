// One person of a page, written straight as the API's JSON.

/// Makes people of one query. The members of a person, and their order, are those of API 1.4.
struct PersonMaker {
    let query: RandomUserQuery
    /// Milliseconds since 1970 at which ages are told.
    let now: Int64
    private let base: (UInt64, UInt64, UInt64, UInt64)

    init(_ query: RandomUserQuery, now: Int64) {
        self.query = query
        self.now = now
        base = RandomBits.base(of: query.randomText)
    }

    /// Appends person number `index` (from 0) of the page.
    func write(person index: Int, to out: inout JSONBytes) {
        var random = RandomBits(base: base, person: index)
        let nationality = Nationality.all[random.pick(query.nationalities)]
        let drawnMale = random.below(2) == 0
        let isMale = query.isMale ?? drawnMale
        let first = random.pick(isMale ? nationality.men : nationality.women)
        let last = random.pick(nationality.lasts)
        let title = random.pick(isMale ? nationality.titles.men : nationality.titles.women)
        let fields = query.fields
        out.open()
        // Everything is drawn in the same order whatever is shown, so `inc` changes nobody.
        if fields.contains(.gender) { out.member("gender", isMale ? "male" : "female") }
        if fields.contains(.name) {
            out.object("name") {
                $0.member("title", title)
                $0.member("first", first.text)
                $0.member("last", last.text)
            }
        }
        location(nationality, &random, fields.contains(.location), &out)
        if fields.contains(.email) {
            out.member("email", first.ascii, ".", last.ascii, "@example.com")
        }
        login(&random, fields.contains(.login), &out)
        let birth = moment(&random, years: RandomUserLimits.ages)
        if fields.contains(.dob) { date("dob", birth, &out) }
        let registered = moment(&random, years: 1...20)
        if fields.contains(.registered) { date("registered", registered, &out) }
        let phone = filled(nationality.phone, &random)
        if fields.contains(.phone) { out.member("phone", phone) }
        let cell = filled(nationality.cell, &random)
        if fields.contains(.cell) { out.member("cell", cell) }
        let hasID = !nationality.idPatterns.isEmpty
        let id = hasID ? filled(random.pick(nationality.idPatterns), &random) : []
        if fields.contains(.id) {
            out.object("id") {
                $0.member("name", nationality.idName)
                if hasID { $0.member("value", id) } else { $0.null("value") }
            }
        }
        let portrait = random.below(isMale ? 100 : 97)
        if fields.contains(.picture) { picture(isMale, portrait, &out) }
        if fields.contains(.nat) { out.member("nat", nationality.codeBytes) }
        out.close()
    }

    private func location(
        _ nationality: Nationality, _ random: inout RandomBits, _ isShown: Bool,
        _ out: inout JSONBytes
    ) {
        let number = 1 + random.below(9_999)
        let street = random.pick(nationality.streets)
        let city = random.pick(nationality.cities)
        let state = random.pick(nationality.states)
        let postCode = postCode(nationality.postCode, &random)
        let latitude = random.below(1_800_001) - 900_000
        let longitude = random.below(3_600_001) - 1_800_000
        let zone = random.pick(OtherWords.timeZones)
        guard isShown else { return }
        out.object("location") {
            $0.object("street") {
                $0.number("number", number)
                $0.member("name", street)
            }
            $0.member("city", city)
            $0.member("state", state)
            $0.member("country", nationality.country)
            switch postCode {
            case .number(let value): $0.number("postcode", value)
            case .text(let text): $0.member("postcode", text)
            }
            $0.object("coordinates") {
                $0.degrees("latitude", latitude)
                $0.degrees("longitude", longitude)
            }
            $0.object("timezone") {
                $0.member("offset", zone.offset)
                $0.member("description", zone.description)
            }
        }
    }

    private enum DrawnPostCode {
        case number(Int)
        case text([UInt8])
    }

    private func postCode(
        _ rule: Nationality.PostCode, _ random: inout RandomBits
    ) -> DrawnPostCode {
        switch rule {
        case .number(let range):
            .number(Int(range.lowerBound) + random.below(range.count))
        case .pattern(let pattern): .text(filled(pattern, &random))
        }
    }

    private func login(
        _ random: inout RandomBits, _ isShown: Bool, _ out: inout JSONBytes
    ) {
        let high = random.next()
        let low = random.next()
        let adjective = random.pick(OtherWords.adjectives)
        let animal = random.pick(OtherWords.animals)
        let number = 100 + random.below(900)
        let password = password(&random)
        let salt = (0..<8).map { _ in random.pick(Self.saltCharacters) }
        guard isShown else { return }
        let salted = password + salt
        out.object("login") {
            $0.uuid("uuid", high, low)
            $0.member("username", adjective, animal, number)
            $0.escapedMember("password", password)
            $0.member("salt", salt)
            $0.member("md5", .md5, of: salted)
            $0.member("sha1", .sha1, of: salted)
            $0.member("sha256", .sha256, of: salted)
        }
    }

    private static let saltCharacters = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    private func password(_ random: inout RandomBits) -> [UInt8] {
        guard let rule = query.password, !rule.characters.isEmpty else {
            return random.pick(OtherWords.passwords)
        }
        let count = rule.lengths.lowerBound + random.below(rule.lengths.count)
        return (0..<count).map { _ in random.pick(rule.characters) }
    }

    private func picture(_ isMale: Bool, _ number: Int, _ out: inout JSONBytes) {
        let kind = isMale ? "men" : "women"
        out.object("picture") {
            $0.portrait("large", "", kind, number)
            $0.portrait("medium", "med/", kind, number)
            $0.portrait("thumbnail", "thumb/", kind, number)
        }
    }

    /// A moment so many years back from 2024-01-01T00:00Z, which does not move with the clock: the
    /// same seed gives the same dates for ever, only ages grow.
    private func moment(_ random: inout RandomBits, years: ClosedRange<Int>) -> Int64 {
        let reference: Int64 = 1_704_067_200_000
        let yearMilliseconds = 31_556_952_000
        let span = (years.upperBound - years.lowerBound) * yearMilliseconds
        return reference - Int64(years.lowerBound * yearMilliseconds + random.below(span))
    }

    private func date(_ name: StaticString, _ moment: Int64, _ out: inout JSONBytes) {
        let date = CivilDate(milliseconds: moment)
        let today = CivilDate(milliseconds: now)
        out.object(name) {
            $0.date("date", date)
            $0.number("age", date.years(until: today))
        }
    }

    private func filled(_ pattern: [UInt8], _ random: inout RandomBits) -> [UInt8] {
        pattern.map { byte in
            switch byte {
            case UInt8(ascii: "#"): 0x30 + UInt8(random.below(10))
            case UInt8(ascii: "@"): 0x41 + UInt8(random.below(26))
            default: byte
            }
        }
    }
}
