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
    private let output = Collected()
    private let errors = Collected()

    init(_ arguments: [String], environment: [String: String] = [:], in folder: String? = nil)
        throws
    {
        let process = Process()
        process.executableURL = URL(filePath: Self.path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = URL(filePath: folder) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output.pipe()
        process.standardError = errors.pipe()
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

    func ended() async throws -> Ended {
        while isRunning { try await Task.sleep(for: .milliseconds(5)) }
        await output.finished()
        await errors.finished()
        let code = process.withLock(\.terminationStatus)
        return Ended(code: code, output: output.text, errors: errors.text)
    }

    static func run(
        _ arguments: [String], environment: [String: String] = [:], in folder: String? = nil
    ) async throws -> Ended {
        try await Binary(arguments, environment: environment, in: folder).ended()
    }

    struct Gone: Error { var errors: String }

    /// What a pipe gave so far.
    private final class Collected: Sendable {
        private let state = Mutex((bytes: Data(), isAtEnd: false))

        var text: String { state.withLock { String(decoding: $0.bytes, as: UTF8.self) } }

        func pipe() -> Pipe {
            let pipe = Pipe()
            pipe.fileHandleForReading.readabilityHandler = { [self] handle in
                let more = handle.availableData
                state.withLock {
                    $0.bytes.append(more)
                    if more.isEmpty { $0.isAtEnd = true }
                }
                if more.isEmpty { handle.readabilityHandler = nil }
            }
            return pipe
        }

        func finished() async {
            while !state.withLock(\.isAtEnd) { try? await Task.sleep(for: .milliseconds(5)) }
        }
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
