// One page of staged people as a file. Layout, all integers little endian:
//
//     "MSP2"  fetchedAt i64 (ms)  people u32  rejected u32
//     people:   a packed `PersonRow`        as length u32 and bytes
//     rejected: index u32, reason, raw      likewise
//     crc32c u32 over all before it

import CHash
import MillraceLanding

/// The people of one page and the records of it that are none. People that were read from a file
/// share its bytes. Genders found another way are not kept: a page is what the source said.
struct StagedPage: Sendable, Equatable {
    struct Rejected: Sendable, Equatable {
        /// The record's place in the page, from 0.
        var index: Int
        var reason: String
        var raw: [UInt8]

        /// The reason without its place in the record, to count by: there are few of these.
        var kind: String {
            reason.firstRange(of: " at byte ").map { String(reason[..<$0.lowerBound]) } ?? reason
        }
    }

    /// When the page came from the source, milliseconds since 1970.
    var fetchedAtMilliseconds: Int64
    var people: [Person]
    var rejected: [Rejected]

    private static let magic: [UInt8] = Array("MSP2".utf8)

    var bytes: [UInt8] {
        var out = Self.magic
        out.reserveCapacity(people.reduce(64) { $0 + $1.row.packed.count + 4 })
        Self.append(UInt64(bitPattern: fetchedAtMilliseconds), to: &out)
        Self.append(UInt32(people.count), to: &out)
        Self.append(UInt32(rejected.count), to: &out)
        for person in people { Self.append(person.row.packed, to: &out) }
        for record in rejected {
            Self.append(UInt32(record.index), to: &out)
            Self.append(Array(record.reason.utf8), to: &out)
            Self.append(record.raw, to: &out)
        }
        Self.append(chash_crc32c(0, out, out.count), to: &out)
        return out
    }

    init(fetchedAtMilliseconds: Int64, people: [Person], rejected: [Rejected]) {
        self.fetchedAtMilliseconds = fetchedAtMilliseconds
        self.people = people
        self.rejected = rejected
    }

    /// - Returns: `nil` for bytes that `bytes` did not write, or that were damaged.
    init?(bytes: [UInt8]) {
        guard bytes.count >= 24, bytes.starts(with: Self.magic) else { return nil }
        let end = bytes.count - 4
        var tail = Cursor(bytes: bytes, at: end, end: bytes.count)
        guard tail.uint32() == chash_crc32c(0, bytes, end) else { return nil }
        var cursor = Cursor(bytes: bytes, at: 4, end: end)
        guard let low = cursor.uint32(), let high = cursor.uint32(),
            let peopleCount = cursor.uint32(), let rejectedCount = cursor.uint32()
        else { return nil }
        fetchedAtMilliseconds = Int64(bitPattern: UInt64(low) | UInt64(high) << 32)
        people = []
        people.reserveCapacity(min(Int(peopleCount), bytes.count / 16))
        for _ in 0..<peopleCount {
            guard let place = cursor.run(), let row = PersonRow(sharing: bytes, at: place)
            else { return nil }
            people.append(Person(row: row))
        }
        rejected = []
        for _ in 0..<rejectedCount {
            guard let index = cursor.uint32(), let reason = cursor.text(), let raw = cursor.run()
            else { return nil }
            rejected.append(
                Rejected(index: Int(index), reason: reason, raw: Array(bytes[raw])))
        }
    }

    private static func append(_ value: some FixedWidthInteger, to out: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { out.append(contentsOf: $0) }
    }

    private static func append(_ run: some Collection<UInt8>, to out: inout [UInt8]) {
        append(UInt32(run.count), to: &out)
        out.append(contentsOf: run)
    }

    private struct Cursor {
        let bytes: [UInt8]
        var at: Int
        let end: Int

        mutating func uint32() -> UInt32? {
            guard at + 4 <= end else { return nil }
            defer { at += 4 }
            return UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16
                | UInt32(bytes[at + 3]) << 24
        }

        mutating func run() -> Range<Int>? {
            guard let count = uint32(), Int(count) <= end - at else { return nil }
            defer { at += Int(count) }
            return at..<at + Int(count)
        }

        mutating func text() -> String? {
            run().map { String(decoding: bytes[$0], as: UTF8.self) }
        }
    }
}
