// The codecs of records: round trips, the framings of other clients, damage, and the limit.

import KafkaProtocol
import MillraceBase
import NIOCore
import Testing

@Suite("Compression")
struct CompressionTests {
    typealias Codec = RecordBatchAttributes.Compression

    private static let codecs = Codec.allCases.filter { $0 != .none }

    private static func sample(_ count: Int) -> ByteBuffer {
        ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) })
    }

    @Test(arguments: codecs, [0, 1, 100, 32 << 10, 300_000])
    func whatIsWrittenIsRead(codec: Codec, count: Int) throws {
        let plain = Self.sample(count)
        let packed = try RecordCodec.compress(plain, codec: codec)
        #expect(
            try RecordCodec.decompress(packed, codec: codec, limitBytes: 1 << 20) == plain)
    }

    /// Goal: what claims to be small and is not is refused before it takes the memory.
    @Test(arguments: codecs) func theLimitHolds(codec: Codec) throws {
        let zeros = ByteBuffer(repeating: 0, count: 1 << 20)
        let packed = try RecordCodec.compress(zeros, codec: codec)
        #expect(throws: WireError.self) {
            try RecordCodec.decompress(packed, codec: codec, limitBytes: (1 << 20) - 1)
        }
        #expect(
            try RecordCodec.decompress(packed, codec: codec, limitBytes: 1 << 20).readableBytes
                == 1 << 20)
    }

    /// Method: cut at every length. None may pass for the whole, or crash.
    @Test(arguments: codecs) func cutBytesAreRefused(codec: Codec) throws {
        let plain = Self.sample(900)
        let packed = try RecordCodec.compress(plain, codec: codec)
        for length in 0..<packed.readableBytes {
            let cut = packed.getSlice(at: packed.readerIndex, length: length) ?? ByteBuffer()
            let read = try? RecordCodec.decompress(cut, codec: codec, limitBytes: 1 << 20)
            #expect(read != plain, "cut at \(length)")
        }
    }

    /// Method: flip bytes by a fixed seed. None may crash or grow past the limit.
    @Test(arguments: codecs) func damagedBytesDoNotCrash(codec: Codec) throws {
        let packed = try RecordCodec.compress(Self.sample(2_000), codec: codec)
        var state: UInt64 = 0x1234_5678
        for _ in 0..<2_000 {
            var damaged = packed
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let place = Int(state >> 33) % packed.readableBytes
                damaged.setInteger(UInt8(truncatingIfNeeded: state >> 20), at: place)
            }
            let read = try? RecordCodec.decompress(damaged, codec: codec, limitBytes: 1 << 16)
            #expect((read?.readableBytes ?? 0) <= 1 << 16)
        }
    }

    /// Goal: librdkafka writes one raw snappy block, without Java's framing. "aaaaaaaaaa" by hand.
    @Test func rawSnappyIsRead() throws {
        let raw = ByteBuffer(bytes: [10, 0, 0x61, 0x15, 1])
        #expect(
            try RecordCodec.decompress(raw, codec: .snappy, limitBytes: 100)
                == ByteBuffer(repeating: 0x61, count: 10))
    }

    /// Goal: several members, frames or blocks one after the other are one row of records.
    @Test(arguments: [Codec.gzip, .lz4, .zstd]) func partsAreJoined(codec: Codec) throws {
        var packed = try RecordCodec.compress(Self.sample(50), codec: codec)
        packed.writeImmutableBuffer(try RecordCodec.compress(Self.sample(70), codec: codec))
        var both = Self.sample(50)
        both.writeImmutableBuffer(Self.sample(70))
        #expect(try RecordCodec.decompress(packed, codec: codec, limitBytes: 1_000) == both)
    }

    @Test(arguments: Codec.allCases) func batchesChangeTheirCodec(codec: Codec) throws {
        var builder = RecordBatchBuilder(
            baseOffset: 5, producerID: 1, producerEpoch: 2, baseSequence: 3)
        for number in 0..<20 {
            builder.append(
                key: Array("k\(number)".utf8), value: Array("value \(number)".utf8),
                headers: [RecordHeader("h", ByteBuffer(string: "x"))],
                timestampMilliseconds: Int64(number))
        }
        let plain = builder.finish()
        let packed = try RecordBatch.recompressed(plain, codec: codec)
        let header = try RecordBatchHeader(reading: packed)
        #expect(header.attributes.compression == codec && header.recordCount == 20)
        #expect(header.crc == RecordBatch.checksum(of: packed, sizeBytes: header.sizeBytes))
        #expect(try RecordBatch.uncompressed(packed) == plain)
        #expect(try RecordBatch.decoded(packed) == RecordReader.all(in: plain))
    }
}
