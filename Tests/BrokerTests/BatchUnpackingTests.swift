// The budget of decompression: what goes on at once, what waits for its turn, what is read of records.

import KafkaProtocol
import MillraceBase
import NIOCore
import Synchronization
import Testing

@testable import MillraceBroker

@Suite("Unpacking batches")
struct BatchUnpackingTests {
    private static func batch(
        _ codec: RecordBatchAttributes.Compression, valueBytes: Int
    ) throws -> ByteBuffer {
        var builder = RecordBatchBuilder()
        builder.append(
            key: ByteBuffer(string: "k"), value: ByteBuffer(repeating: 7, count: valueBytes),
            timestampMilliseconds: 1)
        return try RecordBatch.recompressed(builder.finish(), codec: codec)
    }

    private final class Turns: Sendable {
        let atWork = Atomic(0)
        let most = Atomic(0)
    }

    /// Method: many threads unpack large batches and small ones; each counts who is at it with it.
    @Test(arguments: [RecordBatchAttributes.Compression.gzip, .snappy, .lz4, .zstd])
    func largeBatchesTakeTurns(codec: RecordBatchAttributes.Compression) async throws {
        let large = try Self.batch(codec, valueBytes: 60_000)
        let small = try Self.batch(codec, valueBytes: 100)
        let turns = Turns()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    try BatchUnpacking.withPlain(large, bytesFree: 10_000) { plain in
                        let now = turns.atWork.wrappingAdd(1, ordering: .relaxed).newValue
                        turns.most.max(now, ordering: .relaxed)
                        defer { turns.atWork.wrappingSubtract(1, ordering: .relaxed) }
                        return plain.readableBytes
                    }
                }
                group.addTask {
                    try BatchUnpacking.withPlain(small, bytesFree: 10_000) { $0.readableBytes }
                }
            }
            for try await size in group { #expect(size > 60_000 || (160..<300).contains(size)) }
        }
        #expect(turns.most.load(ordering: .relaxed) == 1)
    }

    /// Goal: a batch is what it was, whichever way it was unpacked.
    @Test(arguments: [RecordBatchAttributes.Compression.gzip, .snappy, .lz4, .zstd])
    func bothWaysGiveTheSame(codec: RecordBatchAttributes.Compression) throws {
        let batch = try Self.batch(codec, valueBytes: 5_000)
        let free = try BatchUnpacking.withPlain(batch) { $0 }
        let inTurn = try BatchUnpacking.withPlain(batch, bytesFree: 100) { $0 }
        #expect(free == inTurn)
        let header = try RecordBatchHeader(reading: free)
        #expect(header.sizeBytes == free.readableBytes)
        #expect(RecordBatch.checksum(of: free, sizeBytes: header.sizeBytes) == header.crc)
        #expect(try RecordReader.all(in: free)[0].value?.readableBytes == 5_000)
    }

    /// Goal: damage is an error at once; nobody waits for a turn with it.
    @Test func damageIsNoLargeBatch() throws {
        var batch = try Self.batch(.gzip, valueBytes: 5_000)
        batch.setInteger(UInt64(0), at: RecordBatchHeader.byteCount + 2)
        let damaged = batch
        #expect(throws: WireError.self) {
            try BatchUnpacking.withPlain(damaged) { _ in }
        }
    }
}
