// What was typed before, kept in a file of the person's.

import Foundation
import MillraceBase

/// The last statements, oldest first. Statements that name a password are not kept.
struct ShellHistory {
    static let linesMax = 1_000
    private(set) var lines: [String] = []
    private let path: String?

    /// - Parameter path: `nil` keeps it in memory.
    init(path: String?) {
        self.path = path
        guard let path, let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            return
        }
        lines = text.split(separator: "\n").map(String.init).suffix(Self.linesMax)
    }

    /// `~/.millrace/cql_history`, or `CQL_HISTORY`.
    static var standardPath: String? {
        let environment = ProcessInfo.processInfo.environment
        if let given = environment["CQL_HISTORY"] { return given.isEmpty ? nil : given }
        return environment["HOME"].map { $0 + "/.millrace/cql_history" }
    }

    mutating func add(_ line: String) {
        let flat = line.split(whereSeparator: \.isNewline).joined(separator: " ").trimmed
        guard !flat.isEmpty, flat != lines.last, !flat.lowercased().contains("password") else {
            return
        }
        lines.append(flat)
        if lines.count > Self.linesMax { lines.removeFirst(lines.count - Self.linesMax) }
    }

    /// A history that cannot be kept is no reason to stop.
    func save() {
        guard let path else { return }
        let folder = (path as NSString).deletingLastPathComponent
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let data = Data((lines.joined(separator: "\n") + "\n").utf8)
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(
                atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        }
        try? data.write(to: URL(fileURLWithPath: path))
    }
}
