// A power cut, simulated: what was not flushed is gone, in part or in whole, by a seed.

import Foundation
import Synchronization

@testable import MillraceBroker

/// Watches a folder with one level of partitions in it. `cut` makes the folder a power cut would leave.
///
/// Model: a file's bytes are safe once it was flushed, of those after any prefix may be there, or
/// zeros in their place. Names are safe once their folder was flushed; of the changes after, the
/// journal keeps any prefix.
final class KafkaLogPowerCut: Sendable {
    private struct State {
        /// Bytes that are safe, by inode.
        var safe: [UInt64: Data] = [:]
        /// The states of each folder since it was flushed, oldest first: names and their inodes.
        var names: [String: [[String: UInt64]]] = [:]
    }

    private let state = Mutex(State())
    /// After it, nothing reaches the disk any more.
    private let isOff = Atomic(false)
    private let isOffAtFlush = Atomic(false)

    func install(at root: String) {
        DiskProbe.install(
            DiskProbe(
                before: { [self] _, operation in
                    if operation == .flush, isOffAtFlush.load(ordering: .relaxed) { turnOff() }
                    if isOff.load(ordering: .relaxed), operation != .read { return .error(EIO) }
                    // The real disk need not flush: what is safe is noted here.
                    return operation == .flush || operation == .flushFolder ? .ignored : nil
                },
                after: { [self] path, operation in note(path, operation) }),
            at: root)
    }

    /// The next flush does not come to its end any more.
    func turnOffAtFlush() { isOffAtFlush.store(true, ordering: .relaxed) }

    func turnOff() { isOff.store(true, ordering: .relaxed) }

    private func note(_ path: String, _ operation: DiskOperation) {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        switch operation {
        case .read, .write, .cut: return
        case .flush:
            guard let inode = Self.inode(path),
                let bytes = try? Data(contentsOf: URL(filePath: path))
            else { return }
            state.withLock { $0.safe[inode] = bytes }
        case .flushFolder:
            let listing = Self.listing(path)
            state.withLock { $0.names[path] = [listing] }
        case .open, .rename, .remove:
            let listing = Self.listing(folder)
            state.withLock { $0.names[folder, default: [[:]]].append(listing) }
        }
    }

    private static func inode(_ path: String) -> UInt64? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.systemFileNumber] as? NSNumber)?.uint64Value
    }

    private static func listing(_ folder: String) -> [String: UInt64] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var found: [String: UInt64] = [:]
        for name in names { found[name] = inode(folder + "/" + name) }
        return found
    }

    /// Writes what is left of `folder` to `target`.
    func cut(_ folder: String, to target: String, random: inout SplitMix) throws {
        let (history, safe) = state.withLock { ($0.names[folder] ?? [[:]], $0.safe) }
        let names = history[Int(random.next() % UInt64(history.count))]
        var now: [UInt64: Data] = [:]
        for (name, inode) in Self.listing(folder) {
            now[inode] = try? Data(contentsOf: URL(filePath: folder + "/" + name))
        }
        try FileManager.default.createDirectory(
            atPath: target, withIntermediateDirectories: true)
        for (name, inode) in names.sorted(by: { $0.key < $1.key }) {
            var bytes = safe[inode] ?? Data()
            let current = now[inode] ?? bytes
            if current.count > bytes.count, current.prefix(bytes.count) == bytes {
                let more = Int(random.next() % UInt64(current.count - bytes.count + 1))
                let isZeros = random.next() % 4 == 0
                let rest = current[bytes.count..<bytes.count + more]
                bytes += isZeros ? Data(count: more) : rest
            }
            try bytes.write(to: URL(filePath: target + "/" + name))
        }
    }
}
