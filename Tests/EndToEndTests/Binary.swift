// The built program, run as a person runs it: its arguments in, its exit code and its words out.

import Foundation
import MillraceBase
import Synchronization

/// One started process of the built binary.
final class Binary: Sendable {
    struct Ended: Sendable {
        var code: Int32
        var output: String
        var errors: String
    }

    /// `MILLRACE_BINARY`, or the debug build of this checkout.
    static let path: String =
        ProcessInfo.processInfo.environment["MILLRACE_BINARY"]
        ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: ".build/debug/millrace").path

    // Foundation's Process is not Sendable; every use of it is behind this lock.
    private let process: Mutex<Process>
    private let ends: AsyncStream<Int32>
    private let output: CapturedFile
    private let errors: CapturedFile

    init(_ arguments: [String], environment: [String: String] = [:], in folder: String? = nil)
        throws
    {
        output = try CapturedFile()
        errors = try CapturedFile()
        let process = Process()
        process.executableURL = URL(filePath: Self.path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = URL(filePath: folder) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output.handle
        process.standardError = errors.handle
        let (ends, end) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { ended in
            end.yield(ended.terminationStatus)
            end.finish()
        }
        self.ends = ends
        try process.run()
        self.process = Mutex(process)
    }

    var isRunning: Bool { process.withLock(\.isRunning) }

    func signal(_ number: Int32) { process.withLock { _ = kill($0.processIdentifier, number) } }

    /// The first line of standard output, waited for.
    func firstLine() async throws -> String {
        while true {
            if let line = output.text.split(separator: "\n", omittingEmptySubsequences: false)
                .first,
                output.text.contains("\n")
            {
                return String(line)
            }
            guard isRunning else { throw Gone(errors: errors.text) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Waits for the end. To be called once.
    func ended() async throws -> Ended {
        for await code in ends {
            return Ended(code: code, output: output.text, errors: errors.text)
        }
        throw CancellationError()
    }

    static func run(
        _ arguments: [String], environment: [String: String] = [:], in folder: String? = nil
    ) async throws -> Ended {
        try await Binary(arguments, environment: environment, in: folder).ended()
    }

    struct Gone: Error { var errors: String }
}

/// What a process wrote, in a file that goes away with it.
private final class CapturedFile: Sendable {
    let handle: FileHandle
    private let path: String

    init() throws {
        path = NSTemporaryDirectory() + "millrace-output-" + UUID().uuidString
        guard FileManager.default.createFile(atPath: path, contents: nil) else {
            throw CocoaError(.fileWriteUnknown)
        }
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw CocoaError(.fileWriteUnknown)
        }
        self.handle = handle
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var text: String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// A folder that goes away with the test.
struct TemporaryFolder: ~Copyable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "millrace-e2e-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A stack of the built binary that stays up while a test looks at it.
struct LiveStack {
    let binary: Binary
    let addresses: [String: String]

    /// Flags that give every embedded engine a free port.
    static let freePorts = ["source", "kafka", "registry", "store", "orchestrator", "console"]
        .flatMap { ["--\($0)", "embedded:?port=0"] }

    init(_ arguments: [String]) async throws {
        binary = try Binary(["up", "--json"] + arguments)
        let json = try JSONValue(parsing: try await binary.firstLine())
        addresses = Dictionary(
            uniqueKeysWithValues: (json["addresses"]?.object?.members ?? [])
                .map { ($0.name, $0.value.string ?? "") })
    }

    func stopped() async throws -> Binary.Ended {
        binary.signal(SIGINT)
        return try await binary.ended()
    }
}
