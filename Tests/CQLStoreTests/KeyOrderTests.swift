// Keys sort as their values do, and give their values back.

import CQLProtocol
import Foundation
import Testing

@testable import CQLStore

@Suite("Key order")
struct KeyOrderTests {
    private static func key(_ value: CQLValue, _ type: CQLType, _ descending: Bool = false) throws
        -> [UInt8]
    {
        let bytes = try #require(try value.encoded(as: type))
        var out = RawBytes()
        bytes.withUnsafeBytes {
            OrderedEncoding.append($0, type: type, descending: descending, to: &out)
        }
        return out.array
    }

    private static func check(
        _ type: CQLType, _ make: (inout SeededGenerator) -> CQLValue,
        _ isLess: @escaping (CQLValue, CQLValue) -> Bool
    ) throws {
        try KeyOrderCheck.run(type, make) { a, b in isLess(a, b) ? -1 : isLess(b, a) ? 1 : 0 }
    }

    private static func number(_ random: inout SeededGenerator) -> Int64 {
        let bits = Int.random(in: 0..<64, using: &random)
        return Int64(bitPattern: random.next()) >> Int64(bits)
    }

    @Test(arguments: [CQLType.bigint, .int, .smallint, .tinyint, .timestamp, .date, .time])
    func integers(type: CQLType) throws {
        try KeyOrderCheck.run(type) { random in
            let number = Self.number(&random)
            return switch type {
            case .int: .int(Int32(truncatingIfNeeded: number))
            case .smallint: .smallint(Int16(truncatingIfNeeded: number))
            case .tinyint: .tinyint(Int8(truncatingIfNeeded: number))
            case .timestamp: .timestamp(number)
            case .date: .date(Int32(truncatingIfNeeded: number))
            case .time: .time(abs(number % 86_400_000_000_000))
            default: .bigint(number)
            }
        } order: { a, b in
            let (a, b) = (a.int64 ?? 0, b.int64 ?? 0)
            return a == b ? 0 : a < b ? -1 : 1
        }
    }

