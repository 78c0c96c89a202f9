// Recorded people of our own making, and the real ones where they are at hand.

import Foundation
import MillraceBase
import RandomUserClient

enum Fixtures {
    private static let tests = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: tests.appending(path: "Fixtures/\(name)")))
    }

    static func lines(_ name: String) throws -> [[UInt8]] {
        try bytes(name).split(separator: 0x0A).map(Array.init)
    }

    /// Lines of the sample of real answers; `nil` where the folder beside the repository is
    /// missing.
    static func shared(_ name: String) -> [[UInt8]]? {
        let file = tests.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "shared/data/\(name)")
        guard let data = try? Data(contentsOf: file) else { return nil }
        return Array(data).split(separator: 0x0A).map(Array.init)
    }

    /// The first good record, with one change to its text.
    static func changed(_ old: String, to new: String) throws -> [UInt8] {
        let text = String(decoding: try lines("people.ndjson")[0], as: UTF8.self)
        return Array(text.replacing(old, with: new).utf8)
    }
}
