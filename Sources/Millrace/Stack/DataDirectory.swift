// The folder that holds all that a stack keeps: locked by one process, with a format version.

import Foundation
import MillraceBase

/// A data directory. Shape:
///
///     data/
///       format            the version of this layout, a number in text
///       lock              held by the one process that serves this folder
///       stack.json        where the live stack is to be reached; gone when it stopped cleanly
///       kafka-internal    how the stack's own clients log in to its Kafka; for its owner only
///       stack-id          a UUID; seeds of runs derive from it
///       broker/ store/ orchestrator/ checkpoints/ staging/ landing.sqlite
struct DataDirectory: Sendable {
    /// What this binary writes and reads.
    static let formatVersion = 1

    /// Less than this on its disk, and a stack is not even started: its engines want to write first.
    static let freeBytesMin = 16 << 20

    /// As the person gave it.
    let path: String

    init(_ path: String) { self.path = path }

    func path(_ name: String) -> String { path + "/" + name }

    /// What is free on the disk of this path, which must exist; `nil` when the system does not say.
    static func freeBytes(at path: String) -> Int? {
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { return nil }
        return Int(info.f_bavail) * Int(info.f_frsize)
    }

    /// Makes the folder and checks its version.
    ///
    /// - Throws: `Failure` when it cannot be written, its disk is full, or it is of a newer version
    ///   than this binary.
    func open() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw Failure(
                "cannot make the data directory", at: "--data \(path)",
                because: (error as NSError).localizedDescription,
                next: "--data PATH of a folder you may write")
        }
        if let free = Self.freeBytes(at: path), free < Self.freeBytesMin {
            throw Failure(
                "the disk of the data directory is full", at: "--data \(path)",
                because: "\(Shown.count(free >> 10)) KiB are free, a stack needs "
                    + "\(Self.freeBytesMin >> 20) MiB to start",
                next: "make room, or --data PATH on another disk")
        }
        let file = path("format")
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            try write("\(Self.formatVersion)\n", to: "format")
            return
        }
        guard let version = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw Failure(
                "the data directory has no readable version", at: file,
                because: "it holds no number", next: "--data PATH of another folder")
        }
        guard version <= Self.formatVersion else {
            throw Failure(
                "the data directory is of a newer version", at: file,
                because: "it has version \(version), this binary reads up to \(Self.formatVersion)",
                next: "a newer millrace, or --data PATH of another folder")
        }
    }

    /// The id of this stack, made once. Seeds of runs derive from it.
    func stackID() throws -> String {
        if let text = try? String(contentsOfFile: path("stack-id"), encoding: .utf8), !text.isEmpty
        {
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let id = UUID().uuidString.lowercased()
        try write(id + "\n", to: "stack-id")
        return id
    }

    /// Writes a small file whole or not at all, and makes it durable.
    func write(_ text: String, to name: String, isSecret: Bool = false) throws {
        do {
            try DurableFile.write(
                Array(text.utf8), to: path(name), mode: isSecret ? 0o600 : 0o644)
        } catch {
            throw Failure(
                "cannot write to the data directory", at: path(name), because: "\(error)",
                next: "make room or give --data PATH of a folder you may write")
        }
    }
}

/// Small files that are there whole or not at all.
enum DurableFile {
    struct Trouble: Error, CustomStringConvertible {
        var description: String

        init(_ action: String) {
            description = "\(action): \(String(cString: strerror(errno)))"
        }
    }

    /// Writes aside, syncs, renames, and syncs the folder. Blocks for a few fsyncs.
    static func write(
        _ bytes: [UInt8], to path: String, mode: mode_t = 0o644
    ) throws(Trouble) {
        let aside = path + ".new"
        // Left by a crash it would keep the mode it was made with.
        unlink(aside)
        let file = open(aside, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw Trouble("open") }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Foundation.write(
                    file, buffer.baseAddress?.advanced(by: written), bytes.count - written)
            }
            guard count > 0 else {
                let trouble = Trouble("write")
                close(file)
                throw trouble
            }
            written += count
        }
        guard fsync(file) == 0 else {
            let trouble = Trouble("fsync")
            close(file)
            throw trouble
        }
        close(file)
        guard rename(aside, path) == 0 else { throw Trouble("rename") }
        let folder = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }
}
