// The store against a model of Cassandra's rules: random writes with random timestamps, flushed,
// compacted and restarted in between.

import CQLClient
import CQLProtocol
import CQLStore
import Foundation
import MillraceBase
import Testing

/// What a table must hold after some mutations, by the plainest rules there are: each cell looks at
/// all that was ever said about it.
private struct CQLStoreModel {
    struct Place: Hashable {
        var k: Int
        var c: Int
    }

    private var cells: [Place: [(column: Int, timestamp: Int, value: Int?)]] = [:]
    private var markers: [Place: Int] = [:]
    private var deletions: [(k: Int, range: ClosedRange<Int>, timestamp: Int)] = []

    mutating func write(_ place: Place, _ values: [Int: Int?], _ timestamp: Int, inserts: Bool) {
        for (column, value) in values {
            cells[place, default: []].append((column, timestamp, value))
        }
        if inserts { markers[place] = max(markers[place] ?? .min, timestamp) }
    }

    mutating func delete(_ k: Int, _ range: ClosedRange<Int>, _ timestamp: Int) {
        deletions.append((k, range, timestamp))
    }

    private func floor(_ place: Place) -> Int {
        deletions.filter { $0.k == place.k && $0.range.contains(place.c) }.map(\.timestamp).max()
            ?? .min
    }

    /// Higher timestamp, then the deletion, then the larger value.
    private func value(_ place: Place, _ column: Int) -> Int? {
        let floor = floor(place)
        let all = (cells[place] ?? []).filter { $0.column == column && $0.timestamp > floor }
        guard let newest = all.map(\.timestamp).max() else { return nil }
        let winners = all.filter { $0.timestamp == newest }
        if winners.contains(where: { $0.value == nil }) { return nil }
        return winners.compactMap(\.value).max()
    }

    func rows(_ k: Int) -> [[Int?]] {
        let places = Set(cells.keys).union(markers.keys).filter { $0.k == k }
        return places.sorted { $0.c < $1.c }.compactMap { place in
            let (a, b) = (value(place, 0), value(place, 1))
            let isMarked = markers[place].map { $0 > floor(place) } ?? false
            return a != nil || b != nil || isMarked ? [place.c, a, b] : nil
        }
    }
}

@Suite("CQL store and model")
struct CQLStoreModelTests {
    /// Invariants 1 to 3 of the reference: any order of any timestamps, flushed and compacted at any
    /// point, read in any page size and both orders.
    @Test(arguments: [UInt64.random(in: 0 ... .max), 1])
    func agree(seed: UInt64) async throws {
        var random = CQLStoreRandom(state: seed)
        let stage = try await CQLStoreStage.start()
        try await stage.makeKeyspace()
        try await stage.session.execute(
            "CREATE TABLE ks.t (k int, c int, a int, b int, PRIMARY KEY (k, c))")
        var model = CQLStoreModel()
        for step in 1...240 {
            try await mutate(stage, &model, &random)
            if step % 40 == 0 { try await stage.server.compact() }
            if step % 100 == 0 { try await stage.restart() }
            if step % 24 == 0 {
                try await compare(stage, model, "seed \(seed), step \(step)", &random)
            }
        }
        await stage.end()
    }

    private func mutate(
        _ stage: CQLStoreStage, _ model: inout CQLStoreModel, _ random: inout CQLStoreRandom
    ) async throws {
        let (k, c) = (Int.random(in: 0..<2, using: &random), Int.random(in: 0..<6, using: &random))
        let time = Int.random(in: 1...12, using: &random)
        let place = CQLStoreModel.Place(k: k, c: c)
        func value() -> Int? {
            Int.random(in: 0..<4, using: &random) == 0 ? nil : Int.random(in: 0..<3, using: &random)
        }
        func text(_ value: Int?) -> String { value.map(String.init) ?? "null" }
        switch Int.random(in: 0..<10, using: &random) {
        case 0...3:
            let (a, b) = (value(), value())
            model.write(place, [0: a, 1: b], time, inserts: true)
            try await stage.session.execute(
                "INSERT INTO ks.t (k, c, a, b) VALUES (\(k), \(c), \(text(a)), \(text(b))) USING TIMESTAMP \(time)"
            )
        case 4...6:
            let a = value()
            model.write(place, [0: a], time, inserts: false)
            try await stage.session.execute(
                "UPDATE ks.t USING TIMESTAMP \(time) SET a = \(text(a)) WHERE k = \(k) AND c = \(c)"
            )
        case 7:
            model.delete(k, c...c, time)
            try await stage.session.execute(
                "DELETE FROM ks.t USING TIMESTAMP \(time) WHERE k = \(k) AND c = \(c)")
        case 8:
            let end = Int.random(in: c..<7, using: &random)
            model.delete(k, c...end, time)
            try await stage.session.execute(
                "DELETE FROM ks.t USING TIMESTAMP \(time) WHERE k = \(k) AND c >= \(c) AND c < \(end + 1)"
            )
        default:
            // Older, or partitions would be empty most of the time.
            model.delete(k, 0...99, time / 3)
            try await stage.session.execute(
                "DELETE FROM ks.t USING TIMESTAMP \(time / 3) WHERE k = \(k)")
        }
    }

    private func compare(
        _ stage: CQLStoreStage, _ model: CQLStoreModel, _ what: String,
        _ random: inout CQLStoreRandom
    ) async throws {
        let size = Int32.random(in: 1...5, using: &random)
        for k in 0..<2 {
            let expected = model.rows(k)
            let base = "SELECT c, a, b FROM ks.t WHERE k = \(k)"
            #expect(try await found(stage, base, size) == expected, "\(what), k \(k)")
            #expect(
                try await found(stage, base + " ORDER BY c DESC", size) == expected.reversed(),
                "\(what), k \(k), backwards")
            #expect(
                try await found(stage, base + " AND c > 1 AND c <= 4", size)
                    == expected.filter { (2...4).contains($0[0] ?? -1) }, "\(what), k \(k), a range"
            )
        }
        let all = try await found(stage, "SELECT c, a, b FROM ks.t", size)
        #expect(all.count == model.rows(0).count + model.rows(1).count, "\(what), all")
    }

    private func found(
        _ stage: CQLStoreStage, _ text: String, _ pageSize: Int32
    ) async throws -> [[Int?]] {
        try await stage.rows(text, pageSize: pageSize).map { $0.map { $0.int64.map(Int.init) } }
    }
}

/// Numbers that a seed repeats.
struct CQLStoreRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
