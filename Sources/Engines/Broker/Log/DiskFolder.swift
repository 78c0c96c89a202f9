// What is done to folders and to whole small files: make, list, rename, remove, write at one stroke.

import Foundation

enum DiskFolder {
    /// Makes the folder and those above it.
    static func make(_ path: String) throws(DiskError) {
        if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw DiskError(path: path, operation: "create", number: errno)
        }
        try make(String(path[..<slash]))
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw DiskError(path: path, operation: "create", number: errno)
        }
    }

    /// Names in the folder, sorted, without `.` and `..`.
    static func names(in path: String) throws(DiskError) -> [String] {
        guard let folder = opendir(path) else {
            throw DiskError(path: path, operation: "list", number: errno)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func rename(_ old: String, to new: String) throws(DiskError) {
        try DiskProbe.watch(old, .rename(to: new), named: "rename") { () throws(DiskError) in
            guard Foundation.rename(old, new) == 0 else {
                throw DiskError(path: old, operation: "rename", number: errno)
            }
        }
    }

    /// Removes one file; a missing one is no error.
    static func remove(_ path: String) throws(DiskError) {
        try DiskProbe.watch(path, .remove, named: "remove") { () throws(DiskError) in
            guard unlink(path) == 0 || errno == ENOENT else {
                throw DiskError(path: path, operation: "remove", number: errno)
            }
        }
    }

    /// Removes a partition's folder and its files, which has no folders inside.
    static func removeAll(_ path: String) throws(DiskError) {
        guard exists(path) else { return }
        for name in try names(in: path) { try remove(path + "/" + name) }
        guard rmdir(path) == 0 || errno == ENOENT else {
            throw DiskError(path: path, operation: "remove", number: errno)
        }
    }

    /// Makes the names in a folder survive a power cut.
    static func flush(_ path: String) throws(DiskError) {
        try DiskProbe.watch(path, .flushFolder, named: "flush") { () throws(DiskError) in
            let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw DiskError(path: path, operation: "open", number: errno)
            }
            defer { close(descriptor) }
            guard fsync(descriptor) == 0 else {
                throw DiskError(path: path, operation: "flush", number: errno)
            }
        }
    }

    /// Puts a whole file in place: readers see the old or the new one, never half of either.
    static func replace(_ path: String, with bytes: [UInt8], durably: Bool = true)
        throws(DiskError)
    {
        let temporary = path + ".tmp"
        try remove(temporary)
        let file = try DiskFile.open(temporary, create: true)
        try file.write(bytes, at: 0)
        if durably { try file.flush() }
        try rename(temporary, to: path)
        if durably, let slash = path.lastIndex(of: "/") { try flush(String(path[..<slash])) }
    }

    /// The whole of a small file; `nil` when it is missing.
    static func contents(_ path: String) throws(DiskError) -> [UInt8]? {
        guard exists(path) else { return nil }
        let file = try DiskFile.open(path, create: false, writing: false)
        return try file.read(try file.size(), at: 0)
    }
}
