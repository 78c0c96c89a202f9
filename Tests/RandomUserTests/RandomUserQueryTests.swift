// The embedded API bends parameters as the real one does.

import Testing

@testable import RandomUser

@Suite("RandomUserQuery")
struct RandomUserQueryTests {
    private func query(_ text: String) -> RandomUserQuery {
        RandomUserQuery(text, drawSeed: { "0123456789abcdef" })
    }

    private func place(_ code: String) throws -> Int {
        try #require(Nationality.all.firstIndex { $0.code == code })
    }

    @Test func knowsAllNationalitiesInOrder() {
        let codes = Nationality.all.map(\.code)
        #expect(codes.count == 21)
        #expect(codes == codes.sorted())
    }

    @Test(arguments: [
        ("", 1), ("results=5000", 5_000), ("results=5001", 1), ("results=0", 1), ("results=-3", 1),
        ("results=ten", 1), ("results=1.5", 1), ("results=7&results=9", 9),
    ])
    func bendsResults(text: String, results: Int) { #expect(query(text).results == results) }

    @Test(arguments: [("page=3", 3), ("page=0", 1), ("page=10001", 1), ("page=x", 1)])
    func bendsPages(text: String, page: Int) { #expect(query(text).page == page) }

    @Test func takesGenderOnlyWithoutSeed() {
        #expect(query("gender=male").isMale == true)
        #expect(query("gender=female").isMale == false)
        #expect(query("gender=both").isMale == nil)
        #expect(query("gender=male&seed=x").isMale == nil)
    }

    @Test func filtersNationalities() throws {
        #expect(try query("nat=gb,FR").nationalities == [place("FR"), place("GB")])
        #expect(query("nat=gb,xx").nationalities.count == 21)
        #expect(try query("nationality=us").nationalities == [place("US")])
    }

    /// Goal: a seed that was told with one nationality gives it back.
    @Test func carriesOneNationalityInTheSeed() throws {
        let first = query("nat=fr")
        #expect(first.shownSeed == "0123456789abcdef08")
        let again = query("seed=\(first.shownSeed)")
        #expect(again.nationalities == first.nationalities)
        #expect(again.randomText == first.randomText)
        #expect(query("seed=abc&nat=fr").shownSeed == "abc")
    }

    @Test func choosesMembers() {
        #expect(query("inc=name,email,bogus").fields == [.name, .email])
        #expect(query("exc=login,id").fields == PersonFieldSet.all.subtracting([.login, .id]))
        #expect(query("inc=name,login&exc=login").fields == [.name])
    }

    @Test(arguments: [
        ("format=csv", RandomUserQuery.Format.csv), ("fmt=YAML", .yaml),
        ("format=pretty", .prettyjson),
        ("format=pdf", .json), ("format=xml", .xml),
    ])
    func choosesFormats(text: String, format: RandomUserQuery.Format) {
        #expect(query(text).format == format)
    }

    @Test(arguments: [
        ("upper,lower,1-16", 52, 1...16), ("number,4", 10, 4...4), ("number", 10, 8...64),
        ("number,0-99", 10, 8...64), ("4-8", 0, 4...8),
    ])
    func readsPasswordRules(text: String, characters: Int, lengths: ClosedRange<Int>) {
        let rule = PasswordRule(text)
        #expect(rule.characters.count == characters)
        #expect(rule.lengths == lengths)
    }

    @Test func limitsPeopleInAWindow() {
        let window = PeopleWindow(peopleMax: 10, length: .seconds(60))
        #expect(window.take(6, now: 0) == nil)
        #expect(window.take(6, now: 1_000) == .init(people: 12, seconds: 59))
        #expect(window.take(4, now: 2_000) == nil)
        #expect(window.take(10, now: 60_000) == nil)
        #expect(PeopleWindow(peopleMax: nil, length: .seconds(1)).take(5_000, now: 0) == nil)
    }
}
