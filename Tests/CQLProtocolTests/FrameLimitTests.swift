// What a peer claims and sends too much of, and how bodies are compressed.

import CQLProtocol
import MillraceBase
import NIOCore
import Testing

@Suite("CQL frame limits")
struct FrameLimitTests {
    private func request(_ length: Int32, _ body: [UInt8] = [], flags: UInt8 = 0) -> ByteBuffer {
        var wire = ByteBuffer()
        wire.writeMultipleIntegers(UInt8(4), flags, Int16(7), UInt8(7), length)
        wire.writeBytes(body)
        return wire
    }

    /// Method: a body above the reader's limit, in pieces of every size, between two small ones.
    @Test(arguments: [1, 7, 64, 5_000])
    func dropsLongBodies(piece: Int) throws {
        var wire = request(2, [1, 2])
        wire.writeImmutableBuffer(request(3_000, Array(repeating: 5, count: 3_000)))
        wire.writeImmutableBuffer(request(1, [3]))
        let found = try envelopes(wire, piece: piece, reader: FrameReader(bodyBytesMax: 1_000))
        #expect(found.map { Array($0.body.readableBytesView) } == [[1, 2], [], [3]])
        #expect(found.map(\.dropped) == [nil, .tooLong(3_000), nil])
    }

    /// Goal: v5 as well, where a long body comes in several segments.
    @Test(arguments: [false, true])
    func dropsLongBodiesInSegments(compressed: Bool) throws {
        var writer = FrameWriter()
        writer.beginSegments(compressed: compressed)
        for body in [[1], Array(repeating: UInt8(8), count: 400_000), [2]] {
            try writer.write(version: .v5, isResponse: false, stream: 1, opcode: .query) {
                $0.writeBytes(body)
            }
        }
        var reader = FrameReader(bodyBytesMax: 200_000)
        reader.beginSegments(compressed: compressed)
        let found = try envelopes(flushed(&writer), piece: 10_000, reader: reader)
        #expect(found.map(\.dropped) == [nil, .tooLong(400_000), nil])
    }

    @Test func dropsWhatItIsTold() throws {
        var reader = FrameReader()
        reader.append(request(5, [1, 2]))
        #expect(reader.claimedBytes == 14)
        reader.dropNext()
        #expect(try reader.next() == nil)
        reader.append(ByteBuffer(bytes: [3, 4, 5] + Array(request(1, [9]).readableBytesView)))
        #expect(try reader.next()?.dropped == .unwanted)
        #expect(try reader.next()?.body.readableBytes == 1)
    }

    /// Goal: what is claimed is known before it comes, with what it will expand to.
    @Test func knowsWhatIsClaimed() {
        var reader = FrameReader(bodyBytesMax: 1_000_000)
        reader.append(ByteBuffer(bytes: [4, 0, 0]))
        #expect(reader.claimedBytes == nil)
        reader = FrameReader(bodyBytesMax: 1_000_000)
        reader.append(request(90_000))
        #expect(reader.claimedBytes == 90_009)
        reader = FrameReader(bodyBytesMax: 1_000_000)
        reader.beginCompressedBodies(.lz4)
        reader.append(request(1_000, [0, 1, 0, 0], flags: 1))
        #expect(reader.claimedBytes == 1_009 + 65_536)
        reader = FrameReader(bodyBytesMax: 1_000_000)
        reader.beginCompressedBodies(.snappy)
        reader.append(request(1_000, [0x80, 0x80, 0x04], flags: 1))
        #expect(reader.claimedBytes == 1_009 + 65_536)
    }

    /// Goal: a small compressed body cannot become larger than the reader takes.
    @Test(arguments: [BodyCompression.lz4, .snappy])
    func refusesBodiesThatGrowTooLong(compression: BodyCompression) throws {
        var writer = FrameWriter()
        writer.beginCompressedBodies(compression)
        try writer.write(version: .v4, isResponse: false, stream: 1, opcode: .query) {
            $0.writeRepeatingByte(7, count: 50_000)
        }
        let wire = flushed(&writer)
        var reader = FrameReader(bodyBytesMax: 10_000)
        reader.beginCompressedBodies(compression)
        reader.append(wire)
        #expect(throws: WireError.self) { try reader.next() }
        reader = FrameReader(bodyBytesMax: 50_000)
        reader.beginCompressedBodies(compression)
        reader.append(wire)
        #expect(try reader.next()?.body.readableBytes == 50_000)
    }

    /// Goal: the bytes are those of the library that drivers use (python-snappy 0.7.3).
    @Test func readsTheDriversSnappy() throws {
        let block = bytes(hex: "690061fe01008a01001068656c6c6f")
        var reader = FrameReader()
        reader.beginCompressedBodies(.snappy)
        reader.append(request(Int32(block.count), block, flags: 1))
        let body = try #require(try reader.next()).body
        #expect(
            String(decoding: body.readableBytesView, as: UTF8.self)
                == String(repeating: "a", count: 100) + "hello")
    }

    /// Method: random blocks, and blocks that claim what they do not hold.
    @Test(arguments: [BodyCompression.lz4, .snappy], [UInt64(5), 6])
    func survivesDamagedBlocks(compression: BodyCompression, seed: UInt64) {
        var random = SeededGenerator(state: seed)
        for _ in 0..<2_000 {
            var block = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if compression == .lz4, block.count > 4 { block[0...1] = [0, 0] }
            var reader = FrameReader(bodyBytesMax: 100_000)
            reader.beginCompressedBodies(compression)
            reader.append(request(Int32(block.count), block, flags: 1))
            _ = try? reader.next()
        }
    }

    /// Method: random bytes as a connection's bytes, framed and not; nothing may crash or grow.
    @Test(arguments: [UInt64(21), 22, 23, 24])
    func survivesRandomStreams(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        for round in 0..<500 {
            var reader = FrameReader(bodyBytesMax: 1 << 20)
            if round % 3 == 1 { reader.beginSegments(compressed: round % 2 == 0) }
            for _ in 0..<8 {
                let piece = (0..<Int.random(in: 1...60, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                reader.append(buffer(round % 5 == 0 ? [4, 0, 0, 1, 7] + piece : piece))
                guard (try? reader.next()) != nil else { break }
            }
        }
    }
}
