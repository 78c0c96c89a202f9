// What the cleaner decides: when a log is worth it, which records stay, what a marker waits for.

import KafkaProtocol
import NIOCore
import Testing

@testable import MillraceBroker

@Suite("Compaction range")
struct CompactionRangeTests {
    private static func configuration(
        _ set: (inout LogConfiguration) -> Void = { _ in }
    ) -> LogConfiguration {
        var configuration = LogConfiguration()
        configuration.isCompacted = true
        set(&configuration)
        return configuration
    }

    /// Segments of 100 bytes and ten offsets; times rise by 10 a segment.
    private static func segments(_ count: Int) -> [CompactionSegment] {
        (0..<count).map {
            CompactionSegment(
                baseOffset: Int64($0 * 10), sizeBytes: 100, maxTimestamp: Int64($0 * 10))
        }
    }

    private static func decide(
        _ count: Int, firstDirty: Int64 = 0, stable: Int64 = 1_000, now: Int64 = 1_000,
        _ set: (inout LogConfiguration) -> Void = { _ in }
    ) -> CompactionRange? {
        CompactionRange.decide(
            segments(count), firstDirty: firstDirty, stableOffset: stable,
            configuration: configuration(set), now: now)
    }

    @Test func theActiveSegmentStays() {
        #expect(Self.decide(3) == CompactionRange(first: 0, end: 20))
        #expect(Self.decide(1) == nil)
        #expect(Self.decide(3) { $0.isCompacted = false } == nil)
    }

    @Test func openTransactionsStay() {
        #expect(Self.decide(3, stable: 13) == CompactionRange(first: 0, end: 13))
        #expect(Self.decide(3, stable: 0) == nil)
    }

    @Test func aLogIsCompactedWhenEnoughIsNew() {
        #expect(Self.decide(5, firstDirty: 20) == nil)
        #expect(Self.decide(5, firstDirty: 10) == CompactionRange(first: 10, end: 40))
        let eager = Self.decide(5, firstDirty: 30) { $0.dirtyRatioMin = 0.2 }
        #expect(eager == CompactionRange(first: 30, end: 40))
    }

    @Test func lagsAreKept() {
        #expect(Self.decide(4, now: 50) { $0.compactionLagMin = 35 }?.end == 20)
        let late = Self.decide(5, firstDirty: 30, now: 100) { $0.compactionLagMax = 60 }
        #expect(late == CompactionRange(first: 30, end: 40))
    }

    /// Goal: a checkpoint behind the end of a log that lost its end is not believed.
    @Test func aCheckpointPastTheEndIsForgotten() {
        #expect(Self.decide(3, firstDirty: 500) == CompactionRange(first: 0, end: 20))
    }

    @Test func neighboursAreJoined() {
        #expect(CompactionRange.groups(Self.segments(5), bytesMax: 250) == [0..<2, 2..<4, 4..<5])
        #expect(CompactionRange.groups(Self.segments(2), bytesMax: 50) == [0..<1, 1..<2])
        #expect(CompactionRange.groups([], bytesMax: 50).isEmpty)
    }
}

@Suite("Last offsets of keys")
struct LastOffsetsTests {
    @Test func remembersTheLast() {
        var table = LastOffsets(bytesMax: 1 << 20)
        for number in 0..<5_000 {
            let key = Array("key \(number % 2_000)".utf8)
            key.withUnsafeBytes { table.set($0, to: Int64(number)) }
        }
        #expect(table.count == 2_000)
        for number in 0..<2_000 {
            let key = Array("key \(number)".utf8)
            let expected = Int64(number < 1_000 ? number + 4_000 : number + 2_000)
            #expect(key.withUnsafeBytes { table.offset(of: $0) } == expected)
        }
        #expect(Array("other".utf8).withUnsafeBytes { table.offset(of: $0) } == -1)
    }

    @Test func hasALimit() {
        var table = LastOffsets(bytesMax: 64 * 24)
        var count = 0
        while !table.isFull {
            withUnsafeBytes(of: count) { table.set($0, to: Int64(count)) }
            count += 1
        }
        #expect(count == 48)
    }
}

@Suite("Batch filter")
struct BatchFilterTests {
    private struct Given {
        var key: String?
        var value: String?
    }

    private static func batch(
        _ records: [Given], at offset: Int64 = 0, producerID: Int64 = -1, sequence: Int32 = -1,
        codec: RecordBatchAttributes.Compression = .none
    ) throws -> ByteBuffer {
        var builder = RecordBatchBuilder(
            baseOffset: offset, producerID: producerID, producerEpoch: 0, baseSequence: sequence)
        for (index, record) in records.enumerated() {
            builder.append(
                key: record.key.map { Array($0.utf8) }, value: record.value.map { Array($0.utf8) },
                timestampMilliseconds: 1_000 + Int64(index))
        }
        return try RecordBatch.recompressed(builder.finish(), codec: codec)
    }

