// Bytes that nobody means well: damaged and random messages, frames and batches, from a seed.

import Foundation
import MillraceBase
import NIOCore
import Testing

@testable import KafkaProtocol

/// What a run of the fuzzer does: `MILLRACE_FUZZ_SEED` and `MILLRACE_FUZZ_ROUNDS` repeat or prolong one.
enum FuzzRun {
    static let seed: UInt64 =
        environment("MILLRACE_FUZZ_SEED") ?? UInt64.random(in: 0..<1_000_000_000)
    /// Damaged inputs for each message of each version, and for each batch.
    static let rounds = Int(environment("MILLRACE_FUZZ_ROUNDS") ?? 12)

    private static func environment(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }
}

/// Damages good bytes in the ways that broken and hostile clients do.
struct Mutator {
    var generator: SeededGenerator

    mutating func below(_ bound: Int) -> Int { Int(generator.next() % UInt64(max(bound, 1))) }

    mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: generator.next()) }

    mutating func random(lengthMax: Int) -> [UInt8] { (0..<below(lengthMax)).map { _ in byte() } }

    mutating func damaged(_ good: [UInt8]) -> [UInt8] {
        var bytes = good
        for _ in 0...below(3) { damageOnce(&bytes) }
        return bytes
    }

    private mutating func damageOnce(_ bytes: inout [UInt8]) {
        let place = below(bytes.count)
        switch below(7) {
        case 0 where !bytes.isEmpty: bytes[place] ^= 1 << UInt8(below(8))
        case 1 where !bytes.isEmpty: bytes[place] = byte()
        case 2: bytes.removeLast(below(bytes.count + 1))
        case 3: bytes.insert(contentsOf: random(lengthMax: 9), at: place)
        case 4 where !bytes.isEmpty: bytes.remove(at: place)
        case 5:
            // A part of it once more: counts and tags that repeat.
            bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 20)], at: place)
        default: claim(&bytes, at: place)
        }
    }

    /// A length that nothing has, in one of the forms of lengths.
    private mutating func claim(_ bytes: inout [UInt8], at place: Int) {
        let claims: [[UInt8]] = [
            [0x7f, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0xff], [0x80, 0, 0, 0], [0x7f, 0xff],
            [0xff, 0xff, 0xff, 0xff, 0x0f], [0xff, 0xff, 0xff, 0xff, 0xff, 0x0f], [0, 0, 0, 0],
        ]
        let claim = claims[below(claims.count)]
        let end = min(bytes.count, place + claim.count)
        bytes.replaceSubrange(place..<end, with: claim)
    }
}

@Suite("Fuzzing")
struct FuzzTests {
    /// Goal: no bytes crash the codec, and what it does take means the same once written and read
    /// again.
    @Test(arguments: ApiKey.allCases)
    func messages(key: ApiKey) throws {
        for version in key.versions {
            try fuzz(key.request, version: version)
        }
    }

    private func fuzz<Request: KafkaRequest>(_ request: Request.Type, version: Int16) throws {
        try damage(Request.self, version: version)
        try damage(Request.Response.self, version: version)
    }

