// The mark of the acknowledged end: what is written, and what is left of it by torn and spoiled bytes.

import Testing

@testable import MillraceBroker

@Suite("Metadata mark")
struct MetadataMarkTests {
    /// A file as a broker leaves it that acknowledged these ends.
    private static func file(_ ends: [Int64]) -> (bytes: [UInt8], mark: MetadataMark) {
        var bytes = [UInt8](repeating: 0, count: MetadataMark.fileBytes)
        var mark = MetadataMark(bytes)
        for end in ends {
            let slot = mark.slot(for: end)
            bytes.replaceSubrange(
                slot.position..<slot.position + slot.bytes.count, with: slot.bytes)
            mark.written(end)
        }
        return (bytes, mark)
    }

    @Test func theLastEndCounts() {
        for count in 0..<6 {
            let ends = (0..<count).map { Int64($0 * 3) }
            let (bytes, mark) = Self.file(ends)
            #expect(MetadataMark(bytes) == mark)
            #expect(MetadataMark(bytes).endOffset == ends.last)
        }
    }

    @Test func nothingIsNoMark() {
        #expect(MetadataMark([]).endOffset == nil)
        #expect(MetadataMark([UInt8](repeating: 0, count: 100)).endOffset == nil)
    }

    /// Goal: whatever is left of a slot whose write was cut off, the end before it counts.
    @Test func aTornSlotLeavesTheOther() {
        let (before, mark) = Self.file([5, 9])
        let slot = mark.slot(for: 12)
        for length in 0..<slot.bytes.count {
            var bytes = before
            let written = slot.bytes.prefix(length)
            bytes.replaceSubrange(slot.position..<slot.position + length, with: written)
            #expect(MetadataMark(bytes).endOffset == 9)
            let zeros = [UInt8](repeating: 0, count: slot.bytes.count - length)
            bytes.replaceSubrange(
                slot.position + length..<slot.position + slot.bytes.count, with: zeros)
            #expect(MetadataMark(bytes).endOffset == 9)
        }
    }

    /// Goal: no flipped bit makes an end that was never acknowledged.
    @Test func aSpoiledSlotDoesNotCount() {
        let (whole, _) = Self.file([5, 9])
        for position in whole.indices where position % MetadataMark.slotStride < 16 {
            for bit in 0..<8 {
                var bytes = whole
                bytes[position] ^= 1 << UInt8(bit)
                let end = MetadataMark(bytes).endOffset
                #expect(end == 5 || end == 9)
            }
        }
    }
}
