// The folder of all checkpoints: one below it for each query, locked while the query runs.

package import StreamPlan

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Why a checkpoint could not be opened.
package enum CheckpointFolderError: Error, Sendable, Equatable {
    case inUse(path: String)
    case file(CheckpointFileError)
}

/// A query's checkpoint on disk, held by this process.
///
///     checkpoints/
///       users_created/       the checkpoint in Spark's layout
///       users_created.new/   a restart on its way; taken over or thrown away at the next open
///       users_created.old/   what the last restart put aside
///       users_created.lock   locked (flock) while a process runs the query
package final class CheckpointFolder: Sendable {
    private let root: String
    private let name: String
    private let lock: Int32

    /// Takes the lock and ends a restart that was cut short. Blocks, but never waits for the lock.
    package init(root: String, query: String) throws(CheckpointFolderError) {
        self.root = root
        name = query
        lock = try Self.locked(root: root, query: query)
        do throws(CheckpointFileError) {
            try finishRestart()
        } catch {
            throw .file(error)
        }
    }

    /// - Returns: the open, locked file.
    private static func locked(root: String, query: String) throws(CheckpointFolderError) -> Int32 {
        let path = "\(root)/\(query).lock"
        do throws(CheckpointFileError) {
            try DiskFiles.makeFolder(root)
        } catch {
            throw .file(error)
        }
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw .file(DiskFiles.error(path)) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let inUse = errno == EWOULDBLOCK
            let error = DiskFiles.error(path)
            close(file)
            throw inUse ? .inUse(path: "\(root)/\(query)") : .file(error)
        }
        return file
    }

    deinit { close(lock) }

    package var files: DiskFiles { DiskFiles(folder("")) }

    /// Puts the checkpoint aside and begins another.
    ///
    /// The new one is whole on disk before the old one moves; cut short at any point, the next
    /// `init` finds either the old one or the new one.
    package func restart(from startingOffsets: StartingOffsets) throws(CheckpointFileError) {
        try Self.removeTree(folder(".new"))
        try CheckpointLog.create(in: DiskFiles(folder(".new")), startingOffsets: startingOffsets)
        try DiskFiles.syncFolder(root)
        try Self.removeTree(folder(".old"))
        if exists(folder("")) { try move("", ".old") }
        try move(".new", "")
    }

    private func finishRestart() throws(CheckpointFileError) {
        guard exists(folder(".new")) else { return }
        if exists(folder("")) || !exists(folder(".new") + "/metadata") {
            try Self.removeTree(folder(".new"))
        } else {
            try move(".new", "")
        }
    }

    private func folder(_ suffix: String) -> String { "\(root)/\(name)\(suffix)" }

    private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private func move(_ from: String, _ to: String) throws(CheckpointFileError) {
        guard rename(folder(from), folder(to)) == 0 else {
            throw DiskFiles.error(folder(from))
        }
        try DiskFiles.syncFolder(root)
    }

    /// Removes a folder and all below it; nothing when it is not there. Links are not followed.
    private static func removeTree(_ path: String) throws(CheckpointFileError) {
        for name in try DiskFiles(path).list("") {
            let child = "\(path)/\(name)"
            if unlink(child) == 0 || errno == ENOENT { continue }
            try removeTree(child)
        }
        guard rmdir(path) == 0 || errno == ENOENT else { throw DiskFiles.error(path) }
    }
}
