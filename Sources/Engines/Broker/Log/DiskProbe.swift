// A test's hand on the disk: sees what is done to the files under a folder, and can let it fail.

import Synchronization

package enum DiskOperation: Equatable, Sendable {
    case open
    case read
    case write(position: Int, count: Int)
    case flush
    case cut(to: Int)
    case rename(to: String)
    case remove
    case flushFolder
}

package enum DiskFault: Equatable, Sendable {
    /// The operation does nothing and fails with this error number.
    case error(Int32)
    /// A write that fails after so many bytes.
    case short(Int, Int32)
    /// The operation does nothing and says that it did: a disk that lies, or a test in a hurry.
    case ignored
}

/// Installed by tests only. Without one, all it costs is a look at a flag when a file is opened.
package final class DiskProbe: Sendable {
    /// Called on the thread of the operation, with the file's path.
    let before: @Sendable (String, DiskOperation) -> DiskFault?
    /// Called when the operation has succeeded.
    let after: @Sendable (String, DiskOperation) -> Void

    package init(
        before: @escaping @Sendable (String, DiskOperation) -> DiskFault?,
        after: @escaping @Sendable (String, DiskOperation) -> Void = { _, _ in }
    ) {
        self.before = before
        self.after = after
    }

    private static let isUsed = Atomic<Bool>(false)
    /// By the folder they watch.
    private static let installed = Mutex<[String: DiskProbe]>([:])

    /// Watches the files under a folder; those that are open already are not watched.
    package static func install(_ probe: DiskProbe?, at folder: String) {
        installed.withLock { $0[folder] = probe }
        isUsed.store(true, ordering: .releasing)
    }

    static func probe(of path: String) -> DiskProbe? {
        guard isUsed.load(ordering: .acquiring) else { return nil }
        return installed.withLock { probes in
            probes.first { path.hasPrefix($0.key + "/") || path == $0.key }?.value
        }
    }

    /// Does `body` unless the probe says that it fails.
    static func watch(
        _ path: String, _ operation: DiskOperation, named name: String,
        by probe: DiskProbe? = nil, _ body: () throws(DiskError) -> Void
    ) throws(DiskError) {
        guard let probe = probe ?? Self.probe(of: path) else { return try body() }
        switch probe.before(path, operation) {
        case nil: try body()
        case .ignored: break
        case .error(let number), .short(_, let number):
            throw DiskError(path: path, operation: name, number: number)
        }
        probe.after(path, operation)
    }
}
