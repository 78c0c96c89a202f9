// A disk that fills up: writes fail in the protocol's terms, reads go on, and all is well with space.

import CQLClient
import CQLProtocol
import CQLStore
import Foundation
import MillraceBase
import Testing

@Suite("CQL store on a full disk")
struct CQLStoreFullDiskTests {
    /// A disk of 48 MB in memory; needs root, and containers may forbid it even then.
    private static func smallDisk() -> String? {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("cqldisk-\(UUID().uuidString)").path
        try? FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        return run("/bin/mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", path) ? path : nil
    }

    @discardableResult
    private static func run(_ program: String, _ arguments: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    @Test(.enabled(if: geteuid() == 0, "a small disk can only be mounted by root"))
    func failsWritesAndRecovers() async throws {
        guard let disk = Self.smallDisk() else { return }
        defer {
            Self.run("/bin/umount", disk)
            try? FileManager.default.removeItem(atPath: disk)
        }
        let stage = try await CQLStoreStage.start(disk + "/data")
        try await stage.makeKeyspace()
        try await stage.session.execute("CREATE TABLE ks.t (k int PRIMARY KEY, v blob)")
        let insert = try await stage.session.prepare("INSERT INTO ks.t (k, v) VALUES (?, ?)")
        let filler = disk + "/filler"
        try Data(repeating: 1, count: 16 << 20).write(to: URL(fileURLWithPath: filler))
        let (acknowledged, failure) = try await fill(stage, insert)
        #expect(failure?.serverCode == .writeFailure)
        #expect("\(failure.map { "\($0)" } ?? "")".contains("disk is full"))
        #expect(acknowledged > 0)
        let read = try await stage.rows("SELECT k FROM ks.t")
        #expect(read.count >= acknowledged)
        try FileManager.default.removeItem(atPath: filler)
        try await writeUntilItWorks(stage, insert, key: -1)
        let kept = Set(try await stage.rows("SELECT k FROM ks.t").compactMap(\.first?.int64))
        #expect(kept.isSuperset(of: (0..<Int64(acknowledged)).map { $0 }))
        #expect(kept.contains(-1))
        await stage.end()
    }

    /// Writes values that do not compress until one fails.
    private func fill(
        _ stage: CQLStoreStage, _ insert: PreparedStatement
    ) async throws -> (acknowledged: Int, failure: CQLError?) {
        for key in 0..<1_000 {
            let value = (0..<12_500).flatMap { _ in
                withUnsafeBytes(of: UInt64.random(in: 0 ... .max), Array.init)
            }
            do throws(CQLError) {
                try await stage.session.execute(insert, [.int(Int32(key)), .blob(value)])
            } catch {
                return (key, error)
            }
        }
        return (1_000, nil)
    }

    private func writeUntilItWorks(
        _ stage: CQLStoreStage, _ insert: PreparedStatement, key: Int32
    ) async throws {
        for _ in 0..<100 {
            do throws(CQLError) {
                try await stage.session.execute(insert, [.int(key), .blob([1])])
                return
            } catch {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        Issue.record("the store did not come back")
    }
}