    private static func filter(
        _ offsets: [String: Int64], now: Int64 = 10_000, end: Int64 = 1_000,
        producers: [Int64: ProducerTable.Entry] = [:]
    ) -> BatchFilter {
        var table = LastOffsets(bytesMax: 1 << 16)
        for (key, offset) in offsets {
            Array(key.utf8).withUnsafeBytes { table.set($0, to: offset) }
        }
        return BatchFilter(
            lastOffsets: table, end: end, horizon: now + 500, now: now, producers: producers)
    }

    private static func apply(
        _ filter: BatchFilter, _ batch: ByteBuffer, isDiscarded: Bool = false
    ) throws -> (header: RecordBatchHeader, records: [Record])? {
        let header = try RecordBatchHeader(reading: batch)
        let left: ByteBuffer
        switch try filter.apply(batch, header, isDiscarded: isDiscarded) {
        case .kept: left = batch
        case .changed(let changed): left = changed
        case .removed: return nil
        }
        let after = try RecordBatchHeader(reading: left)
        #expect(RecordBatch.checksum(of: left, sizeBytes: after.sizeBytes) == after.crc)
        #expect(after.sizeBytes == left.readableBytes)
        return (after, after.recordCount == 0 ? [] : try RecordBatch.decoded(left))
    }

    @Test(arguments: RecordBatchAttributes.Compression.allCases)
    func theLastRecordOfAKeyStays(codec: RecordBatchAttributes.Compression) throws {
        let batch = try Self.batch(
            [
                Given(key: "a", value: "1"), Given(key: "b", value: "2"),
                Given(key: "a", value: "3"),
            ],
            at: 10, producerID: 7, sequence: 4, codec: codec)
        let left = try #require(try Self.apply(Self.filter(["a": 12, "b": 50]), batch))
        #expect(left.records.map(\.offset) == [12])
        #expect(left.records.map(\.timestampMilliseconds) == [1_002])
        #expect(left.header.lastOffset == 12 && left.header.baseOffset == 10)
        #expect(left.header.lastSequence == 6 && left.header.recordCount == 1)
        #expect(left.header.attributes.compression == codec)
    }

    @Test func untouchedBatchesStayAsTheyAre() throws {
        let batch = try Self.batch([Given(key: "a", value: "1")])
        let header = try RecordBatchHeader(reading: batch)
        let outcome = try Self.filter(["a": 0]).apply(batch, header, isDiscarded: false)
        guard case .kept = outcome else {
            Issue.record("the batch was written anew")
            return
        }
        #expect(try Self.apply(Self.filter(["a": 5]), batch) == nil)
    }

    @Test func recordsWithoutAKeyGo() throws {
        let batch = try Self.batch([Given(key: nil, value: "1"), Given(key: "a", value: "2")])
        #expect(try Self.apply(Self.filter([:]), batch)?.records.map(\.offset) == [1])
    }

    @Test func whatLiesBehindTheRangeStays() throws {
        let batch = try Self.batch(
            [Given(key: "a", value: "1"), Given(key: "a", value: "2")], at: 9)
        #expect(try Self.apply(Self.filter(["a": 99], end: 10), batch)?.records.count == 1)
    }

    /// Method: a tombstone is seen, gets its horizon, is seen again before it and after it. Its time
    /// stays what it was.
    @Test func tombstonesWaitForTheirHorizon() throws {
        let batch = try Self.batch([Given(key: "a", value: nil), Given(key: "b", value: "1")])
        let header = try RecordBatchHeader(reading: batch)
        let first = try Self.filter(["a": 0, "b": 1]).apply(batch, header, isDiscarded: false)
        guard case .changed(let marked) = first else {
            Issue.record("no horizon was set")
            return
        }
        let after = try RecordBatchHeader(reading: marked)
        #expect(after.attributes.hasDeleteHorizon && after.baseTimestampMilliseconds == 10_500)
        #expect(try RecordBatch.decoded(marked).map(\.timestampMilliseconds) == [1_000, 1_001])
        #expect(after.maxTimestampMilliseconds == 1_001)
        let before = try Self.apply(Self.filter(["a": 0, "b": 1], now: 10_499), marked)
        #expect(before?.records.count == 2)
        let over = try Self.apply(Self.filter(["a": 0, "b": 1], now: 10_500), marked)
        #expect(over?.records.map(\.offset) == [1])
    }

