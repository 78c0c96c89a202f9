// JSON written as bytes, member by member, without a value in between.

import MillraceBase

/// Appends to a buffer. Texts are taken as they are, so only such as need no escaping may come in;
/// `escapedMember` is for the others.
struct JSONBytes {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    init(capacity: Int) { bytes.reserveCapacity(capacity) }

    mutating func open() {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    mutating func close() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    /// Text between members: brackets and commas of the answer around the people.
    mutating func raw(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        needsComma = false
    }

    mutating func object(_ name: StaticString, _ members: (inout JSONBytes) -> Void) {
        label(name)
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
        members(&self)
        close()
    }

    mutating func member(_ name: StaticString, _ value: StaticString) {
        label(name)
        quote()
        append(value)
        quote()
    }

    mutating func member(_ name: StaticString, _ value: [UInt8]) {
        label(name)
        quote()
        bytes.append(contentsOf: value)
        quote()
    }

    /// An e-mail address in its four parts.
    mutating func member(
        _ name: StaticString, _ a: [UInt8], _ b: StaticString, _ c: [UInt8], _ d: StaticString
    ) {
        label(name)
        quote()
        bytes.append(contentsOf: a)
        append(b)
        bytes.append(contentsOf: c)
        append(d)
        quote()
    }

    /// Two words and a number, without blanks.
    mutating func member(_ name: StaticString, _ a: [UInt8], _ b: [UInt8], _ number: Int) {
        label(name)
        quote()
        bytes.append(contentsOf: a)
        bytes.append(contentsOf: b)
        append(number)
        quote()
    }

    mutating func escapedMember(_ name: StaticString, _ value: [UInt8]) {
        label(name)
        JSONText.write(String(decoding: value, as: UTF8.self), to: &bytes)
    }

    mutating func number(_ name: StaticString, _ value: Int) {
        label(name)
        append(value)
    }

    mutating func null(_ name: StaticString) {
        label(name)
        append("null")
    }

    /// - Parameter value: in ten-thousandths of a degree; written as a text, as the API does.
    mutating func degrees(_ name: StaticString, _ value: Int) {
        label(name)
        quote()
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        append(value.magnitude / 10_000)
        bytes.append(UInt8(ascii: "."))
        append(value.magnitude % 10_000, digits: 4)
        quote()
    }

    /// A random UUID of version 4 (RFC 9562, section 5.4) out of 128 bits.
    mutating func uuid(_ name: StaticString, _ high: UInt64, _ low: UInt64) {
        label(name)
        quote()
        let high = high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        for place in 0..<16 {
            if place == 4 || place == 6 || place == 8 || place == 10 {
                bytes.append(UInt8(ascii: "-"))
            }
            let half = place < 8 ? high : low
            hex(UInt8(truncatingIfNeeded: half >> UInt64(8 * (7 - place % 8))))
        }
        quote()
    }

    mutating func member(_ name: StaticString, _ digest: Digest, of salted: [UInt8]) {
        label(name)
        quote()
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: digest.byteCount) { room in
            guard let start = room.baseAddress else { return }
            digest.write(salted, to: start)
            for byte in room { hex(byte) }
        }
        quote()
    }

    mutating func portrait(
        _ name: StaticString, _ size: StaticString, _ kind: String, _ number: Int
    ) {
        label(name)
        quote()
        append("https://randomuser.me/api/portraits/")
        append(size)
        bytes.append(contentsOf: kind.utf8)
        bytes.append(UInt8(ascii: "/"))
        append(number)
        append(".jpg")
        quote()
    }

    /// `1995-06-02T14:53:11.703Z`
    mutating func date(_ name: StaticString, _ date: CivilDate) {
        label(name)
        quote()
        append(UInt(date.year), digits: 4)
        bytes.append(UInt8(ascii: "-"))
        append(UInt(date.month), digits: 2)
        bytes.append(UInt8(ascii: "-"))
        append(UInt(date.day), digits: 2)
        bytes.append(UInt8(ascii: "T"))
        append(UInt(date.millisecondOfDay / 3_600_000), digits: 2)
        bytes.append(UInt8(ascii: ":"))
        append(UInt(date.millisecondOfDay / 60_000 % 60), digits: 2)
        bytes.append(UInt8(ascii: ":"))
        append(UInt(date.millisecondOfDay / 1_000 % 60), digits: 2)
        bytes.append(UInt8(ascii: "."))
        append(UInt(date.millisecondOfDay % 1_000), digits: 3)
        append("Z")
        quote()
    }

    // MARK: Parts

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func label(_ name: StaticString) {
        separate()
        needsComma = true
        quote()
        append(name)
        quote()
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func quote() { bytes.append(UInt8(ascii: "\"")) }

    private mutating func append(_ text: StaticString) {
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func append(_ number: Int) { append(number.magnitude, digits: 1) }

    private mutating func append(_ number: UInt, digits: Int = 1) {
        var divisor: UInt = 1
        for _ in 1..<max(digits, 1) { divisor *= 10 }
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(0x30 + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    private mutating func hex(_ byte: UInt8) {
        func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
        bytes.append(digit(byte >> 4))
        bytes.append(digit(byte & 15))
    }
}
