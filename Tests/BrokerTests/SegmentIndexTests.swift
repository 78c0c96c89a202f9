// The sparse index of a segment: what it remembers, finds, and how it is written.

import Testing

@testable import MillraceBroker

@Suite("Segment index")
struct SegmentIndexTests {
    /// A hundred batches of 1,000 bytes and ten records; times rise by 10 a batch.
    static var filled: SegmentIndex {
        var index = SegmentIndex()
        for number in 0..<100 {
            index.appended(
                relativeOffset: UInt32(number * 10), position: UInt32(number * 1_000),
                sizeBytes: 1_000, timestamp: Int64(1_000 + number * 10))
        }
        return index
    }

    /// Goal: an entry for about every 4,096 bytes, not for every batch.
    @Test func isSparse() {
        #expect(Self.filled.entries.count == 19)
        #expect(Self.filled.entries[0] == .init(relativeOffset: 50, position: 5_000))
    }

    /// Goal: the position is at or before the batch, and never further back than an interval.
    @Test(arguments: [0, 1, 49, 50, 51, 433, 999])
    func findsAPositionBefore(offset: UInt32) {
        let position = Self.filled.position(of: offset)
        let batch = offset / 10 * 1_000
        #expect(position <= batch)
        #expect(batch - position <= 5_000)
    }

    /// Goal: no batch before the offset found for a time reaches that time.
    @Test(arguments: [0, 1_000, 1_001, 1_500, 1_990, 5_000] as [Int64])
    func findsAnOffsetBeforeATime(time: Int64) {
        let offset = Int64(Self.filled.relativeOffset(before: time))
        let largestBefore = 1_000 + (offset / 10 - 1) * 10
        #expect(offset == 0 || largestBefore < time)
    }

    /// Goal: what is written is what is read.
    @Test func survivesTheRoundTrip() throws {
        let index = Self.filled
        let read = try #require(
            SegmentIndex.decode(
                entries: index.encodedEntries(), times: index.encodedTimes(),
                segmentBytes: 100_000))
        #expect(read.entries == index.entries)
        #expect(read.maxTimestamp == 1_990)
        #expect(read.maxTimestampRelativeOffset == 990)
    }

    /// Method: cut both files at every length. None may crash; what is read lies within the segment.
    @Test func survivesEveryCut() {
        let entries = Self.filled.encodedEntries()
        let times = Self.filled.encodedTimes()
        for count in 0..<entries.count {
            let read = SegmentIndex.decode(
                entries: Array(entries.prefix(count)), times: times, segmentBytes: 100_000)
            #expect((read == nil) == (count % 8 != 0))
        }
        for count in 0..<times.count {
            let read = SegmentIndex.decode(
                entries: entries, times: Array(times.prefix(count)), segmentBytes: 100_000)
            #expect((read == nil) == (count % 12 != 0))
        }
    }

    /// Goal: a file of zeros, which a power cut can leave, is no index.
    @Test func refusesZerosAndPositionsPastTheEnd() {
        let zeros = [UInt8](repeating: 0, count: 80)
        #expect(SegmentIndex.decode(entries: zeros, times: [], segmentBytes: 100_000) == nil)
        let entries = Self.filled.encodedEntries()
        #expect(SegmentIndex.decode(entries: entries, times: [], segmentBytes: 50_000) == nil)
    }

    /// Goal: an index cut and filled again is the index it was.
    @Test func growsAgainAfterACut() {
        var index = Self.filled
        let cut = index.entries[9]
        index.cut(to: cut.position, relativeOffset: cut.relativeOffset)
        #expect(index.entries.count == 9)
        for number in Int(cut.position / 1_000)..<100 {
            index.appended(
                relativeOffset: UInt32(number * 10), position: UInt32(number * 1_000),
                sizeBytes: 1_000, timestamp: Int64(1_000 + number * 10))
        }
        #expect(index.entries == Self.filled.entries)
        #expect(index.maxTimestamp == Self.filled.maxTimestamp)
    }
}
