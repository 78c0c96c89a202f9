// Compaction on disk: the last record of each key stays, through crashes, for readers under way.

import Foundation
import KafkaProtocol
import NIOCore
import Synchronization
import Testing

@testable import MillraceBroker

@Suite("Kafka log's compaction")
struct KafkaLogCompactionTests {
    private static func compacted(_ configuration: inout LogConfiguration) {
        configuration.isCompacted = true
        configuration.deletesOld = false
        configuration.segmentBytes = 600
        configuration.dirtyRatioMin = 0
    }

    /// A log's writers as a model: the last committed value of each key.
    private struct Model {
        var random: SplitMix
        var values: [String: String] = [:]
        private var sequences: [Int64: Int32] = [:]
        private var count = 0

        init(seed: UInt64) { random = SplitMix(state: seed) }

        /// One batch, or one whole transaction.
        mutating func step(_ log: PartitionLog) async throws {
            var records: [(String, String?)] = []
            for _ in 0...Int(random.next() % 4) {
                count += 1
                let isTombstone = random.next() % 8 == 0
                records.append(("k\(random.next() % 12)", isTombstone ? nil : "v\(count)"))
            }
            let codecs = RecordBatchAttributes.Compression.allCases
            let codec = codecs[Int(random.next() % UInt64(codecs.count))]
            let producer = Int64(random.next() % 4) - 1
            let isTransactional = producer > 0
            let sequence = producer < 0 ? -1 : sequences[producer] ?? 0
            if producer >= 0 { sequences[producer] = sequence + Int32(records.count) }
            let batch = try KafkaLogBatches.batch(
                records, producer: producer, sequence: sequence,
                isTransactional: isTransactional, codec: codec)
            let token =
                isTransactional ? log.beginVerification(producerID: producer, epoch: 0) : nil
            guard await log.append(batch, verification: token).offset != nil else {
                throw KafkaLogFault("the log refused a batch")
            }
            let isCommit = !isTransactional || random.next() % 3 > 0
            if isTransactional {
                _ = await log.appendMarker(KafkaLogBatches.marker(producer, isCommit: isCommit))
            }
            guard isCommit else { return }
            for (key, value) in records { values[key] = value }
        }
    }

    /// What a reader of committed records ends up with.
    private static func table(_ log: PartitionLog) throws -> [String: String] {
        var table: [String: String] = [:]
        for record in try log.committedRecords() { table[record.key] = record.value }
        return table
    }

