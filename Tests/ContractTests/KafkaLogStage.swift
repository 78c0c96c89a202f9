// One partition's log on disk without a server, opened again and again as after a stop or a crash.

import Foundation
import KafkaProtocol
import MillraceBase
import NIOCore
import NIOPosix

@testable import MillraceBroker

/// A folder that goes away, and the threads of its logs.
final class KafkaLogStage: Sendable {
    let root: String
    let threads: NIOThreadPool
    var folder: String { root + "/t-0" }

    private init(threads: NIOThreadPool) {
        self.threads = threads
        root =
            FileManager.default.temporaryDirectory
            .appending(path: "millrace-log-\(UUID().uuidString)").path
        DiskProbe.install(Self.hasty, at: root)
    }

    /// Flushes nothing: a crash of the process keeps the page cache, and the tests are faster.
    static let hasty = DiskProbe(before: { _, operation in
        operation == .flush || operation == .flushFolder ? .ignored : nil
    })

    deinit {
        DiskProbe.install(nil, at: root)
        try? FileManager.default.removeItem(atPath: root)
    }

    static func run<Value>(_ body: (KafkaLogStage) async throws -> Value) async throws -> Value {
        let threads = NIOThreadPool(numberOfThreads: 2)
        threads.start()
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(KafkaLogStage(threads: threads)))
        } catch {
            result = .failure(error)
        }
        try await threads.shutdownGracefully()
        return try result.get()
    }

    /// - Parameter isClean: false opens it as after a crash.
    func open(
        isClean: Bool = true, recoveryPoint: Int64 = 0, durability: Durability = .none,
        now: Int64 = 1_000_000, set: (inout LogConfiguration) -> Void = { _ in }
    ) throws -> PartitionLog {
        var configuration = LogConfiguration()
        configuration.timestampAfterMax = .max / 2
        set(&configuration)
        return try PartitionLog(
            PartitionName(topic: "t", partition: 0), topicID: "x", root: root,
            configuration: configuration,
            environment: LogEnvironment(
                appendThreads: threads, durability: durability, clock: .fixed(now)),
            isClean: isClean, recoveryPoint: recoveryPoint)
    }

    /// Keeps the stage, and so its folder, until here.
    func forget() {}

    /// Another folder, with nothing in it yet.
    func empty() throws -> KafkaLogStage {
        let other = KafkaLogStage(threads: threads)
        try FileManager.default.createDirectory(
            atPath: other.root, withIntermediateDirectories: true)
        return other
    }

    /// The folder as `kill -9` would leave it now.
    func copy() throws -> KafkaLogStage {
        let other = KafkaLogStage(threads: threads)
        try FileManager.default.copyItem(atPath: root, toPath: other.root)
        return other
    }
}

enum KafkaLogBatches {
    /// - Parameter records: key and value; a `nil` value is a tombstone.
    static func batch(
        _ records: [(String, String?)], producer: Int64 = -1, epoch: Int16 = 0,
        sequence: Int32 = -1, isTransactional: Bool = false, time: Int64 = 1_000,
        codec: RecordBatchAttributes.Compression = .none
    ) throws -> ByteBuffer {
        var builder = RecordBatchBuilder(
            producerID: producer, producerEpoch: producer < 0 ? -1 : epoch, baseSequence: sequence)
        builder.header.attributes.isTransactional = isTransactional
        for (key, value) in records {
            builder.append(
                key: Array(key.utf8), value: value.map { Array($0.utf8) },
                timestampMilliseconds: time)
        }
        return try RecordBatch.recompressed(builder.finish(), codec: codec)
    }

    static func marker(
        _ producer: Int64, epoch: Int16 = 0, isCommit: Bool, coordinatorEpoch: Int32 = 0
    ) -> TransactionMarker {
        TransactionMarker(
            producerID: producer, producerEpoch: epoch, coordinatorEpoch: coordinatorEpoch,
            isCommit: isCommit)
    }
}

extension AppendResult {
    var offset: Int64? {
        guard case .appended(let offset, _, _) = self else { return nil }
        return offset
    }
}

extension PartitionLog {
    /// A transactional batch of one record, verified as a coordinator would.
    func appendInTransaction(
        _ producer: Int64, epoch: Int16 = 0, sequence: Int32, key: String = "k"
    ) async throws -> AppendResult {
        let token = beginVerification(producerID: producer, epoch: epoch)
        return await append(
            try KafkaLogBatches.batch(
                [(key, "\(producer)/\(sequence)")], producer: producer, epoch: epoch,
                sequence: sequence, isTransactional: true),
            verification: token)
    }

    /// Values a reader of committed or all records sees; `-` for a tombstone.
    func values(
        _ isolation: IsolationLevel = .readUncommitted, from start: Int64? = nil,
        bytesMax: Int = 300
    ) throws -> [String] {
        var found: [String] = []
        try visit(isolation, from: start, bytesMax: bytesMax) { record in
            found.append(record.value.map { String(buffer: $0) } ?? "-")
        }
        return found
    }

    func visitCommitted(_ body: (Record) -> Void) throws {
        try visit(.readCommitted, from: nil, bytesMax: 300, body)
    }

    /// Sorts out aborted records as Java's consumer does.
    private func visit(
        _ isolation: IsolationLevel, from start: Int64?, bytesMax: Int, _ body: (Record) -> Void
    ) throws {
        var next = start ?? view.with { $0.startOffset }
        while true {
            let read = try read(
                from: next, ReadSize(bytesMax: bytesMax, atLeastOne: true), isolation: isolation)
            if read.batches.isEmpty { return }
            var aborted: Set<Int64> = []
            var waiting = read.abortedTransactions.sorted { $0.firstOffset < $1.firstOffset }
            var bytes = read.bytes
            while let (header, batch) = try RecordBatch.next(in: &bytes) {
                while let first = waiting.first, first.firstOffset <= header.lastOffset {
                    aborted.insert(waiting.removeFirst().producerID)
                }
                let from = next
                next = header.lastOffset + 1
                if let marker = MarkerBatch.marker(in: batch) {
                    if !marker.isCommit { aborted.remove(marker.producerID) }
                    continue
                }
                let isAborted =
                    header.attributes.isTransactional && aborted.contains(header.producerID)
                if isAborted || header.attributes.isControl { continue }
                for record in try RecordBatch.decoded(batch) where record.offset >= from {
                    body(record)
                }
            }
        }
    }
}
