// What can go wrong between a task and its landing table.

package enum LandingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The database does not answer, after all tries: its address, and the last cause.
    case unreachable(String, because: String)
    /// No room on the disk under this path or server; nothing of the transaction was kept.
    case full(String)
    /// The tables were written by a later version of Millrace.
    case newerSchema(String, found: Int, known: Int)
    /// The file or folder cannot be opened or made, or is no database.
    case unusable(String, because: String)
    /// The database refuses the statement: its own words and code.
    case refused(String)
    case closed
    case cancelled

    package var description: String {
        switch self {
        case .unreachable(let address, let why): "cannot reach the landing \(address): \(why)"
        case .full(let path): "no room on the disk of the landing \(path)"
        case .newerSchema(let path, let found, let known):
            "the landing \(path) has version \(found) of its tables; this program knows \(known)"
        case .unusable(let path, let why): "cannot use the landing \(path): \(why)"
        case .refused(let why): "the landing refuses: \(why)"
        case .closed: "the landing is closed"
        case .cancelled: "cancelled"
        }
    }
}
