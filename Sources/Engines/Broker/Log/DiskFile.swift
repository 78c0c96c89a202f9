// One open file: reads and writes at positions, flushes, and says what went wrong by path.

import Foundation
import NIOCore

/// Why a file operation failed: the system's error number and the operation.
struct DiskError: Error, Equatable, CustomStringConvertible {
    var path: String
    var operation: String
    var number: Int32

    var isDiskFull: Bool { number == ENOSPC || number == EDQUOT }
    var because: String { String(cString: strerror(number)) }
    var description: String { "cannot \(operation) \(path): \(because)" }
    var brokerError: BrokerError { .file(path: path, operation: operation, because: because) }
}

/// A file descriptor that closes itself when the last user lets go, so that a reader of a deleted
/// segment still reads it. All calls block; none is made on an event loop.
final class DiskFile: Sendable {
    let path: String
    private let descriptor: Int32
    private let probe: DiskProbe?

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
        probe = DiskProbe.probe(of: path)
    }

    deinit { close(descriptor) }

    /// - Parameter create: makes the file when it is missing.
    static func open(_ path: String, create: Bool, writing: Bool = true) throws(DiskError)
        -> DiskFile
    {
        try DiskProbe.watch(path, .open, named: "open") {}
        let flags = (writing ? O_RDWR : O_RDONLY) | (create ? O_CREAT : 0) | O_CLOEXEC
        while true {
            let descriptor = Foundation.open(path, flags, 0o644)
            if descriptor >= 0 { return DiskFile(path: path, descriptor: descriptor) }
            if errno != EINTR { throw DiskError(path: path, operation: "open", number: errno) }
        }
    }

    func size() throws(DiskError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failed("inspect") }
        return Int(status.st_size)
    }

    func stamp() throws(DiskError) -> FileStamp {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failed("inspect") }
        #if os(Linux)
        return FileStamp(seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
        #else
        return FileStamp(
            seconds: status.st_mtimespec.tv_sec, nanoseconds: status.st_mtimespec.tv_nsec)
        #endif
    }

    /// Reads until `bytes` is full or the file ends.
    /// - Returns: the number of bytes read.
    func read(into bytes: UnsafeMutableRawBufferPointer, at position: Int) throws(DiskError)
        -> Int
    {
        guard let start = bytes.baseAddress else { return 0 }
        if let probe { try DiskProbe.watch(path, .read, named: "read", by: probe) {} }
        var done = 0
        while done < bytes.count {
            let count = pread(
                descriptor, start + done, bytes.count - done, off_t(position + done))
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw failed("read")
            }
            done += count
        }
        return done
    }

    /// Up to `count` bytes from `position` on; fewer only where the file ends.
    func read(_ count: Int, at position: Int) throws(DiskError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        // The closures of these buffers cannot throw a typed error.
        let result = bytes.withUnsafeMutableBytes { bytes in
            Result { () throws(DiskError) in try read(into: bytes, at: position) }
        }
        let done = try result.get()
        if done < count { bytes.removeLast(count - done) }
        return bytes
    }

    /// The same into a buffer, which is not filled with zeros first.
    func readBuffer(_ count: Int, at position: Int) throws(DiskError) -> ByteBuffer {
        var buffer = ByteBuffer()
        var failure: DiskError?
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
            do throws(DiskError) {
                let room = UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(count))
                return try read(into: room, at: position)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return buffer
    }

    func write(_ bytes: [UInt8], at position: Int) throws(DiskError) {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(DiskError) in try write(bytes, at: position) }
        }.get()
    }

    func write(_ bytes: ByteBuffer, at position: Int) throws(DiskError) {
        try bytes.withUnsafeReadableBytes { bytes in
            Result { () throws(DiskError) in try write(bytes, at: position) }
        }.get()
    }

    /// Writes all of `bytes`, or throws with some of them written.
    func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(DiskError) {
        guard let probe else { return try writeAll(bytes, at: position) }
        let operation = DiskOperation.write(position: position, count: bytes.count)
        switch probe.before(path, operation) {
        case nil:
            try writeAll(bytes, at: position)
            probe.after(path, operation)
        case .ignored: break
        case .error(let number):
            throw DiskError(path: path, operation: "write", number: number)
        case .short(let count, let number):
            let some = UnsafeRawBufferPointer(rebasing: bytes.prefix(count))
            try writeAll(some, at: position)
            probe.after(path, .write(position: position, count: some.count))
            throw DiskError(path: path, operation: "write", number: number)
        }
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(DiskError) {
        guard let start = bytes.baseAddress else { return }
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, start + done, bytes.count - done, off_t(position + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw failed("write")
            }
            done += count
        }
    }

    /// Everything written so far survives a power cut when this returns.
    func flush() throws(DiskError) {
        guard let probe else { return try flushNow() }
        try DiskProbe.watch(path, .flush, named: "flush", by: probe, flushNow)
    }

    private func flushNow() throws(DiskError) {
        #if os(Linux)
        let status = fdatasync(descriptor)
        #else
        let status = fcntl(descriptor, F_FULLFSYNC)
        #endif
        guard status != -1 else { throw failed("flush") }
    }

    func cut(to size: Int) throws(DiskError) {
        guard let probe else { return try cutNow(to: size) }
        try DiskProbe.watch(path, .cut(to: size), named: "cut", by: probe) {
            () throws(DiskError) in try cutNow(to: size)
        }
    }

    private func cutNow(to size: Int) throws(DiskError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw failed("cut") }
    }

    /// A descriptor of its own for the same file, to be closed by who asked.
    func duplicate() throws(DiskError) -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw failed("duplicate") }
        return copy
    }

    /// Takes the lock that one process at a time can have.
    /// - Returns: false when another one has it.
    func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    private func failed(_ operation: String) -> DiskError {
        DiskError(path: path, operation: operation, number: errno)
    }
}
