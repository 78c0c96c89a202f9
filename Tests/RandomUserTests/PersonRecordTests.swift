// A record of the API becomes a person, or is rejected with the field's name.

import MillraceBase
import RandomUserClient
import Testing

@Suite("PersonRecord")
struct PersonRecordTests {
    /// Goal: each column comes from its member.
    @Test func projectsEveryColumn() throws {
        let person = try PersonRecord.parse(Fixtures.lines("people.ndjson")[0])
        #expect(person.id == "11111111-1111-4111-8111-111111111101")
        #expect(person.gender == "female")
        #expect(person.title == "Ms")
        #expect(person.firstName == "Ada")
        #expect(person.lastName == "Field")
        #expect(person.address == "12 Harbour Road, Salem, Oregon, United States")
        #expect(person.postCode == "97301")
        #expect(person.email == "ada.field@example.com")
        #expect(person.username == "calmheron101")
        #expect(person.dob == "1981-02-03T04:05:06.789Z")
        #expect(person.registeredDate == "2012-11-10T09:08:07.006Z")
        #expect(person.phone == "(503) 555-0101")
        #expect(person.picture == "https://randomuser.me/api/portraits/med/women/1.jpg")
        #expect(person.nationality == "US")
    }

    /// Goal: the topic's value has the table's twelve names, in order, and nothing else.
    @Test func writesTheTopicsValue() throws {
        for line in try Fixtures.lines("people.ndjson") {
            let person = try PersonRecord.parse(line)
            let value = try JSONValue(parsing: person.json)
            let expected: JSONValue = [
                "id": .string(person.id), "first_name": .string(person.firstName),
                "last_name": .string(person.lastName), "gender": .string(person.gender),
                "address": .string(person.address), "post_code": .string(person.postCode),
                "email": .string(person.email), "username": .string(person.username),
                "dob": .string(person.dob), "registered_date": .string(person.registeredDate),
                "phone": .string(person.phone), "picture": .string(person.picture),
            ]
            #expect(value == expected)
        }
    }

    /// Goal: secrets stop here, all else stays as it came.
    @Test func keepsTheRecordWithoutItsSecrets() throws {
        for line in try Fixtures.lines("people.ndjson") {
            let person = try PersonRecord.parse(line)
            guard case .object(var whole) = try JSONValue(parsing: line),
                case .object(var login)? = whole["login"]
            else {
                Issue.record("a fixture is no object")
                return
            }
            login.members.removeAll { !["uuid", "username"].contains($0.name) }
            let place = whole.members.firstIndex { $0.name == "login" } ?? 0
            whole.members[place].value = .object(login)
            #expect(String(decoding: person.raw, as: UTF8.self) == JSONValue.object(whole).text)
        }
    }

    /// Goal: no spelling of a secret's name gets through.
    @Test func dropsSecretsWithEscapedNames() throws {
        let bytes = try Fixtures.changed("\"password\"", to: "\"pass\\u0077ord\"")
        let raw = String(decoding: try PersonRecord.parse(bytes).raw, as: UTF8.self)
        #expect(!raw.contains("marble"))
    }

    /// Goal: the API's oddities are people too.
    @Test func takesOddities() throws {
        let people = try Fixtures.lines("people.ndjson").map { try PersonRecord.parse($0) }
        #expect(people[1].postCode == "S1 4ZT")
        #expect(people[1].lastName == "O'Hara")
        #expect(people[2].firstName == "سارا")
        #expect(people[3].address == "44 Rua Espirito Santo, Olinda, Alagoas, Brazil")
        #expect(people[4].raw.contains("NaNNA105undefined".utf8))
        #expect(people[6].postCode == "0107")
        #expect(people[7].address == "4624 strandvejen, esbjerg v, midtjylland")
        #expect(people[8].address == "9 Baseplate Road, Legoredo, Studs")
    }

    /// Goal: blanks between the parts of the JSON change nothing.
    @Test func readsIndentedJSON() throws {
        for line in try Fixtures.lines("people.ndjson") {
            let pretty = Array(try JSONValue(parsing: line).prettyText.utf8)
            #expect(try PersonRecord.parse(pretty) == PersonRecord.parse(line))
        }
    }

    /// Goal: escapes are read as what they mean and written again only where JSON demands it.
    @Test func readsEscapes() throws {
        let bytes = try Fixtures.changed("\"Ada\"", to: "\"\\u00c5d\\\"a \\ud83d\\ude00\"")
        let person = try PersonRecord.parse(bytes)
        #expect(person.firstName == "Åd\"a 😀")
        #expect(person.json.contains("\"first_name\":\"Åd\\\"a 😀\"".utf8))
        #expect(person.raw.contains("\\u00c5d\\\"a \\ud83d\\ude00".utf8))
    }

    @Test func uuidBecomesLowerCase() throws {
        let bytes = try Fixtures.changed(
            "11111111-1111-4111-8111-111111111101", to: "AAAABBBB-CCCC-4DDD-8EEE-FFFF00001111")
        #expect(try PersonRecord.parse(bytes).id == "aaaabbbb-cccc-4ddd-8eee-ffff00001111")
    }

    /// Goal: a gender that is no gender is left to the title.
    @Test(arguments: ["\"gender\":null,", "\"gender\":\"other\",", "", "\"gender\":7,"])
    func gendersMayBeMissing(member: String) throws {
        var person = try PersonRecord.parse(
            Fixtures.changed("\"gender\":\"female\",", to: member))
        #expect(person.gender == "")
        person.setGender("female")
        #expect(try person.json == PersonRecord.parse(Fixtures.lines("people.ndjson")[0]).json)
    }

