// The files under a checkpoint, as something a test can hold.

/// Why a file of a checkpoint could not be read or written.
package struct CheckpointFileError: Error, Sendable, Equatable, CustomStringConvertible {
    package var path: String
    package var because: String
    /// Whether it may work later: the disk is full, or a quota is used up.
    package var isRetriable: Bool

    package init(path: String, because: String, isRetriable: Bool = false) {
        self.path = path
        self.because = because
        self.isRetriable = isRetriable
    }

    package var description: String { "\(path): \(because)" }
}

/// A tree of small files. Every call blocks. Paths are relative, with `/`.
package protocol CheckpointFiles: Sendable {
    /// For people and messages: where the tree is.
    var place: String { get }

    /// - Returns: `nil` when there is no such file.
    func read(_ path: String) throws(CheckpointFileError) -> [UInt8]?

    /// Writes a whole file. When it returns, the file and its name are on disk; when the power
    /// fails before, there is either no such file or all of it. Makes the folders it needs.
    func write(_ bytes: [UInt8], to path: String) throws(CheckpointFileError)

    /// Names in a folder, without order; none when there is no such folder.
    func list(_ folder: String) throws(CheckpointFileError) -> [String]

    /// Nothing happens when there is no such file.
    func remove(_ path: String) throws(CheckpointFileError)
}
