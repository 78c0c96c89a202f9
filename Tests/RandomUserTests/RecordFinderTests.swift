// Records are found in lines and in answers, wherever the pieces of the text are cut.

import Testing

@testable import RandomUserClient

@Suite("RecordFinder")
struct RecordFinderTests {
    /// All records of a text that comes in pieces of one size.
    private func records(_ text: [UInt8], pieces: Int = 1 << 20) -> [[UInt8]] {
        var finder = text.withUnsafeBufferPointer { RecordFinder(lookingAt: $0) }
        var found: [Range<Int>] = []
        while finder.position < text.count {
            let piece = text[finder.position..<min(finder.position + pieces, text.count)]
            piece.withUnsafeBufferPointer { bytes in
                _ = finder.scan(bytes) {
                    found.append($0)
                    return found.count % 3 != 0
                }
            }
        }
        if let rest = finder.finish() { found.append(rest) }
        return found.map { Array(text[$0]) }
    }

    @Test(arguments: [1, 2, 3, 7, 100, 1 << 20])
    func findsLines(pieces: Int) throws {
        let lines = try Fixtures.lines("people.ndjson")
        #expect(try records(Fixtures.bytes("people.ndjson"), pieces: pieces) == lines)
    }

    /// Goal: broken lines are records as well, and cost only themselves.
    @Test(arguments: [1, 5, 1 << 20])
    func keepsBrokenLines(pieces: Int) throws {
        let found = try records(Fixtures.bytes("broken.ndjson"), pieces: pieces)
        #expect(found.count == 6)
        let good = found.filter { (try? PersonRecord.parse($0)) != nil }
        #expect(good.count == 3)
    }

    /// Goal: one answer after the other, indented or not, results first or last.
    @Test(arguments: [1, 2, 3, 7, 100, 1 << 20])
    func findsAnswers(pieces: Int) throws {
        let found = try records(Fixtures.bytes("answers.json"), pieces: pieces)
        let expected = try Fixtures.lines("people.ndjson").map { try PersonRecord.parse($0) }
        #expect(try found.map { try PersonRecord.parse($0) } == expected)
    }

    @Test(arguments: [
        ("[{\"a\":1}, {\"b\":[{}]} ,3]", ["{\"a\":1}", "{\"b\":[{}]}", "3"]),
        ("{\"results\":[]}", []),
        ("{\"x\":{\"results\":[1]},\"results\":[{\"results\":[2]}]}", ["{\"results\":[2]}"]),
        ("{\"results\":[{\"a\":\"]},{\\\"\"}]}", ["{\"a\":\"]},{\\\"\"}"]),
        ("{\"results\":[{\"a\":1}},{\"b\":2}]}", ["{\"a\":1}}", "{\"b\":2}"]),
        ("{\"results\":[{\"a\":1},{\"b\"", ["{\"a\":1}", "{\"b\""]),
        ("{\"result\":[1]}\n{\"results\":[2]}", ["{\"result\":[1]}", "{\"results\":[2]}"]),
        ("\n\n", []),
        ("", []),
    ])
    func findsInside(text: String, expected: [String]) {
        for pieces in 1...4 {
            let found = records(Array(text.utf8), pieces: pieces)
            #expect(found.map { String(decoding: $0, as: UTF8.self) } == expected)
        }
    }

    /// Goal: depth is counted, not kept, so no record is too deep to find the next one.
    @Test func survivesDeepRecords() {
        let deep = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        let found = records(Array("{\"results\":[\(deep),{\"a\":1}]}".utf8))
        #expect(found.map(\.count) == [1_000, 7])
    }

    @Test func passesTheByteOrderMark() throws {
        let found = try records([0xEF, 0xBB, 0xBF] + Fixtures.bytes("answers.json"))
        #expect(found.count == 9)
    }
}
