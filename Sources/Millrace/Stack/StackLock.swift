// One data directory, one stack: the lock that a live stack holds.

import Foundation
import MillraceBase

/// Holds the folder's lock until it is released, or the process ends in any way.
final class StackLock: Sendable {
    private let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// - Returns: `nil` when another process holds it.
    static func take(_ data: DataDirectory) throws -> StackLock? {
        let path = data.path("lock")
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw Failure(
                "cannot lock the data directory", at: path,
                because: String(cString: strerror(errno)),
                next: "--data PATH of a folder you may write")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        return StackLock(descriptor)
    }

    deinit { close(descriptor) }
}
