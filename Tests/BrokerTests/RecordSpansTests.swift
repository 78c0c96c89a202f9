// What the walk over records does with numbers that no honest client sends.

import Testing

@testable import MillraceBroker

@Suite("Places of records")
struct RecordSpansTests {
    /// A record with a key `k` and no value: length, attributes, time, offset delta, key, value, headers.
    private func record(offsetDelta: [UInt8]) -> [UInt8] {
        let body: [UInt8] = [0, 0] + offsetDelta + [2, UInt8(ascii: "k"), 1, 0]
        return [UInt8(body.count * 2)] + body
    }

    private func spans(_ bytes: [UInt8]) -> (deltas: [Int64], isWhole: Bool) {
        bytes.withUnsafeBytes { bytes in
            var spans = RecordSpans(bytes)
            var deltas: [Int64] = []
            while let span = spans.next() { deltas.append(span.offsetDelta) }
            return (deltas, spans.isAtEnd)
        }
    }

    @Test func recordsInARowAreWalked() {
        let found = spans(record(offsetDelta: [0]) + record(offsetDelta: [2]))
        #expect(found.deltas == [0, 1])
        #expect(found.isWhole)
    }

    /// Zigzag varints of Int64.max, Int64.min, -1 and 2^31.
    @Test(
        arguments: [
            [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            [0x01], [0x80, 0x80, 0x80, 0x80, 0x10],
        ] as [[UInt8]])
    func noOffsetIsReckonedFromSuchADelta(delta: [UInt8]) {
        let found = spans(record(offsetDelta: [0]) + record(offsetDelta: delta))
        #expect(found.deltas == [0])
        #expect(!found.isWhole)
    }
}
