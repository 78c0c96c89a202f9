// What each durability policy promises over a power cut, by seeds.

import Foundation
import KafkaProtocol
import NIOCore
import Testing

@testable import MillraceBroker

@Suite("Kafka log after a power cut")
struct KafkaLogPowerCutTests {
    /// What was acknowledged, in order.
    private struct Acknowledged {
        var committed: [String] = []
        var all: [String] = []
    }

    /// Appends until the power goes, now and then with a checkpoint.
    private static func work(
        _ log: PartitionLog, _ power: KafkaLogPowerCut, _ random: inout SplitMix,
        sequences: inout [Int64: Int32]
    ) async throws -> (Acknowledged, recoveryPoint: Int64) {
        var done = Acknowledged()
        var point: Int64 = 0
        let count = 5 + Int(random.next() % 40)
        for number in 0..<count {
            if random.next() % 8 == 0 { point = try log.checkpointIfGrown(force: true) }
            if random.next() % 2 == 0 {
                let value = "v\(number)" + String(repeating: "x", count: Int(random.next() % 90))
                let result = await log.append(try KafkaLogBatches.batch([("k\(number)", value)]))
                if result.offset != nil {
                    done.all.append(value)
                    done.committed.append(value)
                }
                continue
            }
            let producer = Int64(random.next() % 3)
            let isCommit = random.next() % 2 == 0
            let sequence = sequences[producer] ?? 0
            let value = "\(producer)/\(sequence)"
            guard try await log.appendInTransaction(producer, sequence: sequence).offset != nil
            else { continue }
            sequences[producer] = sequence + 1
            done.all.append(value)
            let marker = KafkaLogBatches.marker(producer, isCommit: isCommit)
            guard await log.appendMarker(marker).offset != nil else { continue }
            if isCommit { done.committed.append(value) }
        }
        power.turnOff()
        return (done, point)
    }

    /// Method: append under a policy, cut the power, start, compare. Flushed policies lose nothing that
    /// was acknowledged; without flushes what is left is a beginning of it. Both serve only good
    /// batches, agree with themselves when they are started again, and go on.
    @Test(arguments: Array(0..<40) as [UInt64])
    func thePolicyIsKept(seed: UInt64) async throws {
        try await KafkaLogStage.run { stage in
            var random = SplitMix(state: seed)
            let durability: Durability = seed % 3 == 0 ? .none : seed % 3 == 1 ? .group : .always
            let set: (inout LogConfiguration) -> Void = { $0.segmentBytes = 700 }
            let power = KafkaLogPowerCut()
            power.install(at: stage.root)
            var sequences: [Int64: Int32] = [:]
            let log = try stage.open(durability: durability, set: set)
            let (done, point) = try await Self.work(log, power, &random, sequences: &sequences)
            let left = try stage.empty()
            try power.cut(stage.folder, to: left.folder, random: &random)
            let opened = try left.open(
                isClean: false, recoveryPoint: point, durability: durability, set: set)
            let all = try opened.values()
            let committed = try opened.values(.readCommitted)
            if durability == .none {
                #expect(Array(done.all.prefix(all.count)) == all, "seed \(seed)")
            } else {
                #expect(all == done.all, "seed \(seed)")
                #expect(committed == done.committed, "seed \(seed)")
            }
            let producers = opened.producerTable()
            let copy = try left.copy()
            let again = try copy.open(isClean: false, recoveryPoint: 0, set: set)
            #expect(try again.values(.readCommitted) == committed, "seed \(seed)")
            #expect(again.lastStableOffset == opened.lastStableOffset)
            #expect(again.producerTable().open == producers.open, "seed \(seed)")
            let end = opened.view.with { $0.highWatermark }
            #expect(await opened.append(try KafkaLogBatches.batch([("k", "v")])).offset == end)
            copy.forget()
        }
    }

    /// The same with a compaction under way: the last value of each key is there.
    @Test(arguments: Array(100..<120) as [UInt64])
    func compactionLosesNoKey(seed: UInt64) async throws {
        try await KafkaLogStage.run { stage in
            var random = SplitMix(state: seed)
            let set: (inout LogConfiguration) -> Void = {
                $0.segmentBytes = 500
                $0.isCompacted = true
                $0.deletesOld = false
                $0.dirtyRatioMin = 0
            }
            let power = KafkaLogPowerCut()
            power.install(at: stage.root)
            let log = try stage.open(durability: .group, set: set)
            var last: [String: String] = [:]
            for number in 0..<(20 + Int(random.next() % 30)) {
                let key = "k\(random.next() % 5)"
                let result = await log.append(try KafkaLogBatches.batch([(key, "v\(number)")]))
                if result.offset != nil { last[key] = "v\(number)" }
                if random.next() % 10 == 0 { _ = try log.compact() }
            }
            power.turnOff()
            let left = try stage.empty()
            try power.cut(stage.folder, to: left.folder, random: &random)
            let opened = try left.open(isClean: false, set: set)
            var found: [String: String] = [:]
            for record in try opened.committedRecords() { found[record.key] = record.value }
            #expect(found == last, "seed \(seed)")
        }
    }
}