    @Test func varints() throws {
        try Self.check(
            .varint,
            { random in
                let count = Int.random(in: 1...12, using: &random)
                return .varint(
                    CQLVarint(
                        bytes: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }))
            },
            { a, b in
                guard case .varint(let a) = a, case .varint(let b) = b else { return false }
                return a < b
            })
    }

    @Test func floatingPoint() throws {
        func double(_ random: inout SeededGenerator) -> Double {
            let specials = [
                0.0, -0.0, .infinity, -.infinity, .greatestFiniteMagnitude, 1e-300, 1, -1,
            ]
            return Bool.random(using: &random)
                ? specials.randomElement(using: &random) ?? 0
                : Double(Self.number(&random)) / 1000
        }
        // Java's order: -0.0 before 0.0.
        func isLess(_ a: Double, _ b: Double) -> Bool {
            a == b ? a.sign == .minus && b.sign == .plus && a == 0 : a < b
        }
        try Self.check(.double, { .double(double(&$0)) }) { a, b in
            guard case .double(let a) = a, case .double(let b) = b else { return false }
            return isLess(a, b)
        }
        try Self.check(.float, { .float(Float(double(&$0))) }) { a, b in
            guard case .float(let a) = a, case .float(let b) = b else { return false }
            return isLess(Double(a), Double(b))
        }
        #expect(
            try Self.key(.double(.infinity), .double).isLess(than: Self.key(.double(.nan), .double))
        )
    }

    @Test func textsAndBlobs() throws {
        func bytes(_ random: inout SeededGenerator) -> [UInt8] {
            let count = Int.random(in: 0...4, using: &random)
            return (0..<count).map { _ in
                [0, 1, 0x61, 0x7F, 0x62].randomElement(using: &random) ?? 0
            }
        }
        try Self.check(.text, { .text(String(decoding: bytes(&$0), as: UTF8.self)) }) { a, b in
            Array((a.string ?? "").utf8).isLess(than: Array((b.string ?? "").utf8))
        }
        try Self.check(.blob, { .blob(bytes(&$0).map { $0 == 0x62 ? 0xFF : $0 }) }) { a, b in
            (a.bytes ?? []).isLess(than: b.bytes ?? [])
        }
    }

    /// Source: Cassandra's TimeUUIDType: time first, then the rest as signed bytes.
    @Test func uuids() throws {
        func id(_ random: inout SeededGenerator, version: UInt64) -> CQLUUID {
            CQLUUID(
                high: random.next() & ~0xF000 | version << 12,
                low: random.next() & 0x3FFF_FFFF_FFFF_FFFF | 1 << 63)
        }
        func signed(_ low: UInt64) -> [Int8] {
            (0..<8).map {
                Int8(bitPattern: UInt8(truncatingIfNeeded: low >> (56 - 8 * UInt64($0))))
            }
        }
        try Self.check(.timeuuid, { .timeuuid(id(&$0, version: 1)) }) { a, b in
            guard let a = a.uuid, let b = b.uuid else { return false }
            let (x, y) = (a.timestampTicks ?? 0, b.timestampTicks ?? 0)
            return x != y ? x < y : signed(a.low).lexicographicallyPrecedes(signed(b.low))
        }
        try Self.check(.uuid, { .uuid(id(&$0, version: [1, 4].randomElement(using: &$0) ?? 4)) }) {
            a, b in
            guard let a = a.uuid, let b = b.uuid else { return false }
            if a.version != b.version { return a.version < b.version }
            let (x, y) = (a.timestampTicks ?? a.high, b.timestampTicks ?? b.high)
            return x != y ? x < y : a.low < b.low
        }
    }

    @Test func decimalsOfOneValueAreOneKey() throws {
        func decimal(_ text: String) throws -> [UInt8] {
            try Self.key(.decimal(try #require(CQLDecimal(text))), .decimal)
        }
        #expect(try decimal("1.0") == decimal("1.00"))
        #expect(try decimal("0") == decimal("0.000"))
        #expect(try decimal("100") == decimal("1E+2"))
        let rising = [
            "-1E+100", "-10.5", "-10.4999", "-1", "-0.001", "0", "1E-7", "0.1", "0.11", "1", "9.99",
            "10", "1E+30",
        ]
        for (a, b) in zip(rising, rising.dropFirst()) {
            #expect(try decimal(a).isLess(than: decimal(b)), "\(a) and \(b)")
        }
    }

    /// Goal: in keys of several columns the first one decides, whatever the second holds.
    @Test func componentsDoNotRunIntoEachOther() throws {
        var random = SeededGenerator(seed: 3)
        let texts = ["", "a", "a\u{0}", "ab", "b"]
        for _ in 0..<5_000 {
            let pick = { (random: inout SeededGenerator) in
                (
                    texts.randomElement(using: &random) ?? "",
                    Int32.random(in: -2...2, using: &random)
                )
            }
            let (a, b) = (pick(&random), pick(&random))
            let ka = try Self.key(.text(a.0), .text) + Self.key(.int(a.1), .int)
            let kb = try Self.key(.text(b.0), .text) + Self.key(.int(b.1), .int)
            let less = a.0 == b.0 ? a.1 < b.1 : Array(a.0.utf8).isLess(than: Array(b.0.utf8))
            if ka.isLess(than: kb) != less { Issue.record("\(a) and \(b)") }
        }
    }

    /// Vectors: what cassandra-driver's Murmur3Token.from_key gives.
    @Test func tokensAreTheDrivers() {
        let vectors: [(String, Int64)] = [
            ("", 0), ("123", -7_468_325_962_851_647_638), ("foo", -2_129_773_440_516_405_919),
        ]
        for (text, token) in vectors {
            let found = Array(text.utf8).withUnsafeBytes { StorageKey.token(of: $0) }
            #expect(found == token)
        }
    }

    @Test func storageKeysComeApart() throws {
        let partition: [UInt8] = [0, 0, 1, 0xFF, 0]
        var key = RawBytes()
        partition.withUnsafeBytes { StorageKey.appendPartition(table: 7, key: $0, to: &key) }
        let prefixCount = key.count
        key.append(StorageKey.Kind.rangeDeletion)
        let (start, end): ([UInt8], [UInt8]) = ([0, 1], [0xFF])
        start.withUnsafeBytes { start in
            end.withUnsafeBytes { StorageKey.appendBounds(start: start, end: $0, to: &key) }
        }
        #expect(StorageKey.kindIndex(of: key.bytes) == prefixCount)
        let bounds = StorageKey.bounds(of: key.bytes, after: prefixCount)
        #expect(bounds?.start == start)
        #expect(bounds?.end == end)
    }
}
