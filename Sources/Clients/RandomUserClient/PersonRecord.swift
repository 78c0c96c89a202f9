// A person as the API gives it, projected to the columns that we land and publish.

import MillraceBase

/// One checked user record. All required texts are there and not empty.
///
/// Source: the API's user object 1.2–1.4, `reference/randomuser.md`.
package struct PersonRecord: Sendable, Equatable {
    /// `login.uuid` in lower case, 36 characters.
    package var id: String
    package var firstName: String
    package var lastName: String
    /// `male`, `female`, or empty when the record says neither. Change it by `setGender`.
    package private(set) var gender: String
    /// "number street, city, state, country"; without a country where the API gave none (1.2,
    /// LEGO).
    package var address: String
    /// As text, whether the API sent a number or a string.
    package var postCode: String
    package var email: String
    package var username: String
    /// The API's ISO date, unchanged: `1995-06-02T14:53:11.703Z`.
    package var dob: String
    /// The API's ISO date, unchanged.
    package var registeredDate: String
    package var phone: String
    /// The URL of the medium portrait.
    package var picture: String
    /// Two letters; empty when the record has none.
    package var nationality: String
    /// As the API gave it, `Mr`, `Madame`, …; empty when the record has none.
    package var title: String
    /// The record as compact JSON without `login.password`, `salt`, `md5`, `sha1`, `sha256`.
    package private(set) var raw: [UInt8]
    /// What the topic carries: the twelve columns of `created_users` as one JSON object.
    package private(set) var json: [UInt8]

    /// Says what the record did not: the gender found another way (by title). `json` follows, `raw`
    /// stays what the source sent.
    package mutating func setGender(_ value: String) {
        guard value != gender else { return }
        gender = value
        json = topicJSON()
    }

    /// Reads one user object.
    ///
    /// - Throws: `RecordRejection` for bytes that are no JSON object, and for a required field that
    ///   is missing, empty or of the wrong kind; its reason names the field.
    package static func parse(_ bytes: [UInt8]) throws(RecordRejection) -> PersonRecord {
        do throws(PersonScanFailure) {
            return try bytes.withUnsafeBufferPointer { (record) throws(PersonScanFailure) in
                try parse(record)
            }
        } catch {
            throw RecordRejection(reason: error.reason, raw: bytes)
        }
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(PersonScanFailure)
        -> PersonRecord
    {
        var fields = PersonFields()
        var failure: PersonScanFailure?
        let raw = [UInt8](unsafeUninitializedCapacity: bytes.count) { room, count in
            var scanner = PersonScanner(bytes: bytes, out: room)
            do throws(PersonScanFailure) {
                try scanner.scan()
                fields = scanner.fields
            } catch {
                failure = error
            }
            count = scanner.written
        }
        if let failure { throw failure }
        return try PersonRecord(fields, from: PersonProjection(bytes: bytes), raw: raw)
    }

    private init(_ fields: PersonFields, from record: PersonProjection, raw: [UInt8])
        throws(PersonScanFailure)
    {
        id = try record.uuid(fields.uuid)
        firstName = try record.required(fields.first, "name.first")
        lastName = try record.required(fields.last, "name.last")
        let given = try record.optional(fields.gender, "gender").lowercased()
        gender = given == "male" || given == "female" ? given : ""
        address = try record.address(fields)
        postCode = try record.requiredNumberOrText(fields.postCode, "location.postcode")
        email = try record.required(fields.email, "email")
        username = try record.required(fields.username, "login.username")
        dob = try record.date(fields.dob, "dob.date")
        registeredDate = try record.date(fields.registered, "registered.date")
        phone = try record.required(fields.phone, "phone")
        picture = try record.required(fields.picture, "picture.medium")
        nationality = try record.optional(fields.nationality, "nat")
        title = try record.optional(fields.title, "name.title")
        self.raw = raw
        json = []
        json = topicJSON()
    }

    private func topicJSON() -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(raw.count)
        func member(_ name: StaticString, _ value: String) {
            out.append(
                contentsOf: UnsafeBufferPointer(
                    start: name.utf8Start, count: name.utf8CodeUnitCount))
            JSONText.write(value, to: &out)
        }
        member("{\"id\":", id)
        member(",\"first_name\":", firstName)
        member(",\"last_name\":", lastName)
        member(",\"gender\":", gender)
        member(",\"address\":", address)
        member(",\"post_code\":", postCode)
        member(",\"email\":", email)
        member(",\"username\":", username)
        member(",\"dob\":", dob)
        member(",\"registered_date\":", registeredDate)
        member(",\"phone\":", phone)
        member(",\"picture\":", picture)
        out.append(UInt8(ascii: "}"))
        return out
    }
}
