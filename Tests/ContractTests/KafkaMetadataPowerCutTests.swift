// The metadata log over power cuts, failing flushes and spoiled bytes: nothing acknowledged is lost.

import Foundation
import KafkaProtocol
import Synchronization
import Testing

@testable import MillraceBroker

@Suite("Kafka metadata log after a power cut")
struct KafkaMetadataPowerCutTests {
    private static let node = MetadataNode(id: 1, directoryID: KafkaUUID(high: 0, low: 9))

    private static func folder() -> String {
        NSTemporaryDirectory() + "millrace-metadata-\(UUID().uuidString)"
    }

    private static func open(_ directory: String) throws -> MetadataLog {
        try MetadataLog(directory: directory, node: node)
    }

    /// - Parameter padding: bytes of further settings, so that the log grows; one has at most 32,767.
    private static func change(_ number: Int, padding: Int = 0) -> [MetadataRecord] {
        let resource = ConfigResource(.group, "g\(number)")
        let value = String(repeating: "x", count: 20_000)
        return [.config(resource, "n", "\(number)")]
            + (0..<padding / value.utf8.count).map { .config(resource, "n\($0)", value) }
    }

    private static func found(_ log: MetadataLog) -> Set<Int> {
        Set(log.image.configs.keys.compactMap { Int($0.name.dropFirst()) })
    }

    /// Method: change, cut the power at some operation, start from what is left, by seeds; large changes
    /// bring snapshots. The start is never refused and holds all that was acknowledged.
    @Test(arguments: Array(0..<40) as [UInt64]) func nothingAcknowledgedIsLost(seed: UInt64) throws
    {
        var random = SplitMix(state: seed)
        let root = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: root) }
        let power = KafkaLogPowerCut()
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        power.install(at: root)
        defer { DiskProbe.install(nil, at: root) }
        var acknowledged: Set<Int> = []
        let log = try Self.open(root)
        let count = Int(random.next() % 12)
        for number in 0..<count {
            let padding = random.next() % 2 == 0 ? 0 : 400_000
            try log.append(Self.change(number, padding: padding))
            acknowledged.insert(number)
        }
        // One more that nobody is told of: its write is there, in part or not at all.
        let last = count
        let isWhole = random.next() % 2 == 0
        let names = root + "/__cluster_metadata-0"
        if isWhole { power.turnOffAtFlush() } else { power.turnOff() }
        #expect(throws: MetadataLogError.self) { try log.append(Self.change(last)) }
        let left = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: left) }
        try power.cut(
            names, to: left + "/" + (names as NSString).lastPathComponent, random: &random)
        let again = try Self.open(left)
        let found = Self.found(again)
        #expect(found.isSuperset(of: acknowledged), "seed \(seed)")
        #expect(found.subtracting(acknowledged).isSubset(of: [last]), "seed \(seed)")
        try again.append(Self.change(1_000))
        #expect(Self.found(try Self.open(left)) == found.union([1_000]), "seed \(seed)")
    }

    /// Goal: a snapshot whose folder could not be flushed ends the log; no later change is lost in it.
    @Test func aFailedFlushOfTheFolderIsFinal() throws {
        let root = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let fails = KafkaMetadataFault()
        DiskProbe.install(fails.probe, at: root)
        defer { DiskProbe.install(nil, at: root) }
        let log = try Self.open(root)
        var acknowledged: Set<Int> = []
        for number in 0..<8 {
            // The second flush of the folder in a compaction is that of the new file's name.
            do throws(MetadataLogError) {
                try log.append(Self.change(number, padding: 300_000))
                acknowledged.insert(number)
            } catch {
                continue
            }
        }
        #expect(fails.hasFailed)
        #expect(acknowledged.count < 8)
        DiskProbe.install(nil, at: root)
        #expect(Self.found(try Self.open(root)).isSuperset(of: acknowledged))
    }
}

/// Fails the flush of the folder that follows the making of a second log file.
final class KafkaMetadataFault: Sendable {
    private let state = Mutex((logs: Set<String>(), hasFailed: false))

    var hasFailed: Bool { state.withLock { $0.hasFailed } }

    var probe: DiskProbe {
        DiskProbe(before: { [self] path, operation in
            state.withLock { state in
                if operation == .open, path.hasSuffix(".log") { state.logs.insert(path) }
                guard operation == .flushFolder, state.logs.count > 1, !state.hasFailed else {
                    return nil
                }
                state.hasFailed = true
                return .error(EIO)
            }
        })
    }
}
