// A checkpoint's files on a disk, each written so that it survives the power's failure.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Files below one folder. A write is: a new file beside it, fsync, rename, fsync of the folder.
package struct DiskFiles: CheckpointFiles {
    package let place: String

    package init(_ folder: String) { place = folder }

    package func read(_ path: String) throws(CheckpointFileError) -> [UInt8]? {
        let full = place + "/" + path
        let file = open(full, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw Self.error(full)
        }
        defer { close(file) }
        var out: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = readSome(file, &part)
            guard count >= 0 else { throw Self.error(full) }
            if count == 0 { return out }
            out.append(contentsOf: part[..<count])
        }
    }

    package func write(_ bytes: [UInt8], to path: String) throws(CheckpointFileError) {
        let full = place + "/" + path
        let (folder, name) = Self.split(full)
        let temporary = "\(folder)/.\(name).tmp"
        var file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        if file < 0, errno == ENOENT {
            try Self.makeFolder(folder)
            file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        }
        guard file >= 0 else { throw Self.error(temporary) }
        do throws(CheckpointFileError) {
            try Self.writeAll(bytes, file, temporary)
            guard fsync(file) == 0 else { throw Self.error(temporary) }
        } catch {
            close(file)
            unlink(temporary)
            throw error
        }
        close(file)
        guard rename(temporary, full) == 0 else { throw Self.error(full) }
        try Self.syncFolder(folder)
    }

    package func list(_ folder: String) throws(CheckpointFileError) -> [String] {
        let full = place + "/" + folder
        guard let stream = opendir(full) else {
            if errno == ENOENT { return [] }
            throw Self.error(full)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    package func remove(_ path: String) throws(CheckpointFileError) {
        let full = place + "/" + path
        guard unlink(full) == 0 || errno == ENOENT else { throw Self.error(full) }
    }

    /// Makes a folder and those above it, each on disk when this returns.
    static func makeFolder(_ folder: String) throws(CheckpointFileError) {
        if mkdir(folder, 0o755) == 0 {
            try syncFolder(split(folder).folder)
            return
        }
        if errno == EEXIST { return }
        guard errno == ENOENT, folder.contains("/"), folder != "/" else { throw error(folder) }
        try makeFolder(split(folder).folder)
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw error(folder) }
        try syncFolder(split(folder).folder)
    }

    static func syncFolder(_ folder: String) throws(CheckpointFileError) {
        let file = open(folder, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw error(folder) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw error(folder) }
    }

    static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let folder = path[..<slash]
        return (folder.isEmpty ? "/" : String(folder), String(path[path.index(after: slash)...]))
    }

    /// The last call's error.
    static func error(_ path: String) -> CheckpointFileError {
        let code = errno
        return CheckpointFileError(
            path: path, because: String(cString: strerror(code)),
            isRetriable: code == ENOSPC || code == EDQUOT || code == EINTR)
    }

    private static func writeAll(_ bytes: [UInt8], _ file: Int32, _ path: String)
        throws(CheckpointFileError)
    {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                writeSome(file, UnsafeRawBufferPointer(rebasing: buffer[done...]))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw error(path) }
            done += count
        }
    }
}

/// The system calls under names that do not meet the methods'.
private func readSome(_ file: Int32, _ part: inout [UInt8]) -> Int {
    part.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
}

private func writeSome(_ file: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(file, bytes.baseAddress, bytes.count)
}