    private func damage<Message: KafkaMessage>(_ type: Message.Type, version: Int16) throws {
        var mutator = Mutator(generator: SeededGenerator(state: FuzzRun.seed &+ UInt64(version)))
        for round in 0..<FuzzRun.rounds {
            let good = try type.filled(
                version: version, seed: mutator.generator.next(), nulls: round % 3 == 0)
            let bytes =
                round % 6 == 5
                ? mutator.random(lengthMax: 200)
                : mutator.damaged(try good.bytes(version: version))
            guard let read = try? Message(reading: bytes, version: version) else { continue }
            let written = try read.bytes(version: version)
            let again = try Message(reading: written, version: version)
            #expect(
                try again.bytes(version: version) == written,
                "\(type) v\(version) \(hex(bytes)), seed \(FuzzRun.seed)")
        }
    }

    /// Goal: whatever stands in a frame is a request, is answered as unknown, or ends the connection.
    @Test func frames() {
        print("fuzz seed \(FuzzRun.seed)")
        var mutator = Mutator(generator: SeededGenerator(state: FuzzRun.seed))
        for _ in 0..<FuzzRun.rounds * 200 {
            var frame = ByteBuffer()
            frame.writeInteger(Int16(mutator.below(95)))
            frame.writeInteger(Int16(mutator.below(20)) - 1)
            frame.writeBytes(mutator.random(lengthMax: 60))
            guard let header = try? RequestHeader(from: &frame),
                let key = ApiKey(rawValue: header.apiKey)
            else { continue }
            read(key.request, frame, version: header.apiVersion)
        }
    }

    private func read<Request: KafkaRequest>(
        _ request: Request.Type, _ body: ByteBuffer, version: Int16
    ) {
        _ = try? Request(reading: body, version: version)
        _ = try? Request.Response(reading: body, version: version)
    }

    /// Goal: a frame of the smallest elements is refused before its values fill the memory.
    @Test func tinyElementsAreCounted() throws {
        func names(_ count: Int) -> ByteBuffer {
            // An array of empty names, each one byte; no authorized operations, no tags.
            var bytes = ByteBuffer()
            var rest = UInt32(count + 1)
            while rest > 0x7f {
                bytes.writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
                rest >>= 7
            }
            bytes.writeInteger(UInt8(rest))
            bytes.writeRepeatingByte(1, count: count)
            bytes.writeBytes([0, 0])
            return bytes
        }
        let some = try DescribeGroupsRequest(reading: names(100_000), version: 5)
        #expect(some.groups.count == 100_000)
        #expect(throws: WireError(.badLength(3_000_000), in: "Groups")) {
            try DescribeGroupsRequest(reading: names(3_000_000), version: 5)
        }
    }

    /// Goal: values in many tagged fields are counted together.
    @Test func tagsShareTheirMemory() throws {
        let finalized = ApiVersionsResponse {
            $0.finalizedFeatures = (0..<5000).map { number in
                .init { $0.name = "a name of more than fifteen letters \(number)" }
            }
            $0.supportedFeatures = (0..<5000).map { number in
                .init { $0.name = "a name of more than fifteen letters \(number)" }
            }
        }
        let bytes = try finalized.bytes(version: 4)
        #expect(try ApiVersionsResponse(reading: bytes, version: 4) == finalized)
    }

    // MARK: Batches

    /// Good batches, one for each codec.
    private static func batches() throws -> [ByteBuffer] {
        let plain = RecordBatchTests.built
        return try RecordBatchAttributes.Compression.allCases.map {
            try RecordBatch.recompressed(plain, codec: $0)
        }
    }

    /// Goal: no batch crashes who walks, checks or decompresses it, and none takes more than allowed.
    @Test func batches() throws {
        var mutator = Mutator(generator: SeededGenerator(state: FuzzRun.seed))
        let limitBytes = 1 << 16
        for batch in try Self.batches() {
            for round in 0..<FuzzRun.rounds * 40 {
                var damaged = ByteBuffer(
                    bytes: mutator.damaged(Array(batch.readableBytesView)))
                // With a checksum that fits, it is the records that have to be wrong.
                if round % 2 == 0, let header = try? RecordBatchHeader(reading: damaged) {
                    let crc = RecordBatch.checksum(of: damaged, sizeBytes: header.sizeBytes)
                    damaged.setInteger(crc, at: 17)
                }
                walk(damaged, limitBytes: limitBytes)
            }
        }
    }

    private func walk(_ bytes: ByteBuffer, limitBytes: Int) {
        var rest = bytes
        while let (_, batch) = try? RecordBatch.next(in: &rest) {
            _ = try? RecordReader.all(in: batch)
            guard let plain = try? RecordBatch.uncompressed(batch, limitBytes: limitBytes) else {
                continue
            }
            #expect(
                plain.readableBytes
                    <= max(
                        batch.readableBytes, limitBytes + RecordBatchHeader.byteCount))
            _ = try? RecordReader.all(in: plain)
        }
        _ = try? RecordBatch.checkForAppend(bytes, bytesMax: limitBytes)
        _ = try? RecordReader.all(in: bytes)
    }

    /// Goal: what decompresses to more than is allowed is refused, whatever the codec.
    @Test(arguments: [.gzip, .snappy, .lz4, .zstd] as [RecordBatchAttributes.Compression])
    func bombsAreRefused(codec: RecordBatchAttributes.Compression) throws {
        var builder = RecordBatchBuilder()
        builder.append(
            key: nil, value: ByteBuffer(repeating: 0, count: 4 << 20), timestampMilliseconds: 0)
        let bomb = try RecordBatch.recompressed(builder.finish(), codec: codec)
        #expect(bomb.readableBytes < 1 << 20)
        #expect(throws: WireError.self) {
            try RecordBatch.uncompressed(bomb, limitBytes: 1 << 20)
        }
        #expect(try RecordBatch.decoded(bomb).first?.value?.readableBytes == 4 << 20)
    }

    /// Goal: noise is not mistaken for compressed records, and does no harm.
    @Test(arguments: [.gzip, .snappy, .lz4, .zstd] as [RecordBatchAttributes.Compression])
    func noiseIsNotRecords(codec: RecordBatchAttributes.Compression) throws {
        var mutator = Mutator(generator: SeededGenerator(state: FuzzRun.seed))
        for _ in 0..<FuzzRun.rounds * 40 {
            let noise = ByteBuffer(bytes: mutator.random(lengthMax: 300))
            let read = try? RecordCodec.decompress(noise, codec: codec, limitBytes: 1 << 16)
            #expect(read?.readableBytes ?? 0 <= 1 << 16)
        }
    }
}