    /// Goal: the reason names the field, and the bytes are kept.
    @Test(arguments: [
        ("\"email\":\"ada.field@example.com\",", "", "email is missing"),
        ("\"ada.field@example.com\"", "\"\"", "email is empty"),
        ("\"ada.field@example.com\"", "\"  \"", "email is empty"),
        ("\"ada.field@example.com\"", "null", "email is missing"),
        ("\"ada.field@example.com\"", "[1]", "email is not a text"),
        ("\"Ada\"", "\"A\\u0000a\"", "name.first holds a NUL character"),
        ("\"Field\"", "3", "name.last is not a text"),
        (
            "11111111-1111-4111-8111-111111111101", "11111111-1111-4111-8111-11111111110",
            "login.uuid is not a UUID"
        ),
        (
            "11111111-1111-4111-8111-111111111101", "11111111x1111-4111-8111-111111111101",
            "login.uuid is not a UUID"
        ),
        ("\"uuid\"", "\"guid\"", "login.uuid is missing"),
        ("97301", "true", "location.postcode is neither a number nor a text"),
        ("97301", "\"\"", "location.postcode is empty"),
        ("\"number\":12,", "", "location.street.number is missing"),
        ("\"Harbour Road\"", "\"\"", "location.street.name is empty"),
        ("\"country\":\"United States\",", "", "location.country is missing"),
        ("\"city\":\"Salem\",", "", "location.city is missing"),
        ("1981-02-03T04:05:06.789Z", "1981-02-03 04:05:06", "dob.date is not an ISO date"),
        ("\"registered\"", "\"joined\"", "registered.date is missing"),
        ("\"medium\"", "\"middle\"", "picture.medium is missing"),
        ("\"username\"", "\"nick\"", "login.username is missing"),
    ])
    func rejectsByName(old: String, new: String, reason: String) throws {
        let bytes = try Fixtures.changed(old, to: new)
        let error = #expect(throws: RecordRejection.self) { try PersonRecord.parse(bytes) }
        #expect(error?.reason == reason)
        #expect(error?.raw == bytes)
    }

    /// Goal: only JSON objects are records.
    @Test(arguments: [
        "", "  ", "null", "[]", "\"x\"", "{", "{}x", "{\"a\":01}", "{\"a\" 1}", "{\"a\":\"\t\"}",
    ])
    func rejectsWhatIsNoObject(text: String) {
        #expect(throws: RecordRejection.self) { try PersonRecord.parse(Array(text.utf8)) }
    }

    @Test func rejectsWhatIsNotUTF8() throws {
        var bytes = try Fixtures.lines("people.ndjson")[0]
        let place = try #require(bytes.firstIndex(of: UInt8(ascii: "A")))
        bytes[place] = 0xFF
        let error = #expect(throws: RecordRejection.self) { try PersonRecord.parse(bytes) }
        #expect(error?.reason == "the record is not UTF-8")
    }

    /// Method: cut a good record at every length. None may crash, read on, or pass.
    @Test func refusesEveryCut() throws {
        let whole = try Fixtures.lines("people.ndjson")[2]
        for length in whole.indices {
            #expect(throws: RecordRejection.self) {
                try PersonRecord.parse(Array(whole[..<length]))
            }
        }
    }

    @Test func refusesBottomlessRecords() {
        let deep = "{\"a\":" + String(repeating: "[", count: 100_000)
        #expect(throws: RecordRejection.self) { try PersonRecord.parse(Array(deep.utf8)) }
    }

    /// Goal: every real record is a person; none is lost to an oddity.
    @Test(.enabled(if: Fixtures.shared("randomuser-sample.ndjson") != nil))
    func takesAllRealRecords() throws {
        let lines = try #require(Fixtures.shared("randomuser-sample.ndjson"))
        #expect(lines.count == 1_580)
        var ids: Set<String> = []
        for line in lines {
            let person = try PersonRecord.parse(line)
            ids.insert(person.id)
            #expect(["male", "female"].contains(person.gender))
            let value = try JSONValue(parsing: person.json)
            let raw = try JSONValue(parsing: person.raw)
            let whole = try JSONValue(parsing: line)
            #expect(value["email"] == whole["email"])
            #expect(value["first_name"] == whole["name"]?["first"])
            #expect(raw["login"]?.object?.members.map(\.name) == ["uuid", "username"])
            #expect(raw["location"] == whole["location"])
        }
        #expect(ids.count == 1_580)
    }

    /// Goal: old shapes pass when they carry all fields (1.2), else they are rejected with a
    /// reason.
    @Test(.enabled(if: Fixtures.shared("randomuser-legacy-shapes.ndjson") != nil))
    func sortsOldShapes() throws {
        let lines = try #require(Fixtures.shared("randomuser-legacy-shapes.ndjson"))
        var reasons: [String: Int] = [:]
        var people = 0
        for line in lines {
            do throws(RecordRejection) {
                _ = try PersonRecord.parse(line)
                people += 1
            } catch {
                reasons[error.reason, default: 0] += 1
            }
        }
        #expect(people == 51)
        #expect(reasons == ["login.uuid is missing": 1_019])
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String.UTF8View) -> Bool { contains(Array(text)) }
}
