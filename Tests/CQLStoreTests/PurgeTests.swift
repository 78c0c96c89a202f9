// What may be forgotten of a row, and how overlapping deletions are looked up.

import Testing

@testable import CQLStore

@Suite("Purging rows")
struct PurgeTests {
    private static let times = PurgeTimes(now: 1_000, graceSeconds: 100)

    private static func row(
        marker: RowMarker? = nil, deletion: Deletion? = nil, _ cells: [Cell]
    ) -> [UInt8] {
        var out = RawBytes()
        let writer = RowWriter(
            to: &out, base: cells.first?.timestamp ?? 0, marker: marker, deletion: deletion)
        for cell in cells { writer.append(cell, to: &out) }
        return out.array
    }

    private static func purge(
        _ row: [UInt8], floor: Int64? = nil, slots: [Int] = [0, 1]
    ) -> (outcome: RowPurge.Outcome, rest: [UInt8]) {
        var out = RawBytes()
        let outcome = row.withUnsafeBytes {
            RowPurge.purge($0, floor: floor, slotOfID: slots, times, into: &out)
        }
        return (outcome, out.array)
    }

    private static func tombstone(_ column: UInt16, at second: UInt32) -> Cell {
        Cell(column: column, flags: RowFormat.CellFlag.tombstone, timestamp: 5, time: second)
    }

    private static func live(_ column: UInt16, timestamp: Int64 = 5) -> Cell {
        Cell(column: column, flags: 0, timestamp: timestamp)
    }

    private static func expiring(_ column: UInt16, at second: UInt32, ttl: UInt32) -> Cell {
        Cell(
            column: column, flags: RowFormat.CellFlag.expires, timestamp: 5, time: second,
            timeToLive: ttl)
    }

    @Test func keepsWhatIsAliveOrYoung() {
        for row in [
            Self.row([Self.live(0)]), Self.row(marker: RowMarker(timestamp: 1), []),
            Self.row([Self.tombstone(0, at: 900)]),
            Self.row(deletion: Deletion(timestamp: 5, localTime: 900), []),
            Self.row([Self.expiring(0, at: 1_001, ttl: 500)]),
        ] {
            #expect(Self.purge(row).outcome == .keep)
        }
    }

    @Test func removesWhatIsOldEnough() {
        for row in [
            Self.row([Self.tombstone(0, at: 899)]),
            Self.row(deletion: Deletion(timestamp: 5, localTime: 899), []),
            Self.row([Self.expiring(0, at: 1_000, ttl: 101)]),
            Self.row(marker: RowMarker(timestamp: 5, expiry: 899, timeToLive: 9), []),
            Self.row([]),
        ] {
            #expect(Self.purge(row).outcome == (row == Self.row([]) ? .keep : .remove))
        }
    }

    /// Goal: an expired cell that must stay is a tombstone, without its value.
    @Test func expiredCellsLoseTheirValue() {
        let value: [UInt8] = [1, 2, 3]
        let row = value.withUnsafeBytes { value in
            var cell = Self.expiring(0, at: 990, ttl: 10)
            cell.value = value
            return Self.row([cell])
        }
        let (outcome, rest) = Self.purge(row)
        #expect(outcome == .rewrite)
        #expect(rest == Self.row([Self.tombstone(0, at: 980)]))
    }

    @Test func shadowedAndDroppedCellsGoAtOnce() {
        let young = Deletion(timestamp: 6, localTime: 999)
        let shadowed = Self.row(deletion: young, [Self.live(0), Self.live(1, timestamp: 7)])
        #expect(
            Self.purge(shadowed).rest == Self.row(deletion: young, [Self.live(1, timestamp: 7)]))
        let both = Self.row([Self.live(0), Self.live(1, timestamp: 7)])
        #expect(Self.purge(both, floor: 6).rest == Self.row([Self.live(1, timestamp: 7)]))
        #expect(Self.purge(both, floor: 7).outcome == .remove)
        #expect(Self.purge(both, slots: [-1, 0]).rest == Self.row([Self.live(1, timestamp: 7)]))
        #expect(Self.purge(both, slots: []).outcome == .remove)
    }

    /// Goal: a deletion that may go takes what it deleted with it.
    @Test func anOldDeletionTakesItsVictims() {
        let old = Deletion(timestamp: 6, localTime: 1)
        let row = Self.row(deletion: old, [Self.live(0), Self.live(1, timestamp: 7)])
        #expect(Self.purge(row).rest == Self.row([Self.live(1, timestamp: 7)]))
    }

    @Test func leavesDamageAlone() {
        let row = Self.row([Self.tombstone(0, at: 1)])
        for length in row.indices where length > 0 {
            let outcome = Self.purge(Array(row.prefix(length))).outcome
            #expect(outcome == .damaged || length == 10)
        }
    }

    /// Method: the sorted search against the plain one, on random overlapping ranges.
    @Test(arguments: [1, 2, 3])
    func manyRangesAreFoundAsFewAre(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var deletions = PartitionDeletions()
            if Bool.random(using: &random) {
                deletions.partition = Deletion(timestamp: 4, localTime: 0)
            }
            for _ in 0..<Int.random(in: 5..<30, using: &random) {
                let start = UInt8.random(in: 0..<40, using: &random)
                let end = UInt8.random(in: 0..<40, using: &random)
                deletions.add(
                    ClusteringRange(start: [start], end: [end]),
                    Deletion(timestamp: .random(in: 0..<9, using: &random), localTime: 0))
            }
            var flat = deletions
            flat.flatten()
            for place in UInt8(0)..<42 {
                let (plain, found) = [place].withUnsafeBytes {
                    (deletions.floor(at: $0), flat.floor(at: $0))
                }
                #expect(plain == found, "seed \(seed), place \(place)")
            }
        }
    }

    /// Goal: appending to a growing row costs a constant number of rewritten bytes for each one.
    @Test func growingRowsAreNotRewrittenEachTime() {
        var hot = HotRows()
        let key: [UInt8] = Array("a key of some length".utf8)
        let (appends, each) = (20_000, 50)
        var rewritten = 0
        key.withUnsafeBytes { key in
            for index in 1...appends where hot.note(key, bytes: each) {
                rewritten += index * each
                hot.joined(key, rowBytes: index * each)
            }
        }
        #expect(rewritten > 0)
        #expect(rewritten < 10 * appends * each)
    }
}
