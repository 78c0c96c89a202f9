// Which member of a user object a name means, by the object it stands in.

import MillraceBase

/// What a member is to us: a field to keep, an object to look into, a secret to drop, or neither.
enum PersonMember {
    case gender, nationality, email, phone
    case name, title, first, last
    case location, street, streetNumber, streetName, city, state, country, postCode
    case login, uuid, username, secret
    case dob, dobDate, registered, registeredDate
    case picture, pictureMedium
    case other

    /// - Parameter name: where the name stands in `bytes`; one with escapes is read as what it
    ///   means, so that no spelling of `password` gets through.
    init(
        named name: PersonText, in place: PersonScanner.Place, of bytes: UnsafeBufferPointer<UInt8>
    ) {
        if name.isEscaped {
            let quoted = bytes[name.range.lowerBound - 1..<name.range.upperBound + 1]
            let value = try? JSONParser.parse(UnsafeBufferPointer(rebasing: quoted))
            var text = value?.string ?? ""
            self = text.withUTF8 { PersonMemberName(bytes: $0).member(in: place) }
        } else {
            let plain = UnsafeBufferPointer(rebasing: bytes[name.range])
            self = PersonMemberName(bytes: plain).member(in: place)
        }
    }

    /// The object to look into when this member's value is one.
    var place: PersonScanner.Place {
        switch self {
        case .name: .name
        case .location: .location
        case .street: .street
        case .login: .login
        case .dob: .dob
        case .registered: .registered
        case .picture: .picture
        case .gender, .nationality, .email, .phone, .title, .first, .last, .streetNumber,
            .streetName, .city, .state, .country, .postCode, .uuid, .username, .secret, .dobDate,
            .registeredDate, .pictureMedium, .other:
            .other
        }
    }

    /// Notes the value's place; of a member that we do not project, nothing.
    func keep(_ value: PersonText, in fields: inout PersonFields) {
        switch self {
        case .gender: fields.gender = value
        case .nationality: fields.nationality = value
        case .email: fields.email = value
        case .phone: fields.phone = value
        case .title: fields.title = value
        case .first: fields.first = value
        case .last: fields.last = value
        case .street: fields.street = value
        case .streetNumber: fields.streetNumber = value
        case .streetName: fields.streetName = value
        case .city: fields.city = value
        case .state: fields.state = value
        case .country: fields.country = value
        case .postCode: fields.postCode = value
        case .uuid: fields.uuid = value
        case .username: fields.username = value
        case .dobDate: fields.dob = value
        case .registeredDate: fields.registered = value
        case .pictureMedium: fields.picture = value
        case .name, .location, .login, .secret, .dob, .registered, .picture, .other: break
        }
    }
}

/// A member's name, compared byte by byte without making a String of it.
private struct PersonMemberName {
    var bytes: UnsafeBufferPointer<UInt8>

    private func `is`(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard bytes.count == count else { return false }
        for index in 0..<count where bytes[index] != word.utf8Start[index] { return false }
        return true
    }

    func member(in place: PersonScanner.Place) -> PersonMember {
        switch place {
        case .root: return inRoot
        case .name:
            if self.is("title") { return .title }
            if self.is("first") { return .first }
            return self.is("last") ? .last : .other
        case .location: return inLocation
        case .street:
            if self.is("number") { return .streetNumber }
            return self.is("name") ? .streetName : .other
        case .login: return inLogin
        case .dob: return self.is("date") ? .dobDate : .other
        case .registered: return self.is("date") ? .registeredDate : .other
        case .picture: return self.is("medium") ? .pictureMedium : .other
        case .other: return .other
        }
    }

    private var inRoot: PersonMember {
        switch bytes.count {
        case 3: self.is("dob") ? .dob : self.is("nat") ? .nationality : .other
        case 4: self.is("name") ? .name : .other
        case 5: self.is("email") ? .email : self.is("login") ? .login : phone
        case 6: self.is("gender") ? .gender : .other
        case 7: self.is("picture") ? .picture : .other
        case 8: self.is("location") ? .location : .other
        case 10: self.is("registered") ? .registered : .other
        default: .other
        }
    }

    private var phone: PersonMember { self.is("phone") ? .phone : .other }

    private var inLocation: PersonMember {
        switch bytes.count {
        case 4: self.is("city") ? .city : .other
        case 5: self.is("state") ? .state : .other
        case 6: self.is("street") ? .street : .other
        case 7: self.is("country") ? .country : .other
        case 8: self.is("postcode") ? .postCode : .other
        default: .other
        }
    }

    private var inLogin: PersonMember {
        switch bytes.count {
        case 3: self.is("md5") ? .secret : .other
        case 4: self.is("uuid") ? .uuid : self.is("salt") || self.is("sha1") ? .secret : .other
        case 6: self.is("sha256") ? .secret : .other
        case 8: self.is("username") ? .username : self.is("password") ? .secret : .other
        default: .other
        }
    }
}
