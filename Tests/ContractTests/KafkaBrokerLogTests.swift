// One partition's log on disk, without a server: retention, failures of the disk, many appenders.

import Foundation
import KafkaProtocol
import MillraceBase
import NIOCore
import NIOPosix
import Testing

@testable import MillraceBroker

@Suite("Kafka broker's log")
struct KafkaBrokerLogTests {
    /// Runs `body` with a new log in a folder of its own.
    private static func withLog<Value: Sendable>(
        _ set: (inout LogConfiguration) -> Void = { _ in }, durability: Durability = .group,
        now: Int64 = 1_000_000, _ body: (PartitionLog, KafkaBrokerStage) async throws -> Value
    ) async throws -> Value {
        let stage = KafkaBrokerStage()
        let threads = NIOThreadPool(numberOfThreads: 2)
        threads.start()
        var configuration = LogConfiguration()
        set(&configuration)
        let log = try PartitionLog(
            PartitionName(topic: "t", partition: 0), topicID: "x", root: stage.directory,
            configuration: configuration,
            environment: LogEnvironment(
                appendThreads: threads, durability: durability, clock: .fixed(now)))
        do {
            let value = try await body(log, stage)
            try await threads.shutdownGracefully()
            return value
        } catch {
            try await threads.shutdownGracefully()
            throw error
        }
    }

    private static func append(_ log: PartitionLog, _ value: String, time: Int64) async
        -> AppendResult
    {
        await log.append(KafkaBrokerRequests.batch([value], time: time))
    }

    @Test func oldSegmentsGo() async throws {
        let set: (inout LogConfiguration) -> Void = {
            $0.segmentBytes = 300
            $0.retentionMilliseconds = 1_000
        }
        try await Self.withLog(set) { log, _ in
            for time in [10, 20, 30] as [Int64] {
                _ = await Self.append(log, String(repeating: "x", count: 200), time: time)
            }
            _ = await Self.append(log, String(repeating: "x", count: 200), time: 999_500)
            try log.deleteOld(now: 1_000_000)
            let (start, segments) = log.view.with { ($0.startOffset, $0.segments.count) }
            #expect(start == 3)
            #expect(segments == 1)
            try log.deleteOld(now: 2_000_000)
            #expect(log.view.with { $0.startOffset } == 4)
            // Offsets go on where they were.
            let next = await Self.append(log, "next", time: 1_999_000)
            #expect(next == .refused(.invalidTimestamp(1_999_000)) || Self.offset(next) == 4)
        }
    }

    @Test func retentionBySizeKeepsTheNewest() async throws {
        let set: (inout LogConfiguration) -> Void = {
            $0.segmentBytes = 300
            $0.retentionMilliseconds = -1
            $0.retentionBytes = 600
        }
        try await Self.withLog(set) { log, _ in
            for _ in 0..<6 {
                _ = await Self.append(log, String(repeating: "x", count: 200), time: 10)
            }
            try log.deleteOld(now: 1_000_000)
            let size = try log.view.with { $0 }.sizeBytes()
            #expect(size >= 600 && size < 900)
        }
    }

    private static func offset(_ result: AppendResult) -> Int64? {
        guard case .appended(let offset, _, _) = result else { return nil }
        return offset
    }

    /// Method: a hundred appenders at once. Offsets are dense, each is given once, and what is read is
    /// what was appended there.
    @Test func manyAppendersGetDenseOffsets() async throws {
        try await Self.withLog { log, _ in
            let given = await withTaskGroup(of: (Int64?, Int).self) { group in
                for number in 0..<200 {
                    group.addTask {
                        (Self.offset(await Self.append(log, "\(number)", time: 1)), number)
                    }
                }
                return await group.reduce(into: [Int64: Int]()) { found, pair in
                    if let offset = pair.0 { found[offset] = pair.1 }
                }
            }
            #expect(given.keys.sorted() == Array(0..<200))
            for (offset, number) in given {
                let read = try log.read(from: offset, ReadSize(bytesMax: 1, atLeastOne: true))
                let record = try RecordReader.all(in: read.bytes)[0]
                #expect(record.offset == offset)
                #expect(record.value == ByteBuffer(string: "\(number)"))
            }
        }
    }

    /// Goal: a folder that cannot be written refuses the batch, gives no offset away, and the log goes
    /// on when it can be written again.
    @Test func aFailedWriteTakesNothing() async throws {
        try await Self.withLog { log, stage in
            try FileManager.default.createDirectory(
                atPath: stage.directory, withIntermediateDirectories: true)
            let obstacle = stage.directory + "/t-0"
            try Data().write(to: URL(filePath: obstacle))
            let batch = KafkaBrokerRequests.batch(
                ["a"], time: 1, producerID: 1, epoch: 0, sequence: 0)
            guard case .refused(.storage) = await log.append(batch) else {
                Issue.record("the batch was not refused")
                return
            }
            try FileManager.default.removeItem(atPath: obstacle)
            #expect(Self.offset(await log.append(batch)) == 0)
            #expect(Self.offset(await log.append(batch)) == 0)
        }
    }

    /// Goal: a log that has failed for good refuses batches and readers, and wakes who waits.
    @Test func aFailedLogServesNobody() async throws {
        try await Self.withLog { log, _ in
            _ = await Self.append(log, "a", time: 1)
            await withCheckedContinuation { continuation in
                let waiter = LogWaiter { continuation.resume() }
                #expect(log.wait(waiter, seen: 1))
                log.abandon()
            }
            #expect(await Self.append(log, "b", time: 1) == .refused(.closed))
            #expect(throws: LogReadFault.self) {
                try log.read(from: 0, ReadSize(bytesMax: 1, atLeastOne: true))
            }
        }
    }

    @Test func appendTimeIsStamped() async throws {
        try await Self.withLog({ $0.stampsAppendTime = true }, now: 77_000) { log, _ in
            let result = await Self.append(log, "a", time: 5)
            #expect(result == .appended(baseOffset: 0, appendTime: 77_000, startOffset: 0))
            let read = try log.read(from: 0, ReadSize(bytesMax: 1, atLeastOne: true))
            #expect(try RecordReader.all(in: read.bytes)[0].timestampMilliseconds == 77_000)
        }
    }
}