    @Test func abortedRecordsGo() throws {
        let batch = try Self.batch([Given(key: "a", value: "1")], producerID: 3, sequence: 0)
        #expect(try Self.apply(Self.filter(["a": 0]), batch, isDiscarded: true) == nil)
    }

    /// Goal: the last batch of a producer stays, empty, so that its sequence is known after a recovery.
    @Test func theLastBatchOfAProducerStaysEmpty() throws {
        let batch = try Self.batch(
            [Given(key: "a", value: "1"), Given(key: "b", value: "1")], at: 4, producerID: 3,
            sequence: 8, codec: .lz4)
        var table = ProducerTable()
        table.appended(try RecordBatchHeader(reading: batch), at: 4, now: 0)
        let filter = Self.filter(["a": 50, "b": 50], producers: table.entries)
        let left = try #require(try Self.apply(filter, batch))
        #expect(left.records.isEmpty)
        #expect(left.header.lastOffset == 5 && left.header.lastSequence == 9)
    }

    @Test func aMarkerWaitsForItsHorizon() throws {
        let marker = TransactionMarker(
            producerID: 1, producerEpoch: 0, coordinatorEpoch: 0, isCommit: true)
        let batch = MarkerBatch.bytes(marker, milliseconds: 900)
        #expect(
            try Self.apply(Self.filter([:]), batch)?.header.attributes.hasDeleteHorizon == false)
        let header = try RecordBatchHeader(reading: batch)
        guard
            case .changed(let marked) = try Self.filter([:]).apply(batch, header, isDiscarded: true)
        else {
            Issue.record("no horizon was set")
            return
        }
        #expect(MarkerBatch.marker(in: marked) == marker)
        #expect(try Self.apply(Self.filter([:], now: 10_499), marked, isDiscarded: true) != nil)
        #expect(try Self.apply(Self.filter([:], now: 10_500), marked, isDiscarded: true) == nil)
    }
}

@Suite("Transactions under the cleaner")
struct CleanedTransactionsTests {
    private static func batch(_ producerID: Int64, at offset: Int64) -> RecordBatchHeader {
        var header = BatchMaker.header(sequence: 0, producerID: producerID)
        header.attributes.isTransactional = true
        header.baseOffset = offset
        return header
    }

    private static func marker(_ producerID: Int64, isCommit: Bool) -> TransactionMarker {
        TransactionMarker(
            producerID: producerID, producerEpoch: 0, coordinatorEpoch: 0, isCommit: isCommit)
    }

    @Test func aMarkerStaysWhileItsTransactionHasRecords() {
        let aborted = AbortedTransaction(
            producerID: 2, firstOffset: 1, lastOffset: 3, lastStableOffset: 4)
        var walk = CleanedTransactions([aborted])
        let first = [
            walk.passed(batch: Self.batch(1, at: 0)), walk.passed(batch: Self.batch(2, at: 1)),
        ]
        #expect(first == [false, true])
        let committed = walk.passed(marker: Self.marker(1, isCommit: true), at: 2)
        #expect(!committed.isAlone)
        let ended = walk.passed(marker: Self.marker(2, isCommit: false), at: 3)
        #expect(!ended.isAlone && ended.aborted == aborted)
        // The producer's next transaction is another one.
        let isAborted = walk.passed(batch: Self.batch(2, at: 4))
        #expect(!isAborted)
        let alone = [
            walk.passed(marker: Self.marker(1, isCommit: true), at: 5).isAlone,
            walk.passed(marker: Self.marker(3, isCommit: false), at: 6).isAlone,
        ]
        #expect(alone == [true, true])
    }

    /// Goal: a walk that begins behind an aborted transaction does not take the next one for it.
    @Test func whatEndedBeforeTheWalkIsOver() {
        let before = AbortedTransaction(
            producerID: 2, firstOffset: 1, lastOffset: 3, lastStableOffset: 4)
        let within = AbortedTransaction(
            producerID: 2, firstOffset: 7, lastOffset: 8, lastStableOffset: 9)
        var walk = CleanedTransactions([before, within])
        let first = [
            walk.passed(batch: Self.batch(2, at: 5)), walk.passed(batch: Self.batch(2, at: 7)),
        ]
        #expect(first == [false, true])
        #expect(walk.passed(marker: Self.marker(2, isCommit: false), at: 8).aborted == within)
        // A marker without records of its own does not end an older one.
        var alone = CleanedTransactions([before])
        let isAborted = alone.passed(batch: Self.batch(2, at: 5))
        #expect(!isAborted)
        let marker = alone.passed(marker: Self.marker(2, isCommit: false), at: 6)
        #expect(marker.isAlone && marker.aborted == nil)
    }
}
