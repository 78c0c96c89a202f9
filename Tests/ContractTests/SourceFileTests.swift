// The file source: any page of any file, whatever its layout.

import Foundation
import MillraceBase
import RandomUserClient
import Testing

@Suite("Source from a file")
struct SourceFileTests {
    private func withFile(
        _ text: String, _ body: (FilePeopleSource) async throws -> Void
    ) async throws {
        let folder = try SourceScratch.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "people")
        try Data(text.utf8).write(to: file)
        let source = try FilePeopleSource(path: file.path)
        try await body(source)
        await source.close()
    }

    private func page(_ offset: Int, _ count: Int) -> PageRequest {
        PageRequest(seed: "", page: 1, count: count, offset: offset)
    }

    private func numbers(_ records: [SourceRecord]) throws -> [Int] {
        try records.map { try Int(PersonRecord.parse($0.bytes).username.dropFirst(3)) ?? -1 }
    }

    /// Three thousand records, written either way.
    enum Layout: String, CaseIterable, Sendable {
        case lines, answers

        var text: String {
            switch self {
            case .lines: (0..<3_000).map { SourceScratch.record($0) }.joined(separator: "\n")
            case .answers:
                [0..<1_000, 1_000..<1_001, 1_001..<1_001, 1_001..<3_000]
                    .map { SourceScratch.answer($0) }.joined(separator: "\n")
            }
        }
    }

    /// Goal: pages in order, backwards, and far apart give the same records.
    @Test(arguments: Layout.allCases)
    func seeksAnywhere(layout: Layout) async throws {
        try await withFile(layout.text) { source in
            for offset in [0, 700, 1_400, 255, 256, 257, 2_999, 0, 512] {
                let wanted = Array(offset..<min(offset + 700, 3_000))
                let records = try await source.fetch(page(offset, 700))
                #expect(try numbers(records) == wanted)
            }
            let count = try await source.count()
            #expect(count == 3_000)
        }
    }

    @Test(arguments: Layout.allCases)
    func countsAndIsExhausted(layout: Layout) async throws {
        try await withFile(layout.text) { source in
            let count = try await source.count()
            #expect(count == 3_000)
            let last = try await source.fetch(page(2_990, 50))
            #expect(last.count == 10)
            for offset in [3_000, 9_999] {
                await #expect(throws: SourceError.exhausted(count: 3_000)) {
                    _ = try await source.fetch(page(offset, 1))
                }
            }
        }
    }

    /// Goal: a broken line is a record that gets rejected with its bytes; its neighbours go on.
    @Test func keepsBrokenLines() async throws {
        let lines = [
            SourceScratch.record(1), "{\"gender\":", "", SourceScratch.record(2), "garbage",
        ]
        try await withFile(lines.joined(separator: "\r\n")) { source in
            let records = try await source.fetch(page(0, 10))
            #expect(records.count == 4)
            #expect(try numbers([records[0], records[2]]) == [1, 2])
            #expect(records[1].bytes == Array("{\"gender\":".utf8))
            #expect(records[3].bytes == Array("garbage".utf8))
        }
    }

    /// Goal: a line without end costs no memory and hides nobody behind it.
    @Test func cutsEndlessLines() async throws {
        let long = String(repeating: "x", count: 3 << 20)
        try await withFile("\(SourceScratch.record(1))\n\(long)\n\(SourceScratch.record(2))") {
            source in
            let records = try await source.fetch(page(0, 10))
            #expect(records.map { $0.bytes.count }[1] == SourceLimits.recordBytesMax)
            #expect(try numbers([records[0], records[2]]) == [1, 2])
        }
    }

    @Test func anEmptyFileIsExhausted() async throws {
        try await withFile("") { source in
            let count = try await source.count()
            #expect(count == 0)
            await #expect(throws: SourceError.exhausted(count: 0)) {
                _ = try await source.fetch(page(0, 1))
            }
        }
    }

    @Test(arguments: ["/no/such/file", "/tmp"])
    func namesAPathItCannotUse(path: String) {
        let error = #expect(throws: SourceError.self) { try FilePeopleSource(path: path) }
        guard case .unusable(path, _)? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
    }

    /// Goal: the real sample, replayed whole.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: sample)))
    func replaysTheSample() async throws {
        let source = try FilePeopleSource(path: Self.sample)
        #expect(try await source.count() == 1_580)
        let records = try await source.fetch(page(0, 5_000))
        #expect(try Set(records.map { try PersonRecord.parse($0.bytes).id }).count == 1_580)
        await source.close()
    }

    private static let sample = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "shared/data/randomuser-sample.ndjson").path
}
