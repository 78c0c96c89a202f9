// What SQLite's result codes mean to whoever lands people.

import Foundation
import GRDB

enum SQLiteFailure {
    static func landingError(_ error: any Error, path: String) -> LandingError {
        if error is CancellationError { return .cancelled }
        guard let failure = error as? DatabaseError else {
            let cocoa = error as NSError
            if cocoa.code == CocoaError.fileWriteOutOfSpace.rawValue { return .full(path) }
            return .unusable(path, because: cocoa.localizedDescription)
        }
        let words = failure.message ?? failure.resultCode.description
        switch failure.resultCode {
        case .SQLITE_FULL: return .full(path)
        case .SQLITE_INTERRUPT: return .cancelled
        case .SQLITE_IOERR: return hasRoom(path) ? .unusable(path, because: words) : .full(path)
        case .SQLITE_CANTOPEN, .SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_PERM, .SQLITE_READONLY,
            .SQLITE_AUTH:
            return hasRoom(path) ? .unusable(path, because: words) : .full(path)
        case .SQLITE_MISUSE: return .closed
        // SQLite's codes are no enum of ours; what is left is the statement's own fault.
        default: return .refused("\(words) (\(failure.extendedResultCode))")
        }
    }

    /// Some failures of a full disk come as I/O errors (the WAL's index cannot grow).
    private static func hasRoom(_ path: String) -> Bool {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return true }
        return Int(status.f_bavail) * Int(status.f_frsize) >= LandingLimits.roomBytesMin
    }
}
