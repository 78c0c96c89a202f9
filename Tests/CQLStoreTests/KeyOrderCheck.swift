// Very many pairs of values of one type against their keys: each value is encoded once, the keys are
// sorted once, and neighbours are compared.

import CQLProtocol
import Foundation
import Testing

@testable import CQLStore

/// Whether the keys of random values have the order of the values.
///
/// Of keys in their own order each is compared with its neighbour: since both orders are transitive
/// that says it of all pairs there are, and neighbours are the pairs that are hardest to tell apart.
/// That the values' order is transitive is looked at in random pairs.
struct KeyOrderCheck {
    /// Pairs of neighbours for each type. `MILLRACE_KEY_PAIRS=1000000` takes ten minutes of processor
    /// in a debug build.
    static let pairs =
        ProcessInfo.processInfo.environment["MILLRACE_KEY_PAIRS"].flatMap { Int($0) } ?? 5_000

    let type: CQLType
    /// Negative, zero or positive: an order written down apart from the encoding.
    let order: (CQLValue, CQLValue) -> Int
    private var values: [CQLValue] = []
    /// The values as CQL has them, and as keys, one behind the other.
    private var plain: [UInt8] = []
    private var plainEnds = [0]
    private var keys: [UInt8] = []
    private var keyEnds = [0]

    static func run(
        _ type: CQLType, seed: UInt64 = 5, _ make: (inout SeededGenerator) -> CQLValue,
        order: @escaping (CQLValue, CQLValue) -> Int
    ) throws {
        var random = SeededGenerator(seed: seed)
        var check = KeyOrderCheck(type: type, order: order)
        try check.fill(&random, make)
        check.compareNeighbours()
        check.comparePairs(&random)
        check.decode()
    }

    private init(type: CQLType, order: @escaping (CQLValue, CQLValue) -> Int) {
        self.type = type
        self.order = order
    }

    private mutating func fill(
        _ random: inout SeededGenerator, _ make: (inout SeededGenerator) -> CQLValue
    ) throws {
        var out = RawBytes(capacity: Self.pairs * 16)
        var descending = RawBytes()
        values.reserveCapacity(Self.pairs + 1)
        for index in 0...Self.pairs {
            let value = make(&random)
            let bytes = try #require(try value.encoded(as: type))
            values.append(value)
            plain += bytes
            plainEnds.append(plain.count)
            let start = out.count
            descending.clear()
            bytes.withUnsafeBytes {
                OrderedEncoding.append($0, type: type, descending: false, to: &out)
                guard index % 16 == 0 else { return }
                OrderedEncoding.append($0, type: type, descending: true, to: &descending)
            }
            keyEnds.append(out.count)
            // 0x00 and 0xFF must stay free for "before" and "behind".
            if out.bytes[start] == 0 || out.bytes[start] == 0xFF {
                Issue.record("\(type): \(value) has a tag that is a bound")
            }
            if index % 16 == 0, descending.array != out.bytes[start...].map({ ~$0 }) {
                Issue.record("\(type): \(value), descending, is not the opposite")
            }
        }
        keys = out.array
    }

    private func part(
        _ bytes: UnsafeRawBufferPointer, _ ends: [Int], _ index: Int
    ) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[ends[index]..<ends[index + 1]])
    }

    private func look(_ a: Int, _ b: Int, _ found: Int) {
        let expected = order(values[a], values[b])
        if found.signum() != expected {
            Issue.record("\(type): \(values[a]) and \(values[b])")
        }
    }

    private func compareNeighbours() {
        keys.withUnsafeBytes { keys in
            let sorted = values.indices.sorted {
                part(keys, keyEnds, $0).isLess(than: part(keys, keyEnds, $1))
            }
            for (a, b) in zip(sorted, sorted.dropFirst()) {
                look(a, b, part(keys, keyEnds, a).compare(part(keys, keyEnds, b)))
            }
        }
    }

    /// Random pairs: their keys, and their values as filters compare them.
    private func comparePairs(_ random: inout SeededGenerator) {
        for _ in 0..<Self.pairs / 8 {
            let a = Int(random.next() % UInt64(values.count))
            let b = Int(random.next() % UInt64(values.count))
            keys.withUnsafeBytes { look(a, b, part($0, keyEnds, a).compare(part($0, keyEnds, b))) }
            plain.withUnsafeBytes {
                look(a, b, Comparison.order(part($0, plainEnds, a), part($0, plainEnds, b), type))
            }
        }
    }

    /// Goal: a key gives its value back, in both directions.
    private func decode() {
        guard OrderedEncoding.isReversible(type) else { return }
        var out = RawBytes(capacity: plain.count)
        keys.withUnsafeBytes { keys in
            for index in values.indices {
                let key = part(keys, keyEnds, index)
                let end = OrderedEncoding.decode(
                    key, at: 0, type: type, descending: false, to: &out)
                if end != key.count { Issue.record("\(type): \(values[index]) has no end") }
                guard index % 16 == 0 else { continue }
                var back = RawBytes()
                let turned = key.map { ~$0 }
                _ = turned.withUnsafeBytes {
                    OrderedEncoding.decode($0, at: 0, type: type, descending: true, to: &back)
                }
                let bytes = plain[plainEnds[index]..<plainEnds[index + 1]]
                if !back.array.elementsEqual(bytes) {
                    Issue.record("\(type): \(values[index]), descending, does not come back")
                }
            }
        }
        if out.array != plain { Issue.record("\(type): not all values come back") }
    }
}