    /// Method: many rounds of appending, compacting, crashing and stopping. After each, readers get the
    /// last value of each key, offsets rise, the end stays, and producers are known.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func readersGetTheLastValues(seed: UInt64) async throws {
        try await KafkaLogStage.run { stage in
            var model = Model(seed: seed)
            var now: Int64 = 1_000_000
            for round in 0..<4 {
                let log = try stage.open(
                    isClean: round % 2 == 0, now: now, set: Self.compacted)
                for _ in 0..<40 { try await model.step(log) }
                let end = log.view.with { $0.highWatermark }
                let before = try log.committedRecords().count
                let producers = log.producerTable()
                let report = try log.compact()
                #expect(report != nil, "seed \(seed)")
                #expect(try Self.table(log) == model.values, "seed \(seed), round \(round)")
                #expect(try log.committedRecords().count < before, "seed \(seed)")
                #expect(log.view.with { $0.highWatermark } == end)
                try Self.expectSame(
                    try stage.copy(), end: end, producers, model.values, now: now)
                if round % 2 == 1 { _ = try log.close() } else { log.abandon() }
                // Tombstones and markers of the round before are over now.
                now += 90_000_000
            }
        }
    }

    /// The log as a crash left it, once with its snapshots and once without.
    private static func expectSame(
        _ crashed: KafkaLogStage, end: Int64, _ producers: ProducerTable,
        _ values: [String: String], now: Int64
    ) throws {
        for losesSnapshots in [false, true] {
            if losesSnapshots {
                for name in try FileManager.default.contentsOfDirectory(atPath: crashed.folder)
                where name.hasSuffix("snapshot") {
                    try FileManager.default.removeItem(atPath: crashed.folder + "/" + name)
                }
            }
            let log = try crashed.open(isClean: false, now: now, set: Self.compacted)
            #expect(try table(log) == values, "without snapshots: \(losesSnapshots)")
            #expect(log.view.with { ($0.highWatermark) } == end)
            #expect(log.lastStableOffset == end)
            for (id, entry) in producers.entries {
                let known = log.producerTable().entries[id]
                #expect(known?.lastSequence == entry.lastSequence, "producer \(id)")
                #expect(known?.epoch == entry.epoch)
            }
            log.abandon()
        }
    }

    /// Goal: a tombstone of a producer whose transaction before was aborted takes its value with it, so
    /// that the value does not come back when the tombstone goes.
    @Test func aDeletedKeyStaysDeleted() async throws {
        try await KafkaLogStage.run { stage in
            var sequence: Int32 = 0
            for round in 0..<4 {
                let log = try stage.open(
                    now: 1_000_000 + Int64(round) * 90_000_000, set: Self.compacted)
                if round == 0 { _ = await log.append(try KafkaLogBatches.batch([("a", "1")])) }
                if round < 2 {
                    let token = log.beginVerification(producerID: 1, epoch: 0)
                    let record: (String, String?) = round == 0 ? ("x", "1") : ("a", nil)
                    let batch = try KafkaLogBatches.batch(
                        [record], producer: 1, sequence: sequence, isTransactional: true)
                    #expect(await log.append(batch, verification: token).offset != nil)
                    sequence += 1
                    _ = await log.appendMarker(KafkaLogBatches.marker(1, isCommit: round == 1))
                }
                for _ in 0..<20 { _ = await log.append(try KafkaLogBatches.batch([("f", "1")])) }
                #expect(try log.compact() != nil)
                #expect(try Self.table(log) == (round == 0 ? ["a": "1", "f": "1"] : ["f": "1"]))
                _ = try log.close()
            }
        }
    }

    /// Goal: an open transaction and what follows it stay.
    @Test func openTransactionsAreNotCompacted() async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open(set: Self.compacted)
            for _ in 0..<20 { _ = await log.append(try KafkaLogBatches.batch([("a", "1")])) }
            let open = try await log.appendInTransaction(1, sequence: 0)
            for _ in 0..<20 { _ = await log.append(try KafkaLogBatches.batch([("a", "2")])) }
            _ = try log.compact()
            #expect(log.lastStableOffset == open.offset)
            #expect(try log.values() == ["1", "1/0"] + Array(repeating: "2", count: 20))
        }
    }

    /// Method: every operation of the replacement fails once, and all after it, as in a crash. What the
    /// next start finds is the log before or after, never less and never a value that was superseded.
    @Test func aCrashAnywhereKeepsTheLog() async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open(set: Self.compacted)
            var model = Model(seed: 99)
            for _ in 0..<30 { try await model.step(log) }
            _ = try log.close()
            let end = log.view.with { $0.highWatermark }
            var operations = 0
            for step in 1... {
                let crashed = try stage.copy()
                let counter = KafkaLogCounter()
                DiskProbe.install(
                    DiskProbe(before: { _, operation in
                        if operation == .read { return nil }
                        if counter.next() >= step { return .error(5) }
                        return operation == .flush || operation == .flushFolder ? .ignored : nil
                    }), at: crashed.root)
                let again = try? crashed.open(set: Self.compacted)
                let report = try? again?.compact()
                DiskProbe.install(KafkaLogStage.hasty, at: crashed.root)
                if report != nil { break }
                operations = step
                let opened = try crashed.open(isClean: false, set: Self.compacted)
                #expect(try Self.table(opened) == model.values, "step \(step)")
                #expect(opened.view.with { $0.highWatermark } == end, "step \(step)")
                _ = try opened.compact()
                #expect(try Self.table(opened) == model.values, "step \(step), compacted")
                opened.abandon()
            }
            #expect(operations > 10)
        }
    }

    /// Goal: who holds an old segment reads on in it, its index included, after it was replaced.
    @Test func readersOfOldSegmentsReadOn() async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open(set: Self.compacted)
            for number in 0..<60 {
                _ = await log.append(try KafkaLogBatches.batch([("k\(number % 3)", "v\(number)")]))
            }
            let old = log.view.with { $0.segments }
            log.view.releaseIdle()
            log.view.releaseIdle()
            _ = try log.compact()
            var offsets: [Int64] = []
            for segment in old.dropLast() {
                let end = try segment.file.size()
                let reader = SegmentReader(segment: segment, end: end)
                var next = segment.baseOffset
                while let bytes = try reader.read(
                    from: next, ReadSize(bytesMax: 1, atLeastOne: true)), bytes.readableBytes > 0
                {
                    let header = try RecordBatchHeader(reading: bytes)
                    offsets.append(header.baseOffset)
                    next = header.lastOffset + 1
                }
            }
            #expect(offsets == Array(0..<old[old.count - 1].baseOffset))
            #expect(try log.committedRecords().map(\.key).suffix(3).sorted() == ["k0", "k1", "k2"])
        }
    }

    @Test func aDamagedLogIsNotCompacted() async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open(set: Self.compacted)
            for _ in 0..<30 { _ = await log.append(try KafkaLogBatches.batch([("a", "1")])) }
            let path = stage.folder + "/00000000000000000000.log"
            var bytes = try Data(contentsOf: URL(filePath: path))
            bytes[70 + 65] ^= 1
            try FileHandle(forUpdating: URL(filePath: path)).write(contentsOf: bytes)
            log.view.releaseIdle()
            log.view.releaseIdle()
            #expect(throws: CompactionFault.self) { try log.compact() }
            #expect(throws: LogReadFault.corrupt) {
                try log.read(from: 1, ReadSize(bytesMax: 1, atLeastOne: true))
            }
            #expect(try log.read(from: 20, ReadSize(bytesMax: 1, atLeastOne: true)).sizeBytes > 0)
        }
    }

    /// Goal: the topic's `compression.type` holds for what comes, and keys are demanded of any codec.
    @Test(arguments: RecordBatchAttributes.Compression.allCases)
    func batchesAreCompressedAnew(codec: RecordBatchAttributes.Compression) async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open {
                $0.compression = codec
                $0.isCompacted = true
            }
            for given in RecordBatchAttributes.Compression.allCases {
                _ = await log.append(
                    try KafkaLogBatches.batch([("a", "1"), ("b", "2")], codec: given))
                var builder = RecordBatchBuilder()
                builder.append(key: nil, value: [1], timestampMilliseconds: 1)
                let keyless = try RecordBatch.recompressed(builder.finish(), codec: given)
                #expect(await log.append(keyless) == .refused(.withoutKey([0])))
            }
            var bytes = try log.read(from: 0, ReadSize(bytesMax: 1 << 20, atLeastOne: true)).bytes
            var offset: Int64 = 0
            while let (header, batch) = try RecordBatch.next(in: &bytes) {
                #expect(header.attributes.compression == codec)
                #expect(header.baseOffset == offset)
                #expect(try RecordBatch.decoded(batch).map(\.offset) == [offset, offset + 1])
                offset += 2
            }
            #expect(offset == 10)
        }
    }
}

struct KafkaLogFault: Error {
    var what: String
    init(_ what: String) { self.what = what }
}

/// Counts over threads.
final class KafkaLogCounter: Sendable {
    private let count = Atomic(0)

    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}

/// Numbers by a seed.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

extension PartitionLog {
    /// Records as a reader of committed records gets them, in order.
    func committedRecords() throws -> [(key: String, value: String?)] {
        var found: [(key: String, value: String?)] = []
        try visitCommitted { record in
            found.append(
                (
                    record.key.map { String(buffer: $0) } ?? "",
                    record.value.map { String(buffer: $0) }
                ))
        }
        return found
    }
}
