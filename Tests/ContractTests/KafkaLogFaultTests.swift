// A disk that fails: torn tails at every byte, errors, no room, short writes, spoiled old segments.

import Foundation
import KafkaProtocol
import NIOCore
import Synchronization
import Testing

@testable import MillraceBroker

@Suite("Kafka log on a bad disk")
struct KafkaLogFaultTests {
    /// Lets writes to segment files fail while it is armed.
    private final class FailingWrites: Sendable {
        private let fault = Mutex<DiskFault?>(nil)
        private let operation: @Sendable (DiskOperation) -> Bool

        init(_ operation: @escaping @Sendable (DiskOperation) -> Bool) {
            self.operation = operation
        }

        func arm(_ fault: DiskFault?) { self.fault.withLock { $0 = fault } }

        var probe: DiskProbe {
            DiskProbe(before: { [self] path, operation in
                guard path.hasSuffix(".log"), self.operation(operation) else {
                    return operation == .flush || operation == .flushFolder ? .ignored : nil
                }
                return fault.withLock { $0 } ?? (operation == .flush ? .ignored : nil)
            })
        }
    }

    private static func isWrite(_ operation: DiskOperation) -> Bool {
        if case .write = operation { return true }
        return false
    }

    /// Method: one transaction, one aborted, one open, cut at every byte. The state is that of the whole
    /// batches before the cut, and what comes next is taken.
    @Test func aTornTailIsCutAtEveryByte() async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open()
            var ends: [(bytes: Int, offset: Int64, stable: Int64, committed: [String])] = []
            func note() throws {
                let (bytes, offset) = log.view.with { ($0.activeBytes, $0.highWatermark) }
                ends.append(
                    (bytes, offset, log.lastStableOffset, try log.values(.readCommitted)))
            }
            try note()
            _ = try await log.appendInTransaction(1, sequence: 0)
            try note()
            _ = try await log.appendInTransaction(2, sequence: 0)
            try note()
            _ = await log.appendMarker(KafkaLogBatches.marker(1, isCommit: true))
            try note()
            _ = await log.append(try KafkaLogBatches.batch([("k", "a"), ("k", "b")]))
            try note()
            _ = await log.appendMarker(KafkaLogBatches.marker(2, isCommit: false))
            try note()
            log.abandon()
            let path = URL(filePath: stage.folder + "/00000000000000000000.log")
            let whole = try Data(contentsOf: path)
            for count in whole.indices {
                for suffix in ["txnindex", "index", "timeindex", "leader-epoch-checkpoint"] {
                    try? FileManager.default.removeItem(
                        atPath: stage.folder + "/00000000000000000000." + suffix)
                }
                try whole.prefix(count).write(to: path)
                let cut = try stage.open(isClean: false)
                let expected = ends.last { $0.bytes <= count } ?? ends[0]
                #expect(cut.view.with { $0.highWatermark } == expected.offset, "cut at \(count)")
                #expect(cut.lastStableOffset == expected.stable, "cut at \(count)")
                #expect(try cut.values(.readCommitted) == expected.committed, "cut at \(count)")
                let next = await cut.append(try KafkaLogBatches.batch([("k", "next")]))
                #expect(next.offset == expected.offset)
                cut.abandon()
            }
        }
    }

    /// Goal: readers of a deleted topic are told so, and never that the disk failed, even when it did.
    @Test(arguments: [false, true])
    func aDeletedLogSaysSo(hasFailed: Bool) async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open()
            _ = await log.append(try KafkaLogBatches.batch([("k", "a")]))
            if hasFailed {
                _ = log.view.fail(.storage("test"))
                #expect(throws: LogReadFault.storage("test")) { try log.values() }
            }
            let waiter = LogWaiter {}
            #expect(log.wait(waiter, seen: 1) != hasFailed)
            log.abandon()
            #expect(!log.wait(waiter, seen: 1))
            #expect(throws: LogReadFault.deleted) { try log.values() }
            #expect(log.fault(.fault(.notABatch)) == .deleted)
        }
    }

    /// Goal: a full disk refuses, gives nothing away (offsets, sequences, transactions, markers), lets
    /// readers read, and is over when there is room.
    @Test(arguments: [DiskFault.error(ENOSPC), .short(30, ENOSPC), .short(0, EIO)])
    func aFullDiskTakesNothing(fault: DiskFault) async throws {
        try await KafkaLogStage.run { stage in
            let writes = FailingWrites(Self.isWrite)
            DiskProbe.install(writes.probe, at: stage.root)
            let log = try stage.open(durability: .group)
            _ = try await log.appendInTransaction(1, sequence: 0)
            let before = log.producerTable()
            writes.arm(fault)
            let marker = KafkaLogBatches.marker(1, epoch: 1, isCommit: false)
            for _ in 0..<2 {
                guard case .refused(.storage) = await log.appendMarker(marker),
                    case .refused(.storage) = try await log.appendInTransaction(1, sequence: 1),
                    case .refused(.storage) = try await log.appendInTransaction(2, sequence: 0)
                else {
                    Issue.record("a batch was taken by a full disk")
                    return
                }
            }
            #expect(
                log.producerTable().entries.mapValues(\.batches)
                    == before.entries.mapValues(\.batches))
            #expect(log.openTransactions.map(\.producerID) == [1])
            #expect(log.lastStableOffset == 0)
            #expect(try log.values() == ["1/0"])
            writes.arm(nil)
            #expect(try await log.appendInTransaction(1, sequence: 1).offset == 1)
            #expect(await log.appendMarker(marker).offset == 2)
            #expect(try await log.appendInTransaction(2, sequence: 0).offset == 3)
            let crashed = try stage.copy()
            let again = try crashed.open(isClean: false)
            #expect(try again.values() == ["1/0", "1/1", "2/0"])
            #expect(try again.values(.readCommitted).isEmpty)
            #expect(again.lastStableOffset == 3)
        }
    }

    /// Goal: a large batch that finds no room holds back the small ones behind it, so that the retries
    /// come in order: none lost, none twice. The token of the failed transaction's begin stays good.
    @Test(
        arguments: [DiskFault.error(ENOSPC), .short(30, ENOSPC)], [false, true])
    func smallBatchesDoNotOvertakeARefusedOne(fault: DiskFault, inTransaction: Bool) async throws {
        try await KafkaLogStage.run { stage in
            let writes = FailingWrites { operation in
                guard case .write(_, let count) = operation else { return false }
                return count > 1_000
            }
            DiskProbe.install(writes.probe, at: stage.root)
            let log = try stage.open(durability: .group)
            _ = await log.append(try KafkaLogBatches.batch([("k", "old")]))
            let large = String(repeating: "x", count: 20_000)
            // The second large one is of a producer that the log knows by then.
            let sent = [large, "1", "2", "3", large + "y", "5"]
            let token =
                inTransaction ? log.beginVerification(producerID: 9, epoch: 0, sequence: 0) : nil
            func send(_ sequence: Int) async throws -> AppendResult {
                await log.append(
                    try KafkaLogBatches.batch(
                        [("k", sent[sequence])], producer: 9, sequence: Int32(sequence),
                        isTransactional: inTransaction),
                    verification: token)
            }
            func expectRefused(_ sequences: [Int]) async throws {
                for sequence in sequences {
                    guard case .refused(.storage) = try await send(sequence) else {
                        Issue.record("batch \(sequence) was not refused as the disk's fault")
                        continue
                    }
                }
            }
            for part in [[0, 1, 2, 3], [4, 5]] {
                writes.arm(fault)
                for _ in 0..<2 { try await expectRefused(part) }
                writes.arm(nil)
                try await expectRefused(Array(part.dropFirst()))
                for sequence in part {
                    #expect(try await send(sequence).offset == Int64(sequence) + 1)
                }
            }
            for sequence in sent.indices.dropFirst() {
                #expect(try await send(sequence).offset == Int64(sequence) + 1)
            }
            if inTransaction {
                let marker = KafkaLogBatches.marker(9, isCommit: true)
                #expect(await log.appendMarker(marker).offset == 7)
            }
            #expect(try log.values(.readCommitted) == ["old"] + sent)
            let again = try stage.copy().open(isClean: false)
            #expect(try again.values(.readCommitted) == ["old"] + sent)
        }
    }

    /// Goal: after a flush that failed nobody knows what is on disk: the log is not served any more.
    @Test func aFailedFlushIsFinal() async throws {
        try await KafkaLogStage.run { stage in
            let flushes = FailingWrites { $0 == .flush }
            DiskProbe.install(flushes.probe, at: stage.root)
            let log = try stage.open(durability: .group)
            #expect(await log.append(try KafkaLogBatches.batch([("k", "a")])).offset == 0)
            flushes.arm(.error(EIO))
            let refused = await log.append(try KafkaLogBatches.batch([("k", "b")]))
            guard case .refused(.storage) = refused else {
                Issue.record("an unflushed batch was acknowledged")
                return
            }
            flushes.arm(nil)
            let later = await log.append(try KafkaLogBatches.batch([("k", "c")]))
            guard case .refused(.storage) = later else {
                Issue.record("the log went on after a failed flush")
                return
            }
            #expect(throws: LogReadFault.self) { try log.values() }
            #expect(try log.close() == nil)
        }
    }

    /// Method: flip each byte of an old batch that its checksum covers. Its readers are told; those of
    /// other batches read.
    @Test func spoiledBatchesAreNotServed() async throws {
        try await KafkaLogStage.run { stage in
            let log = try stage.open()
            for value in ["a", "b", "c"] {
                _ = await log.append(try KafkaLogBatches.batch([("k", value)]))
            }
            _ = try log.close()
            let path = URL(filePath: stage.folder + "/00000000000000000000.log")
            let whole = try Data(contentsOf: path)
            let size = whole.count / 3
            let opened = try stage.open()
            for place in (size + 17)..<(2 * size) {
                var spoiled = whole
                spoiled[place] ^= 0x04
                try FileHandle(forUpdating: path).write(contentsOf: spoiled)
                let one = ReadSize(bytesMax: 1, atLeastOne: true)
                #expect(try opened.read(from: 0, one).sizeBytes == size)
                #expect(throws: LogReadFault.corrupt, "byte \(place)") {
                    try opened.read(from: 1, one)
                }
                // A batch that claims more offsets than it has is asked for theirs, too.
                let isOffsets = (size + 23..<size + 27).contains(place)
                if !isOffsets { #expect(try opened.read(from: 2, one).sizeBytes == size) }
                let all = try opened.read(from: 0, ReadSize(bytesMax: 10_000, atLeastOne: true))
                #expect(all.sizeBytes == size)
            }
            opened.abandon()
        }
    }

    /// Goal: a disk that does not read fails the reader, and nothing else.
    @Test func aReadErrorIsTheReadersOnly() async throws {
        try await KafkaLogStage.run { stage in
            let reads = FailingWrites { $0 == .read }
            DiskProbe.install(reads.probe, at: stage.root)
            let log = try stage.open()
            _ = await log.append(try KafkaLogBatches.batch([("k", "a")]))
            log.view.releaseIdle()
            log.view.releaseIdle()
            reads.arm(.error(EIO))
            #expect(throws: LogReadFault.self) { try log.values() }
            #expect(await log.append(try KafkaLogBatches.batch([("k", "b")])).offset == 1)
            reads.arm(nil)
            #expect(try log.values() == ["a", "b"])
        }
    }
}
