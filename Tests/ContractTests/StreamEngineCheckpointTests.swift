// A checkpoint's files and folders on a real disk.

import Foundation
import StreamEngine
import StreamPlan
import Testing

@Suite("Checkpoint on disk")
struct StreamEngineCheckpointTests {
    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("checkpoint-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    /// Goal: files come back whole, folders are made, what is missing is nothing.
    @Test func keepsFiles() throws {
        try inFolder { folder in
            let files = DiskFiles(folder + "/deep/er")
            #expect(try files.read("offsets/0") == nil)
            #expect(try files.list("offsets").isEmpty)
            try files.write(Array("one".utf8), to: "offsets/0")
            try files.write(Array("two".utf8), to: "offsets/0")
            let long = Array(repeating: UInt8(7), count: 200_000)
            try files.write(long, to: "offsets/10")
            #expect(try files.read("offsets/0") == Array("two".utf8))
            #expect(try files.read("offsets/10") == long)
            #expect(try files.list("offsets").sorted() == ["0", "10"])
            try files.remove("offsets/0")
            try files.remove("offsets/0")
            #expect(try files.list("offsets") == ["10"])
        }
    }

    /// Goal: an error names the path.
    @Test func namesThePath() throws {
        try inFolder { folder in
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/offsets"))
            let files = DiskFiles(folder)
            #expect {
                try files.write([1], to: "offsets/0")
            } throws: { error in
                (error as? CheckpointFileError)?.path.hasPrefix(folder + "/offsets") == true
            }
        }
    }

    /// Goal: a torn temporary file is no batch.
    @Test func overlooksTemporaryFiles() throws {
        try inFolder { folder in
            let files = DiskFiles(folder)
            let log = CheckpointLog(files: files, topic: "t")
            let begin = SourceOffsets(topic: "t", partitions: [0: 0])
            _ = try log.open()
            try log.logInitial(begin)
            try log.logOffsets(
                0,
                OffsetEntry(
                    batchTimestampMilliseconds: 5,
                    end: SourceOffsets(topic: "t", partitions: [0: 9])))
            try Data("v1\n{".utf8).write(to: URL(fileURLWithPath: folder + "/offsets/.1.tmp"))
            let recovered = try log.open()
            #expect(recovered.logged == 0 && recovered.committed == nil)
            #expect(recovered.position == begin)
            #expect(recovered.pending?.end.partitions == [0: 9])
            try log.logCommit(0)
            #expect(try log.open().position?.partitions == [0: 9])
            #expect(try log.open().pending == nil)
        }
    }

    @Test func isLocked() throws {
        try inFolder { folder in
            var first: CheckpointFolder? = try CheckpointFolder(root: folder, query: "q")
            #expect(throws: CheckpointFolderError.inUse(path: folder + "/q")) {
                try CheckpointFolder(root: folder, query: "q")
            }
            _ = try CheckpointFolder(root: folder, query: "other")
            #expect(first != nil)
            first = nil
            _ = try CheckpointFolder(root: folder, query: "q")
        }
    }

    /// Goal: a restart that was cut short at any point leaves the old checkpoint or the new one.
    @Test func endsARestartThatWasCutShort() throws {
        try inFolder { folder in
            let manager = FileManager.default
            func id() throws -> RecoveredCheckpoint {
                let held = try CheckpointFolder(root: folder, query: "q")
                return try CheckpointLog(files: held.files, topic: "t").open()
            }
            let old = try id().id
            // The new one is written, the old one is still in its place: the restart never was.
            let held = DiskFiles(folder + "/q.new")
            try CheckpointLog.create(in: held, startingOffsets: .earliest)
            #expect(try id().id == old)
            #expect(!manager.fileExists(atPath: folder + "/q.new"))
            // The old one is aside, the new one not yet in its place: it is put there.
            try CheckpointLog.create(in: held, startingOffsets: .offsets([0: 4]))
            try manager.moveItem(atPath: folder + "/q", toPath: folder + "/q.old")
            let recovered = try id()
            #expect(recovered.id != old)
            #expect(recovered.startingOffsets == .offsets([0: 4]))
            // Whole.
            try CheckpointFolder(root: folder, query: "q").restart(from: .latest)
            #expect(try id().startingOffsets == .latest)
            #expect(
                try CheckpointLog(files: DiskFiles(folder + "/q.old"), topic: "t").open().id
                    == recovered.id)
        }
    }
}
