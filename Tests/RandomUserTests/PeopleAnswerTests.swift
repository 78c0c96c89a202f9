// The embedded API's people: the same for the same seed, and of the API's own shape.

import MillraceBase
import RandomUserClient
import Testing

@testable import RandomUser

@Suite("PeopleAnswer")
struct PeopleAnswerTests {
    /// 2026-11-23T12:00Z.
    private let now: Int64 = 1_795_435_200_000

    private func json(_ text: String) async throws -> JSONValue {
        let query = RandomUserQuery(text, drawSeed: { "0123456789abcdef" })
        return try JSONValue(parsing: await PeopleAnswer.json(query, now: now))
    }

    private func people(_ text: String) async throws -> [JSONValue] {
        try #require(try await json(text)["results"]?.array)
    }

    @Test func sameSeedSamePeople() async throws {
        let first = try await people("seed=mill&results=20")
        #expect(try await people("seed=mill&results=20") == first)
        #expect(try await people("seed=mill&results=5") == Array(first.prefix(5)))
        #expect(try await people("seed=mill&results=20&page=2") != first)
        #expect(try await people("seed=race&results=20") != first)
    }

    /// Goal: hiding members changes nobody.
    @Test func samePeopleWhateverIsShown() async throws {
        let whole = try await people("seed=mill&results=20")
        let mails = try await people("seed=mill&results=20&inc=email")
        #expect(whole.map { $0["email"] } == mails.map { $0["email"] })
        #expect(mails.allSatisfy { $0.object?.members.count == 1 })
    }

    @Test func tellsInfo() async throws {
        let answer = try await json("seed=mill&results=3&page=2")
        let info: JSONValue = ["seed": "mill", "results": 3, "page": 2, "version": "1.4"]
        #expect(answer["info"] == info)
        #expect(try await json("noinfo")["info"] == nil)
    }

    /// Goal: every person is a good record, of the API's members in their order.
    @Test func peopleFitTheClient() async throws {
        var ids: Set<String> = []
        var nationalities: Set<String> = []
        for person in try await people("seed=shape&results=2000") {
            let record = try PersonRecord.parse(person.bytes)
            ids.insert(record.id)
            nationalities.insert(record.nationality)
            #expect(
                person.object?.members.map(\.name) == [
                    "gender", "name", "location", "email", "login", "dob", "registered", "phone",
                    "cell", "id", "picture", "nat",
                ])
            #expect(record.email.utf8.allSatisfy { $0 < 0x80 && $0 != 0x20 })
            let age = try #require(person["dob"]?["age"]?.int)
            #expect((21...83).contains(age))
        }
        #expect(ids.count == 2_000)
        #expect(nationalities.count == 21)
    }

    /// Goal: the digests are those of password and salt, not made up.
    @Test func digestsAreTrue() async throws {
        #expect(hex(.md5, Array("abc".utf8)) == "900150983cd24fb0d6963f7d28e17f72")
        #expect(hex(.sha1, Array("abc".utf8)) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        for person in try await people("results=20&password=special,upper,1-64") {
            let login = try #require(person["login"])
            let password = try #require(login["password"]?.string)
            let salt = try #require(login["salt"]?.string)
            let salted = Array((password + salt).utf8)
            #expect(login["md5"]?.string == hex(.md5, salted))
            #expect(login["sha1"]?.string == hex(.sha1, salted))
            #expect(login["sha256"]?.string == hex(.sha256, salted))
        }
    }

    private func hex(_ digest: Digest, _ bytes: [UInt8]) -> String {
        var out = [UInt8](repeating: 0, count: digest.byteCount)
        digest.write(bytes, to: &out)
        return out.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test func honoursNationalityAndGender() async throws {
        let people = try await people("nat=gb&gender=female&results=50")
        #expect(people.allSatisfy { $0["nat"] == "GB" && $0["gender"] == "female" })
        #expect(people.allSatisfy { $0["location"]?["postcode"]?.string != nil })
    }

    @Test func writesOtherFormats() async throws {
        func text(_ format: String) async -> String {
            let query = RandomUserQuery(
                "seed=mill&results=2&format=\(format)", drawSeed: { "" })
            return String(
                decoding: await PeopleAnswer.made(for: query, now: now).body, as: UTF8.self)
        }
        let csv = await text("csv").split(separator: "\n")
        #expect(csv.count == 3)
        #expect(csv[0].hasPrefix("gender,name.title,name.first,name.last,location.street.number"))
        let xml = await text("xml")
        #expect(xml.contains("<user>\n  <results>\n    <gender>"))
        #expect(xml.hasSuffix("</info>\n</user>\n"))
        let yaml = await text("yaml")
        #expect(yaml.hasPrefix("results:\n  -\n    gender: \""))
        let pretty = await text("prettyjson")
        #expect(try JSONValue(parsing: pretty) == (try await json("seed=mill&results=2")))
    }

    @Test(arguments: [
        (Int64(0), 1970, 1, 1), (951_782_400_000, 2000, 2, 29), (-1, 1969, 12, 31),
        (1_704_067_200_000, 2024, 1, 1), (4_107_542_399_999, 2100, 2, 28),
    ])
    func countsDays(milliseconds: Int64, year: Int, month: Int, day: Int) {
        let date = CivilDate(milliseconds: milliseconds)
        #expect((date.year, date.month, date.day) == (year, month, day))
    }
}
