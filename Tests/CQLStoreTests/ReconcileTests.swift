// Last write wins: whatever is joined in whatever order, the outcome is the same bytes.

import Testing

@testable import CQLStore

@Suite("Reconcile")
struct ReconcileTests {
    /// Method: random rows with few columns, timestamps and paths, so that they collide all the time.
    private static func row(_ random: inout SeededGenerator) -> [UInt8] {
        var out = RawBytes()
        let marker =
            Bool.random(using: &random)
            ? RowMarker(
                timestamp: .random(in: 1...4, using: &random),
                expiry: Bool.random(using: &random) ? 0 : .random(in: 100...102, using: &random),
                timeToLive: 5) : nil
        let deletion =
            Int.random(in: 0..<5, using: &random) == 0
            ? Deletion(
                timestamp: .random(in: 0...3, using: &random),
                localTime: .random(in: 1...2, using: &random)) : nil
        let clustering: [UInt8] =
            Bool.random(using: &random) ? [] : [1, .random(in: 0...1, using: &random)]
        var plain: [UInt8] = []
        clustering.withUnsafeBytes { clustering in
            let writer = RowWriter(
                to: &out, base: .random(in: 1...4, using: &random), marker: marker,
                deletion: deletion, clustering: clustering)
            for column in 0..<UInt16(4) where Bool.random(using: &random) {
                append(column, writer, &random, &out)
            }
            plain = out.array
        }
        // Joined with nothing it is in the form that joining gives.
        return join(plain, empty)
    }

    private static let empty: [UInt8] = {
        var out = RawBytes()
        _ = RowWriter(to: &out, base: 0, marker: nil, deletion: nil)
        return out.array
    }()

    private static func append(
        _ column: UInt16, _ writer: RowWriter, _ random: inout SeededGenerator,
        _ out: inout RawBytes
    ) {
        guard column == 3 else {
            write(column, nil, writer, &random, &out)
            return
        }
        if Bool.random(using: &random) {
            var cell = Cell(
                column: column, flags: RowFormat.CellFlag.collection,
                timestamp: .random(in: 0...4, using: &random))
            cell.time = .random(in: 1...2, using: &random)
            writer.append(cell, to: &out)
        }
        for path in UInt8(0)..<4 where Bool.random(using: &random) {
            write(column, [path], writer, &random, &out)
        }
    }

    private static func write(
        _ column: UInt16, _ path: [UInt8]?, _ writer: RowWriter, _ random: inout SeededGenerator,
        _ out: inout RawBytes
    ) {
        var cell = Cell(column: column, flags: 0, timestamp: .random(in: 1...4, using: &random))
        let value: [UInt8] = [.random(in: 0...2, using: &random)]
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            cell.flags = RowFormat.CellFlag.tombstone
            cell.time = .random(in: 100...102, using: &random)
        case 1:
            cell.flags = RowFormat.CellFlag.expires
            cell.time = .random(in: 100...102, using: &random)
            cell.timeToLive = .random(in: 1...2, using: &random)
        default: break
        }
        value.withUnsafeBytes { value in
            cell.value = value
            guard let path else { return writer.append(cell, to: &out) }
            path.withUnsafeBytes { path in
                cell.flags |= RowFormat.CellFlag.path
                cell.path = path
                writer.append(cell, to: &out)
            }
        }
    }

    private static func join(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] {
        var out = RawBytes()
        let joined = a.withUnsafeBytes { a in
            b.withUnsafeBytes { b in Reconcile.join(a, b, into: &out) }
        }
        if !joined { Issue.record("a row of ours was refused") }
        return out.array
    }

    @Test(arguments: [1, 2, 3])
    func isCommutativeAssociativeAndIdempotent(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<1_000 {
            let (a, b, c) = (Self.row(&random), Self.row(&random), Self.row(&random))
            let holds =
                Self.join(a, a) == a && Self.join(a, b) == Self.join(b, a)
                && Self.join(Self.join(a, b), c) == Self.join(a, Self.join(b, c))
            if !holds { Issue.record("seed \(seed): \(a), \(b), \(c)") }
        }
    }

    /// Goal: the rules of Cassandra's Cells.reconcile, one by one.
    @Test func prefersWhatCassandraPrefers() {
        let value: [UInt8] = [1]
        let larger: [UInt8] = [2]
        value.withUnsafeBytes { value in
            larger.withUnsafeBytes { larger in
                var old = Cell(column: 0, flags: 0, timestamp: 1)
                old.value = larger
                var live = Cell(column: 0, flags: 0, timestamp: 2)
                live.value = value
                var big = live
                big.value = larger
                var expiring = Cell(column: 0, flags: RowFormat.CellFlag.expires, timestamp: 2)
                expiring.time = 50
                expiring.value = value
                var later = expiring
                later.time = 51
                var gone = Cell(column: 0, flags: RowFormat.CellFlag.tombstone, timestamp: 2)
                gone.time = 10
                for (winner, loser) in [
                    (live, old), (big, live), (expiring, big), (later, expiring), (gone, later),
                    (gone, big),
                ] {
                    for found in [Reconcile.winner(winner, loser), Reconcile.winner(loser, winner)]
                    {
                        #expect(found.timestamp == winner.timestamp)
                        #expect(found.flags == winner.flags)
                        #expect(found.time == winner.time)
                        #expect(found.value.compare(winner.value) == 0)
                    }
                }
            }
        }
    }

    /// Method: cut a row at every length. None may crash or be read beyond its end.
    @Test func survivesEveryCut() {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<50 {
            let whole = Self.row(&random)
            for length in whole.indices {
                let cut = Array(whole.prefix(length))
                cut.withUnsafeBytes { bytes in
                    guard var reader = RowReader(bytes) else { return }
                    while reader.next() != nil {}
                }
            }
        }
    }

    /// Goal: what is not in our format is refused, not joined.
    @Test func refusesForeignBytes() {
        var out = RawBytes()
        let foreign: [UInt8] = [0, 1, 2]
        foreign.withUnsafeBytes { foreign in
            Self.empty.withUnsafeBytes { row in
                #expect(!Reconcile.join(foreign, row, into: &out))
                #expect(!Reconcile.join(row, foreign, into: &out))
            }
        }
    }
}
