// Tells a commit log that was torn at its end from one that is damaged in the middle.

import CHash
import Foundation

/// What is wrong with a log file: good records stand behind damaged ones.
struct CommitLogDamage: Error, Equatable, Sendable, CustomStringConvertible {
    var file: String
    /// Where the damage begins, in bytes.
    var offset: Int
    /// Where the next good record stands: in this file, or in a newer one.
    var nextGood: (file: String, offset: Int)

    static func == (a: Self, b: Self) -> Bool {
        a.file == b.file && a.offset == b.offset && a.nextGood == b.nextGood
    }

    var description: String {
        "the commit log \(file) is damaged at byte \(offset), and acknowledged writes stand behind "
            + "it (\(nextGood.file), byte \(nextGood.offset)). Bring the file back from a copy; or, "
            + "to go on without what stands behind, move newer .log files away and run: "
            + "truncate -s \(offset) \(file)"
    }
}

/// Looks at the log before RocksDB does, which would cut it at the first damage without a word.
///
/// The log is blocks of 32 KiB; a record has [crc32c u32][length u16][type u8], little endian, and
/// never goes over the end of a block. Source: RocksDB's `db/log_format.h`.
enum CommitLogCheck {
    private static let blockBytes = 32 << 10
    private static let headerBytes = 7
    /// Types 5 to 8 are of recycled files, whose header has four bytes more; 9 names a compression.
    private static let typesMax: UInt8 = 9

    /// Looks at all log files of a store. A store without any is fine.
    static func check(directory: String) throws(CommitLogDamage) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        let logs = names.filter { $0.hasSuffix(".log") && $0.dropLast(4).allSatisfy(\.isNumber) }
            .sorted { ($0.count, $0) < ($1.count, $1) }
        var torn: (file: String, offset: Int)?
        for log in logs {
            let path = "\(directory)/\(log)"
            guard
                let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
            else { continue }
            let found = data.withUnsafeBytes { look($0) }
            if let torn, let first = found.firstGood {
                throw CommitLogDamage(
                    file: torn.file, offset: torn.offset, nextGood: (path, first))
            }
            guard let damage = found.damage else { continue }
            if let next = found.goodBehind {
                throw CommitLogDamage(file: path, offset: damage, nextGood: (path, next))
            }
            torn = torn ?? (path, damage)
        }
    }

    struct Findings: Equatable {
        var firstGood: Int?
        /// Where the first record that is none begins, or the zeros that the file ends with; `nil` for
        /// a whole file.
        var damage: Int?
        /// The first good record behind the damage.
        var goodBehind: Int?
    }

    static func look(_ bytes: UnsafeRawBufferPointer) -> Findings {
        var found = Findings()
        var at = 0
        // Zeros at the end are room that was never written; before a good record they are a hole.
        var hole: Int?
        while at < bytes.count {
            let left = blockBytes - at % blockBytes
            if left < headerBytes || isEmpty(bytes, at) {
                if left >= headerBytes { hole = hole ?? at }
                at += left
                continue
            }
            let length = record(bytes, at)
            if hole == nil, let length {
                found.firstGood = found.firstGood ?? at
                at += length
                continue
            }
            found.damage = hole ?? at
            found.goodBehind = length == nil ? searched(bytes, behind: at) : at
            return found
        }
        found.damage = hole
        found.goodBehind = hole.flatMap { searched(bytes, behind: $0) }
        return found
    }

    /// Whether nothing was ever written there, as far as a header shows it.
    private static func isEmpty(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Bool {
        let end = min(at + headerBytes, bytes.count)
        return bytes[at..<end].allSatisfy { $0 == 0 }
    }

    /// - Returns: the length of the record there, its header included; `nil` when there is none.
    private static func record(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> Int? {
        let left = min(blockBytes - at % blockBytes, bytes.count - at)
        guard left >= headerBytes else { return nil }
        let type = bytes[at + 6]
        let length = Int(bytes.little(at + 4, as: UInt16.self))
        let header = type >= 5 && type <= 8 ? headerBytes + 4 : headerBytes
        guard type > 0, type <= typesMax, header + length <= left,
            let start = bytes.baseAddress
        else { return nil }
        let sum = chash_crc32c(0, start + at + 6, header - 6 + length)
        let masked = (sum >> 15 | sum << 17) &+ 0xA282_EAD8
        return masked == bytes.little(at, as: UInt32.self) ? header + length : nil
    }

    /// The rest of the block is searched byte by byte; the blocks behind begin with a record.
    private static func searched(_ bytes: UnsafeRawBufferPointer, behind damage: Int) -> Int? {
        let blockEnd = min((damage / blockBytes + 1) * blockBytes, bytes.count)
        for at in damage + 1..<max(blockEnd, damage + 2) where at + headerBytes <= blockEnd {
            if record(bytes, at) != nil { return at }
        }
        for at in stride(from: blockEnd, to: bytes.count, by: blockBytes)
        where record(bytes, at) != nil {
            return at
        }
        return nil
    }
}
