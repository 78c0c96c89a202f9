// A real PostgreSQL for the tests: started by them, or given by MILLRACE_TEST_POSTGRES.

import Foundation
import MillraceBase
import NIOCore
import NIOPosix
import PostgresClient
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One server of our own in a temporary folder, as an unprivileged user: PostgreSQL refuses root.
actor LandingPostgresServer {
    private let folder: URL
    private let port: Int
    private var process: Process?

    /// The newest binaries installed; `nil` where there are none.
    static let binaries: URL? = {
        let root = URL(fileURLWithPath: "/usr/lib/postgresql")
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []
        let newest = versions.compactMap { Int($0) }.max()
        return newest.map { root.appending(path: "\($0)/bin") }
    }()

    init() async throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "millrace-postgres-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if getuid() == 0 { chown(folder.path, Self.nobody, Self.nobody) }
        let probe = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        port = probe.localAddress?.port ?? 0
        try await probe.close()
        let made = try Self.launch(
            "initdb", "-D", folder.path + "/data", "-U", "millrace", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync")
        // Waits on a thread that may block: this runs once for each server.
        try await SerialThread("initdb").run { made.waitUntilExit() }
        guard made.terminationStatus == 0 else {
            throw LandingPostgresFailure(what: "initdb failed")
        }
        try await start()
    }

    private static let nobody: UInt32 = 65_534

    private static func launch(_ program: String, _ arguments: String...) throws -> Process {
        guard let binaries else { throw LandingPostgresFailure(what: "no binaries") }
        let process = Process()
        let path = binaries.appending(path: program).path
        if getuid() == 0 {
            process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
            process.arguments =
                ["--reuid=\(nobody)", "--regid=\(nobody)", "--clear-groups", path] + arguments
        } else {
            process.executableURL = URL(fileURLWithPath: path)
            process.arguments = arguments
        }
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    nonisolated var endpoint: Endpoint {
        Endpoint(
            scheme: "postgres", hosts: [.init("127.0.0.1", port: port)], path: "/postgres",
            user: "millrace")
    }

    func start() async throws {
        let process = try Self.launch(
            "postgres", "-D", folder.path + "/data", "-p", String(port), "-c", "fsync=off", "-c",
            "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c",
            "max_connections=50", "-c", "shared_buffers=16MB")
        self.process = process
        LandingPostgresCleaner.shared.add(process.processIdentifier, folder)
        for _ in 0..<300 {
            if let connection = try? await PostgresConnection.connect(endpoint) {
                await connection.close()
                return
            }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw LandingPostgresFailure(what: "postgres does not answer")
    }

    /// Ends it as a crash does: all of its processes at once, nothing written; it recovers at the
    /// start.
    func kill() async {
        guard let process else { return }
        Foundation.kill(process.processIdentifier, SIGQUIT)
        try? await SerialThread("kill").run { process.waitUntilExit() }
        self.process = nil
    }

    func stop() async {
        await kill()
        try? FileManager.default.removeItem(at: folder)
    }
}

struct LandingPostgresFailure: Error {
    var what: String
}

/// Ends our servers when the test process exits.
private final class LandingPostgresCleaner: Sendable {
    static let shared = LandingPostgresCleaner()
    private let servers = Mutex<[(pid: Int32, folder: URL)]>([])

    private init() {
        atexit {
            for server in LandingPostgresCleaner.shared.servers.withLock({ $0 }) {
                kill(server.pid, SIGQUIT)
                usleep(100_000)
                try? FileManager.default.removeItem(at: server.folder)
            }
        }
    }

    func add(_ pid: Int32, _ folder: URL) { servers.withLock { $0.append((pid, folder)) } }
}

/// One server for all tests that do not kill it, each test in a schema of its own.
enum LandingPostgres {
    static let given = ProcessInfo.processInfo.environment["MILLRACE_TEST_POSTGRES"]
    static var isAvailable: Bool { given != nil || LandingPostgresServer.binaries != nil }
    static let missing: Comment =
        "there is no PostgreSQL under /usr/lib/postgresql and MILLRACE_TEST_POSTGRES is not set"

    private static let shared = Task { try await LandingPostgresServer() }

    /// The address of an empty schema.
    static func schema() async throws -> Endpoint {
        var endpoint: Endpoint
        if let given {
            endpoint = try Endpoint.parse(given)
        } else {
            endpoint = try await shared.value.endpoint
        }
        let name = "test_\(UInt64.random(in: 0 ... .max))"
        let connection = try await PostgresConnection.connect(endpoint)
        try await connection.execute("CREATE SCHEMA \(name)")
        await connection.close()
        endpoint.options["options"] = "-csearch_path=\(name)"
        return endpoint
    }
}
