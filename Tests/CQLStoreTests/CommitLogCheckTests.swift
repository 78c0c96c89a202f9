// A log that is torn at its end is told from one that is damaged in the middle.

import CHash
import Foundation
import Testing

@testable import CQLStore

@Suite("Commit log check")
struct CommitLogCheckTests {
    /// Whole records of RocksDB's log, one behind the other, cut where a block ends.
    private static func log(_ sizes: [Int]) -> (bytes: [UInt8], starts: [Int]) {
        var out: [UInt8] = []
        var starts: [Int] = []
        for size in sizes {
            var rest = size
            var isFirst = true
            repeat {
                var left = 32_768 - out.count % 32_768
                if left < 7 {
                    out += Array(repeating: 0, count: left)
                    left = 32_768
                }
                if isFirst { starts.append(out.count) }
                let part = min(rest, left - 7)
                rest -= part
                let type: UInt8 = isFirst ? (rest == 0 ? 1 : 2) : (rest == 0 ? 4 : 3)
                isFirst = false
                let body = [type] + (0..<part).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ size) }
                let sum = body.withUnsafeBytes { chash_crc32c(0, $0.baseAddress, $0.count) }
                let masked = (sum >> 15 | sum << 17) &+ 0xA282_EAD8
                out += withUnsafeBytes(of: masked.littleEndian, Array.init)
                out += withUnsafeBytes(of: UInt16(part).littleEndian, Array.init)
                out += body
            } while rest > 0
        }
        return (out, starts)
    }

    private static func look(_ bytes: [UInt8]) -> CommitLogCheck.Findings {
        bytes.withUnsafeBytes { CommitLogCheck.look($0) }
    }

    @Test func wholeLogsAreFine() {
        let (bytes, _) = Self.log([10, 100, 40_000, 3, 70_000, 1])
        #expect(Self.look(bytes) == CommitLogCheck.Findings(firstGood: 0))
        let roomy = Self.look(bytes + Array(repeating: 0, count: 100_000))
        #expect(roomy == CommitLogCheck.Findings(firstGood: 0, damage: bytes.count))
        #expect(Self.look([]) == CommitLogCheck.Findings())
    }

    /// Method: cut at every length. Whatever is cut, nothing good stands behind it.
    @Test func aTornEndIsNoDamageInTheMiddle() {
        let (bytes, _) = Self.log([10, 100, 30, 200])
        for length in bytes.indices {
            #expect(Self.look(Array(bytes.prefix(length))).goodBehind == nil)
        }
        let (long, _) = Self.log([33_000, 33_000])
        for length in stride(from: 1, to: long.count, by: 997) {
            #expect(Self.look(Array(long.prefix(length))).goodBehind == nil)
        }
    }

    /// Method: turn one byte at a time. Damage before the last record is found to be in the middle.
    @Test func damageInTheMiddleIsFound() {
        let (bytes, starts) = Self.log([10, 100, 30, 200])
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0x40
            let found = Self.look(damaged)
            let record = starts.last { $0 <= index } ?? 0
            #expect(found.damage == record)
            #expect((found.goodBehind != nil) == (record != starts.last), "byte \(index)")
        }
        var (long, _) = Self.log([10, 100_000, 10])
        long[50] ^= 1
        #expect(Self.look(long).goodBehind == 32_768)
    }

    /// Method: zeros where records were, from whole blocks down to one record.
    @Test func aHoleIsDamageWhenRecordsStandBehindIt() {
        let (bytes, starts) = Self.log([10, 100_000, 30, 40_000, 200])
        for hole in [32_768..<98_304, 32_768..<65_536, starts[2]..<starts[3], 0..<40_000] {
            var damaged = bytes
            damaged.replaceSubrange(hole, with: repeatElement(0, count: hole.count))
            #expect(Self.look(damaged).goodBehind != nil, "\(hole)")
        }
        var short = Self.log([10, 100, 30]).bytes
        short.replaceSubrange(20..<60, with: repeatElement(0, count: 40))
        #expect(Self.look(short).goodBehind != nil)
    }

    #if os(Linux)
    /// Goal: RocksDB finds our checksum, which the processor does, before its own by table.
    @Test func rocksDBUsesTheProcessorsChecksum() throws {
        typealias Extend = @convention(c) (UInt32, UnsafePointer<CChar>, Int) -> UInt32
        let symbol = try #require(dlsym(nil, "_ZN7rocksdb6crc32c6ExtendEjPKcm"))
        let address = UInt(bitPattern: symbol)
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        let home = maps.split(separator: "\n").first { line in
            let ends = line.prefix { $0 != " " }.split(separator: "-")
                .compactMap { UInt($0, radix: 16) }
            return ends.count == 2 && ends[0] <= address && address < ends[1]
        }
        #expect(home?.contains("librocksdb") == false)
        let extend = unsafeBitCast(symbol, to: Extend.self)
        #expect(extend(0, "123456789", 9) == 0xE306_9283)
        #expect(extend(extend(0, "1234", 4), "56789", 5) == 0xE306_9283)
    }
    #endif
}
