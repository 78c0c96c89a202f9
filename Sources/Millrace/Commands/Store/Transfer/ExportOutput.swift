// The file of an export, its parts, and the note of how far it is.

import Foundation
import MillraceBase

/// Where an export goes. Parts are in `FILE.parts`, the note is `FILE.parts/progress.json`.
final class ExportOutput: Sendable {
    struct Part {
        fileprivate let file: FileHandle
        fileprivate let path: String
    }

    /// Ranges that are in the file already.
    let rangesDone: Int
    private let file: FileHandle
    private let folder: String
    private let isStandardOutput: Bool
    private let identity: String
    private let thread = SerialThread("export")

    private init(
        file: FileHandle, folder: String, isStandardOutput: Bool, identity: String, rangesDone: Int
    ) {
        self.file = file
        self.folder = folder
        self.isStandardOutput = isStandardOutput
        self.identity = identity
        self.rangesDone = rangesDone
    }

    static func standardOutput() throws -> ExportOutput {
        let folder = NSTemporaryDirectory() + "millrace-export-\(UUID().uuidString)"
        try makeFolder(folder)
        return ExportOutput(
            file: .standardOutput, folder: folder, isStandardOutput: true, identity: "",
            rangesDone: 0)
    }

    /// - Parameters:
    ///   - identity: what is exported, in words; an export that goes on must be of the same.
    ///   - resumes: go on behind what an earlier, broken export wrote.
    ///   - replaces: a file that is there may be written over.
    static func file(
        _ path: String, identity: String, resumes: Bool, replaces: Bool
    ) throws -> ExportOutput {
        let folder = path + ".parts"
        var done = (ranges: 0, bytes: UInt64(0))
        if resumes,
            let note = try? String(contentsOfFile: folder + "/progress.json", encoding: .utf8),
            let json = try? JSONValue(parsing: note)
        {
            guard json["of"]?.string == identity else {
                throw Failure(
                    "that file is the beginning of another export", at: path,
                    because: "it was begun with: \(json["of"]?.string ?? "")",
                    next: "the same words again, or another file")
            }
            done = (json["ranges"]?.int ?? 0, UInt64(json["bytes"]?.int ?? 0))
        } else if FileManager.default.fileExists(atPath: path), !replaces {
            throw Failure(
                "the file is there already", at: path,
                next: "another name, --replace, or --resume after a broken export")
        }
        if done.ranges == 0 {
            guard FileManager.default.createFile(atPath: path, contents: nil) else {
                throw Failure("the file cannot be written", at: path, next: "another folder")
            }
        }
        guard let file = FileHandle(forWritingAtPath: path) else {
            throw Failure("the file cannot be written", at: path, next: "another folder")
        }
        try makeFolder(folder)
        try file.truncate(atOffset: done.bytes)
        try file.seek(toOffset: done.bytes)
        return ExportOutput(
            file: file, folder: folder, isStandardOutput: false, identity: identity,
            rangesDone: done.ranges)
    }

    private static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw Failure("the folder cannot be made", at: path, next: "another place for the file")
        }
    }

    func beginPart(_ index: Int) throws -> Part {
        let path = folder + "/\(index)"
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        guard let part = FileHandle(forWritingAtPath: path) else {
            throw Failure("a part cannot be written", at: path, next: "a disk with room")
        }
        return Part(file: part, path: path)
    }

    func write(_ bytes: [UInt8], to part: inout Part) async throws {
        let file = part.file
        try await thread.run { try file.write(contentsOf: bytes) }
    }

    func endPart(_ part: Part) async throws {
        let file = part.file
        try await thread.run { try file.close() }
    }

    func append(_ bytes: [UInt8]) async throws {
        let file = file
        try await thread.run { try file.write(contentsOf: bytes) }
    }

    /// The part becomes the end of the file, and the note says so.
    func appendPart(_ index: Int) async throws {
        let (file, folder, identity) = (file, folder, identity)
        let isStandardOutput = isStandardOutput
        try await thread.run {
            let path = folder + "/\(index)"
            guard let part = FileHandle(forReadingAtPath: path) else {
                throw Failure("a part is gone", at: path, next: "the export again")
            }
            while let bytes = try part.read(upToCount: 1 << 20), !bytes.isEmpty {
                try file.write(contentsOf: bytes)
            }
            try part.close()
            if !isStandardOutput {
                let note: JSONValue = [
                    "of": .string(identity), "ranges": JSONValue(index + 1),
                    "bytes": JSONValue(Int(try file.offset())),
                ]
                try Data(note.bytes).write(
                    to: URL(fileURLWithPath: folder + "/progress.json"), options: .atomic)
            }
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// All is written: parts and note go away.
    func finish() async throws {
        let (file, folder, isStandardOutput) = (file, folder, isStandardOutput)
        try await thread.run {
            if !isStandardOutput {
                try file.synchronize()
                try file.close()
            }
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// After an error: standard output cannot be resumed, so its parts go away.
    func abandon() { if isStandardOutput { try? FileManager.default.removeItem(atPath: folder) } }
}
