// Old records as parts of files: the same batches as through memory, and only such as are known good.

import Foundation
import KafkaProtocol
import NIOCore
import Testing

@testable import MillraceBroker

@Suite("Kafka log's parts of files")
struct KafkaLogFilePartTests {
    private static func size(_ bytesMax: Int) -> ReadSize {
        var size = ReadSize(bytesMax: bytesMax, atLeastOne: true)
        size.mayBeFile = true
        return size
    }

    private static func fill(_ log: PartitionLog, batches: Int) async throws {
        for number in 0..<batches {
            let value = "\(number)" + String(repeating: "x", count: 5_000)
            _ = await log.append(try KafkaLogBatches.batch([("k", value), ("k", "y")]))
        }
        log.view.releaseIdle()
        log.view.releaseIdle()
    }

    /// Reads the whole log, and says how many answers were parts of files.
    private static func readAll(
        _ log: PartitionLog, bytesMax: Int
    ) throws -> (offsets: [Int64], files: Int) {
        var next: Int64 = 0
        var offsets: [Int64] = []
        var files = 0
        while next < log.view.with({ $0.highWatermark }) {
            let read = try log.read(from: next, size(bytesMax))
            #expect(read.sizeBytes <= bytesMax)
            var bytes = read.bytes
            if let part = read.file {
                files += 1
                bytes = try part.file.readBuffer(part.count, at: part.position)
                #expect(bytes.readableBytes == part.count)
            }
            while let (header, _) = try RecordBatch.next(in: &bytes) {
                offsets.append(header.baseOffset)
                next = header.lastOffset + 1
            }
            #expect(bytes.readableBytes == 0)
        }
        return (offsets, files)
    }

    /// Method: read at many sizes what was written, then what another process wrote, once and again.
    @Test func partsHoldWholeBatches() async throws {
        try await KafkaLogStage.run { stage in
            let set: (inout LogConfiguration) -> Void = { $0.segmentBytes = 400_000 }
            let log = try stage.open(set: set)
            try await Self.fill(log, batches: 200)
            let expected = (0..<200).map { Int64($0 * 2) }
            for bytesMax in [70_000, 100_001, 250_000, 1 << 20] {
                let (offsets, files) = try Self.readAll(log, bytesMax: bytesMax)
                #expect(offsets == expected)
                #expect(files > 2)
            }
            _ = try log.close()
            let again = try stage.open(set: set)
            let first = try Self.readAll(again, bytesMax: 100_000)
            #expect(first.offsets == expected)
            // Nobody knows yet that they are good.
            #expect(first.files == 0)
            let second = try Self.readAll(again, bytesMax: 100_000)
            #expect(second.offsets == expected)
            #expect(second.files > 8)
        }
    }

    @Test func aChangedFileIsReadAgain() async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open()
            try await Self.fill(log, batches: 100)
            #expect(try log.read(from: 0, Self.size(200_000)).file != nil)
            let path = URL(filePath: stage.folder + "/00000000000000000000.log")
            var bytes = try Data(contentsOf: path)
            bytes[100] ^= 1
            try FileHandle(forUpdating: path).write(contentsOf: bytes)
            #expect(throws: LogReadFault.corrupt) { try log.read(from: 0, Self.size(200_000)) }
            #expect(try log.read(from: 2, Self.size(200_000)).sizeBytes > 100_000)
        }
    }

    /// Goal: committed records end inside the file; then it is read, and cut.
    @Test func openTransactionsAreNotSent() async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open()
            try await Self.fill(log, batches: 60)
            let open = try await log.appendInTransaction(1, sequence: 0)
            try await Self.fill(log, batches: 60)
            let all = try log.read(from: 0, Self.size(1 << 20))
            #expect(all.file != nil && all.lastStableOffset == open.offset)
            let committed = try log.read(from: 0, Self.size(1 << 20), isolation: .readCommitted)
            #expect(committed.file == nil)
            #expect(committed.batches.last.map(BatchCut.endOffset) == open.offset)
            _ = await log.appendMarker(KafkaLogBatches.marker(1, isCommit: false))
            let later = try log.read(from: 0, Self.size(1 << 20), isolation: .readCommitted)
            #expect(later.file != nil)
            #expect(later.abortedTransactions.map(\.producerID) == [1])
        }
    }
}
