// The subject of a certificate as text, the way Kafka's principals show it.
// Sources: RFC 5280 section 4.1 (where it is), RFC 2253 (its text), java.security X500Principal.getName

/// `CN=alice,OU=tests,O=Millrace`: the last attribute of the certificate comes first.
struct DistinguishedName: Equatable {
    let text: String

    /// - Parameter bytes: a certificate in DER. `nil` when it is none, or has no subject.
    init?(certificate bytes: [UInt8]) {
        var file = DERReader(bytes[...])
        guard var certificate = file.enter(DERTag.sequence),
            var body = certificate.enter(DERTag.sequence)
        else { return nil }
        // Version (optional), serial number, algorithm, issuer, validity: then the subject.
        if body.peek == DERTag.version { _ = body.next() }
        for _ in 0..<4 { guard body.next() != nil else { return nil } }
        guard let subject = body.enter(DERTag.sequence) else { return nil }
        guard let text = Self.text(of: subject) else { return nil }
        self.text = text
    }

    private static func text(of subject: DERReader) -> String? {
        var subject = subject
        var parts: [String] = []
        while !subject.isAtEnd {
            guard var set = subject.enter(DERTag.set) else { return nil }
            var attributes: [String] = []
            while !set.isAtEnd {
                guard var pair = set.enter(DERTag.sequence), let type = pair.next(),
                    type.tag == DERTag.objectIdentifier, let value = pair.next()
                else { return nil }
                attributes.append(attribute(Array(type.content), value))
            }
            parts.append(attributes.joined(separator: "+"))
        }
        return parts.reversed().joined(separator: ",")
    }

    private static func attribute(_ type: [UInt8], _ value: DERValue) -> String {
        let number = DERReader.objectIdentifier(type)
        guard let keyword = keywords[number], let text = value.string else {
            return number + "=#" + value.whole.map { hexadecimal($0) }.joined()
        }
        return keyword + "=" + escaped(text)
    }

    /// Those that RFC 2253 names; all others are shown by number.
    private static let keywords = [
        "2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "STREET",
        "2.5.4.10": "O", "2.5.4.11": "OU", "0.9.2342.19200300.100.1.25": "DC",
        "0.9.2342.19200300.100.1.1": "UID",
    ]

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }

    private static func escaped(_ text: String) -> String {
        let special: Set<Character> = [",", "=", "+", "<", ">", "#", ";", "\"", "\\"]
        let characters = Array(text)
        let first = characters.firstIndex { $0 != " " } ?? characters.count
        let last = characters.lastIndex { $0 != " " } ?? -1
        var out = ""
        for (position, character) in characters.enumerated() {
            let isOuterBlank = character == " " && (position < first || position > last)
            if special.contains(character) || isOuterBlank { out += "\\" }
            out.append(character)
        }
        return out
    }
}

/// The tags that are met on the way to a subject.
enum DERTag {
    static let sequence: UInt8 = 0x30
    static let set: UInt8 = 0x31
    static let objectIdentifier: UInt8 = 0x06
    /// The explicit version of a certificate.
    static let version: UInt8 = 0xa0
    static let utf8String: UInt8 = 0x0c
    static let printableString: UInt8 = 0x13
    static let teletexString: UInt8 = 0x14
    static let ia5String: UInt8 = 0x16
    static let universalString: UInt8 = 0x1c
    static let bmpString: UInt8 = 0x1e
}

/// One value of DER: its tag, its content, and all its bytes.
struct DERValue {
    var tag: UInt8
    var content: ArraySlice<UInt8>
    var whole: ArraySlice<UInt8>

    /// The text of a directory string; `nil` for anything else.
    var string: String? {
        switch tag {
        case DERTag.utf8String, DERTag.printableString, DERTag.ia5String:
            return String(validating: content, as: UTF8.self)
        case DERTag.teletexString:
            return String(String.UnicodeScalarView(content.map { Unicode.Scalar($0) }))
        case DERTag.bmpString:
            guard content.count.isMultiple(of: 2) else { return nil }
            let bytes = Array(content)
            let units = stride(from: 0, to: bytes.count, by: 2).map {
                UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
            }
            return String(validating: units, as: UTF16.self)
        default:
            return nil
        }
    }
}

/// Walks DER values one after the other; bad input gives `nil`.
struct DERReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }
    var peek: UInt8? { rest.first }

    mutating func next() -> DERValue? {
        let start = rest.startIndex
        guard rest.count >= 2 else { return nil }
        let tag = rest[start]
        var length = Int(rest[start + 1])
        var header = 2
        if length >= 0x80 {
            let count = length & 0x7f
            // Four bytes of length are 4 GiB; an indefinite length (0) is not DER.
            guard (1...4).contains(count), rest.count >= 2 + count else { return nil }
            length = rest[(start + 2)..<(start + 2 + count)].reduce(0) { $0 << 8 | Int($1) }
            header += count
        }
        guard rest.count - header >= length else { return nil }
        let end = start + header + length
        defer { rest = rest[end...] }
        return DERValue(
            tag: tag, content: rest[(start + header)..<end], whole: rest[start..<end])
    }

    /// The values inside the next one, if it has this tag.
    mutating func enter(_ tag: UInt8) -> DERReader? {
        guard peek == tag, let value = next() else { return nil }
        return DERReader(value.content)
    }

    /// `2.5.4.3` from its bytes.
    static func objectIdentifier(_ bytes: [UInt8]) -> String {
        var numbers: [UInt64] = []
        var number: UInt64 = 0
        for byte in bytes {
            number = number &<< 7 | UInt64(byte & 0x7f)
            guard byte & 0x80 == 0 else { continue }
            if numbers.isEmpty {
                let first = min(number / 40, 2)
                numbers = [first, number - first * 40]
            } else {
                numbers.append(number)
            }
            number = 0
        }
        return numbers.map(String.init).joined(separator: ".")
    }
}
