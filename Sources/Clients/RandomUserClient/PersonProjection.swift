// How the places found in a record become the columns of a person.

import MillraceBase

/// Takes the values out of the record's bytes, and says which one is amiss.
struct PersonProjection {
    let bytes: UnsafeBufferPointer<UInt8>

    /// A text that must be there.
    func required(_ text: PersonText, _ name: String) throws(PersonScanFailure) -> String {
        switch text.kind {
        case .missing: throw PersonScanFailure(reason: "\(name) is missing")
        case .number, .other: throw PersonScanFailure(reason: "\(name) is not a text")
        case .text: return try checked(text, name)
        }
    }

    /// A number or a text that must be there; a number keeps its digits as they came.
    func requiredNumberOrText(_ text: PersonText, _ name: String) throws(PersonScanFailure)
        -> String
    {
        switch text.kind {
        case .missing: throw PersonScanFailure(reason: "\(name) is missing")
        case .other: throw PersonScanFailure(reason: "\(name) is neither a number nor a text")
        case .number: return String(decoding: bytes[text.range], as: UTF8.self)
        case .text: return try checked(text, name)
        }
    }

    /// A text that may be missing, or be something else: then it is empty.
    func optional(_ text: PersonText, _ name: String) throws(PersonScanFailure) -> String {
        guard text.kind == .text else { return "" }
        return try withoutNUL(string(text), name)
    }

    private func checked(_ text: PersonText, _ name: String) throws(PersonScanFailure) -> String {
        let value = string(text)
        guard value.utf8.contains(where: { $0 != 0x20 }) else {
            throw PersonScanFailure(reason: "\(name) is empty")
        }
        return try withoutNUL(value, name)
    }

    /// No text column of PostgreSQL can hold NUL, which only an escape can bring.
    private func withoutNUL(_ value: String, _ name: String) throws(PersonScanFailure) -> String {
        guard !value.utf8.contains(0) else {
            throw PersonScanFailure(reason: "\(name) holds a NUL character")
        }
        return value
    }

    private func string(_ text: PersonText) -> String {
        guard text.isEscaped else {
            return String(decoding: UnsafeBufferPointer(rebasing: bytes[text.range]), as: UTF8.self)
        }
        let quoted = bytes[text.range.lowerBound - 1..<text.range.upperBound + 1]
        let value = try? JSONParser.parse(UnsafeBufferPointer(rebasing: quoted))
        return value?.string ?? ""
    }

    /// The uuid in lower case, in its form of 8-4-4-4-12 digits (RFC 9562, section 4).
    func uuid(_ text: PersonText) throws(PersonScanFailure) -> String {
        let name = "login.uuid"
        let value = try required(text, name)
        let characters = value.utf8
        var isUUID = characters.count == 36
        for (index, byte) in characters.enumerated() {
            let isDash = index == 8 || index == 13 || index == 18 || index == 23
            isUUID = isUUID && (isDash ? byte == UInt8(ascii: "-") : HexDigits.value(byte) != nil)
        }
        guard isUUID else { throw PersonScanFailure(reason: "\(name) is not a UUID") }
        return value.lowercased()
    }

    /// `2007-12-18T03:12:05.897Z`; only its shape is looked at, the text stays as it is.
    func date(_ text: PersonText, _ name: String) throws(PersonScanFailure) -> String {
        let value = try required(text, name)
        var isDate = value.utf8.count >= 20
        for (byte, shape) in zip(value.utf8, "0000-00-00T00:00:00".utf8) {
            isDate = isDate && (shape == 0x30 ? (0x30...0x39).contains(byte) : byte == shape)
        }
        guard isDate else { throw PersonScanFailure(reason: "\(name) is not an ISO date") }
        return value
    }

    /// "number street, city, state, country". Blanks around each part are dropped: the API's word
    /// lists hold street names that end with one.
    func address(_ fields: PersonFields) throws(PersonScanFailure) -> String {
        var address: String
        let isLegacy = fields.street.kind == .text
        if isLegacy {
            address = try required(fields.street, "location.street").trimmingBlanks
        } else {
            let number = try requiredNumberOrText(fields.streetNumber, "location.street.number")
            let street = try required(fields.streetName, "location.street.name")
            address = number.trimmingBlanks + " " + street.trimmingBlanks
        }
        address += ", " + (try required(fields.city, "location.city")).trimmingBlanks
        address += ", " + (try required(fields.state, "location.state")).trimmingBlanks
        let hasCountry = fields.country.kind != .missing
        let nationality = try optional(fields.nationality, "nat")
        if hasCountry || !(isLegacy || nationality == "LEGO") {
            address += ", " + (try required(fields.country, "location.country")).trimmingBlanks
        }
        return address
    }
}

extension String {
    /// Without blanks at either end; the string itself when there are none.
    fileprivate var trimmingBlanks: String {
        guard utf8.first == 0x20 || utf8.last == 0x20 else { return self }
        return String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
