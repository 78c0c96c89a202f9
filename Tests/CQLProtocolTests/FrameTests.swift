// Envelopes and segments, split and damaged in every way.

import CQLProtocol
import MillraceBase
import NIOCore
import Testing

@Suite("CQL frames")
struct FrameTests {
    private static let bodies: [[UInt8]] = [
        [], [1], Array("hello".utf8), Array(repeating: 7, count: 2_000),
        (0..<3_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 3) },
    ]

    private func write(
        _ bodies: [[UInt8]], version: ProtocolVersion, _ writer: inout FrameWriter
    ) throws -> ByteBuffer {
        for (stream, body) in bodies.enumerated() {
            try writer.write(
                version: version, isResponse: true, stream: Int16(stream), opcode: .result
            ) { out in out.writeBytes(body) }
        }
        return writer.flush() ?? ByteBuffer()
    }

    private func check(_ found: [Envelope], _ bodies: [[UInt8]], version: ProtocolVersion) {
        #expect(found.map { Array($0.body.readableBytesView) } == bodies)
        #expect(found.map(\.stream) == bodies.indices.map { Int16($0) })
        #expect(found.allSatisfy { $0.protocolVersion == version && $0.isResponse })
    }

    /// Method: write, split into pieces of every small size, read.
    @Test(arguments: [ProtocolVersion.v3, .v4, .v5], [false, true])
    func survivesEverySplit(version: ProtocolVersion, compressed: Bool) throws {
        var writer = FrameWriter()
        var reader = FrameReader()
        if version == .v5 {
            writer.beginSegments(compressed: compressed)
            reader.beginSegments(compressed: compressed)
        } else if compressed {
            writer.beginCompressedBodies()
            reader.beginCompressedBodies()
        }
        let wire = try write(Self.bodies, version: version, &writer)
        for piece in Array(1...20) + [100, 1_000, 100_000] {
            let found = try envelopes(wire, piece: piece, reader: reader)
            check(found, Self.bodies, version: version)
        }
    }

    /// Goal: an envelope longer than a segment is cut up and put together, between small ones.
    @Test(arguments: [false, true])
    func cutsLargeEnvelopes(compressed: Bool) throws {
        let large = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) }
        let bodies = [[1], large, [2], [3], large, Array(repeating: 9, count: 131_062), [4]]
        var writer = FrameWriter()
        var reader = FrameReader()
        writer.beginSegments(compressed: compressed)
        reader.beginSegments(compressed: compressed)
        let wire = try write(bodies, version: .v5, &writer)
        for piece in [4_099, 65_536, 10_000_000] {
            check(try envelopes(wire, piece: piece, reader: reader), bodies, version: .v5)
        }
    }

    /// Goal: small envelopes share one segment.
    @Test func coalesces() throws {
        var writer = FrameWriter()
        writer.beginSegments(compressed: false)
        let wire = try write([[1], [2], [3]], version: .v5, &writer)
        #expect(wire.readableBytes == 6 + 3 * 10 + 4)
    }

    /// Method: flip each bit of a segment. Each is refused, or leaves the reader waiting for more
    /// bytes (never: the header has its own checksum).
    @Test(arguments: [false, true])
    func refusesDamage(compressed: Bool) throws {
        var writer = FrameWriter()
        writer.beginSegments(compressed: compressed)
        let wire = try write([Array(repeating: 5, count: 60)], version: .v5, &writer)
        for index in 0..<wire.readableBytes {
            for bit in 0..<8 {
                var reader = FrameReader()
                reader.beginSegments(compressed: compressed)
                var damaged = Array(wire.readableBytesView)
                damaged[index] ^= 1 << UInt8(bit)
                reader.append(ByteBuffer(bytes: damaged))
                #expect(throws: WireError.self) { try reader.next() }
            }
        }
    }

    /// Goal: bytes are the Python driver's (cassandra.segment.SegmentCodec).
    @Test func readsTheDriversSegments() throws {
        let cases: [(String, Bool, String)] = [
            ("090002a4c8c1050000070500000000a8b62d50", false, ""),
            (
                "15006a0204ca91a6af05000007020000012c610100ff14506161616161a2197aa8", true,
                String(repeating: "a", count: 300)
            ),
            ("0900000004c2b895050000070500000000a8b62d50", true, ""),
        ]
        for (wire, compressed, body) in cases {
            var reader = FrameReader()
            reader.beginSegments(compressed: compressed)
            reader.append(buffer(bytes(hex: wire)))
            let envelope = try #require(try reader.next())
            #expect(envelope.stream == 7)
            #expect(String(decoding: envelope.body.readableBytesView, as: UTF8.self) == body)
        }
    }

    /// Goal: the bytes that arrive with the reply to STARTUP are read in the new way.
    @Test func switchesInTheMiddleOfBytes() throws {
        var writer = FrameWriter()
        try writer.write(ResponseEnvelope(.ready), stream: 0, version: .v5)
        var wire = flushed(&writer)
        writer.beginSegments(compressed: false)
        try writer.write(ResponseEnvelope(.supported([:])), stream: 1, version: .v5)
        wire.writeImmutableBuffer(flushed(&writer))
        var reader = FrameReader()
        reader.append(wire)
        #expect(try reader.next()?.knownOpcode == .ready)
        reader.beginSegments(compressed: false)
        #expect(try reader.next()?.knownOpcode == .supported)
    }

    /// Goal: lengths are refused before anything is allocated for them.
    @Test(arguments: ["7fffffff", "ffffffff", "10000001"])
    func refusesClaimedLengths(length: String) throws {
        var reader = FrameReader()
        reader.append(buffer(bytes(hex: "0400000007" + length)))
        #expect(throws: WireError.self) { try reader.next() }
    }

    @Test func refusesClaimedExpandedLengths() throws {
        for claim in ["0fffffff", "ffffffff", "00000100"] {
            var reader = FrameReader()
            reader.beginCompressedBodies()
            reader.append(buffer(bytes(hex: "040100000700000005" + claim + "00")))
            #expect(throws: WireError.self) { try reader.next() }
        }
    }

    /// Goal: versions that are not spoken are handed out with their stream id, to be answered.
    @Test(arguments: [("42000007050000", 7), ("41000009050000", 9), ("01000305000000", 3)])
    func handsOutForeignVersions(start: String, stream: Int16) throws {
        var reader = FrameReader()
        reader.append(buffer(bytes(hex: start + "0000")))
        let envelope = try #require(try reader.next())
        #expect(envelope.protocolVersion == nil)
        #expect(envelope.stream == stream)
        #expect(try reader.next() == nil)
    }

    @Test func refusesBodiesCompressedWithoutAgreement() throws {
        var reader = FrameReader()
        reader.append(buffer(bytes(hex: "04010000070000000100")))
        #expect(throws: WireError.self) { try reader.next() }
    }

    /// Goal: a self-contained segment holds whole envelopes.
    @Test func refusesHalfAnEnvelopeInASelfContainedSegment() throws {
        var writer = FrameWriter()
        writer.beginSegments(compressed: false)
        let whole = try write([Array(repeating: 1, count: 200_000)], version: .v5, &writer)
        // The first of its two segments, then a self-contained one.
        let first = try #require(whole.getSlice(at: 0, length: 131_071 + 10))
        let small = try write([[1]], version: .v5, &writer)
        var reader = FrameReader()
        reader.beginSegments(compressed: false)
        reader.append(first)
        #expect(try reader.next() == nil)
        reader.append(small)
        #expect(throws: WireError.self) { try reader.next() }
    }

    /// Goal: what a body writer throws leaves nothing behind.
    @Test func forgetsAFailedEnvelope() {
        var writer = FrameWriter()
        #expect(throws: WireError.self) {
            try writer.write(version: .v4, isResponse: false, stream: 0, opcode: .query) {
                (out) throws(WireError) in
                out.writeInteger(UInt64(1))
                throw WireError(.cutShort, in: "test")
            }
        }
        #expect(writer.flush() == nil)
    }
}
