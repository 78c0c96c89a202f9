// Damaged messages and values: typed errors or other values, never a crash.

import CQLProtocol
import MillraceBase
import NIOCore
import Testing

/// SplitMix64, so that a failure can be repeated by its seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

@Suite("CQL under damage")
struct FuzzTests {
    /// Method: change some bytes of each kind of message, read it, and look at all cells of rows.
    @Test(arguments: ProtocolVersion.allCases, [UInt64(1), 2, 3])
    func readsDamagedMessages(version: ProtocolVersion, seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let requests = MessageTests.requests(version).map { (request) -> FrameWriter in
            var writer = FrameWriter()
            try? writer.write(RequestEnvelope(request), stream: 1, version: version)
            return writer
        }
        let responses = MessageTests.responses(version).map { (response) -> FrameWriter in
            var writer = FrameWriter()
            try? writer.write(ResponseEnvelope(response), stream: 1, version: version)
            return writer
        }
        for var writer in requests + responses {
            let whole = Array(flushed(&writer).readableBytesView)
            for _ in 0..<100 {
                var damaged = whole
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let place = Int.random(in: damaged.indices, using: &random)
                    damaged[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
                }
                read(damaged, version)
            }
        }
    }

    private func read(_ bytes: [UInt8], _ version: ProtocolVersion) {
        var reader = FrameReader()
        reader.append(buffer(bytes))
        guard let envelope = try? reader.next() else { return }
        _ = try? RequestEnvelope(reading: envelope, version: version)
        guard let answer = try? ResponseEnvelope(reading: envelope, version: version),
            case .result(.rows(let rows)) = answer.response
        else { return }
        for row in 0..<min(rows.rowCount, 100) {
            for (column, spec) in rows.metadata.columns.enumerated() {
                _ = try? rows.cells.value(rows.index(row: row, column: column), as: spec.type)
            }
        }
    }

    /// Method: random and damaged bytes as values of every type; what decodes also encodes again
    /// and decodes to the same value.
    @Test(arguments: [UInt64(11), 12, 13])
    func decodesRandomValues(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let vectors = ValueVector.all
        for type in TypeTests.types {
            for _ in 0..<300 {
                var cell = bytes(hex: vectors.randomElement(using: &random)?.bytes ?? "")
                if !cell.isEmpty, Bool.random(using: &random) {
                    cell[Int.random(in: cell.indices, using: &random)] = UInt8.random(
                        in: 0...255, using: &random)
                }
                guard let value = try? CQLValue.decode(cell, as: type) else { continue }
                _ = value.description
                guard let again = try? value.encoded(as: type) else { continue }
                let decoded = try CQLValue.decode(again, as: type)
                #expect(decoded.description == value.description, "seed \(seed), \(type)")
            }
        }
    }

    @Test(arguments: [
        (CQLValue.timestamp(1_700_000_000_123), "2023-11-14T22:13:20.123Z"),
        (.timestamp(-1), "1969-12-31T23:59:59.999Z"), (.date(-719_468), "0000-03-01"),
        (.date(19_000), "2022-01-08"), (.time(3_723_000_000_004), "01:02:03.000000004"),
        (.list([.text("it's"), .null]), "['it''s', null]"), (.blob([1, 255]), "0x01ff"),
        (.map([.init(.int(1), .double(.infinity))]), "{1: Infinity}"), (.text("it's"), "it's"),
    ])
    func showsValues(value: CQLValue, text: String) { #expect(value.description == text) }
}
