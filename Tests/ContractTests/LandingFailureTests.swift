// Landings in trouble: a full disk, a later version, no database, a server that is killed in mid
// run.

import Foundation
import GRDB
import MillraceBase
import MillraceLanding
import PostgresClient
import Testing

@Suite("Landing in trouble")
struct LandingFailureTests {
    /// Goal: tables of a later version are left alone and named.
    @Test func refusesALaterFile() async throws {
        let place = try LandingPlace.sqlite()
        defer { place.remove() }
        try await place.open().close()
        let queue = try DatabaseQueue(path: place.path)
        try await queue.write { try $0.execute(sql: "PRAGMA user_version = 7") }
        try queue.close()
        await #expect(throws: LandingError.newerSchema(place.path, found: 7, known: 1)) {
            _ = try await place.open()
        }
    }

    @Test func refusesAFileThatIsNoDatabase() async throws {
        let place = try LandingPlace.sqlite()
        defer { place.remove() }
        let file = URL(fileURLWithPath: place.path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(String(repeating: "no database ", count: 500).utf8).write(to: file)
        let error = await #expect(throws: LandingError.self) { _ = try await place.open() }
        guard case .unusable(place.path, _)? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
    }

    /// Goal: a full disk is said as such, nothing of the transaction stays, and it goes on with
    /// room.
    @Test(.enabled(if: LandingSmallDisk.canMount, "a tmpfs can only be mounted as root"))
    func survivesAFullDisk() async throws {
        let disk = try LandingSmallDisk(bytes: 4 << 20)
        defer { disk.unmount() }
        let ballast = disk.folder.appending(path: "ballast")
        let store = try SQLiteLanding(path: disk.folder.appending(path: "landing.sqlite").path)
        try await store.prepare()
        _ = try await store.land(LandingPeople.rows(0..<100))
        try Data(count: 1 << 20).write(to: ballast)
        var landed = 100
        let error = await #expect(throws: LandingError.self) {
            while landed < 100_000 {
                _ = try await store.land(LandingPeople.rows(landed..<landed + 100))
                landed += 100
            }
        }
        guard case .full? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        let counts = try await store.counts()
        #expect(counts.people == landed)
        #expect(counts.pending == landed)
        try FileManager.default.removeItem(at: ballast)
        let result = try await store.land(LandingPeople.rows(landed..<landed + 100))
        #expect(result.inserted == 100)
        await store.close()
    }

    /// Goal: PostgreSQL is killed while people land and leave; all of them arrive once.
    @Test(.enabled(if: LandingPostgresServer.binaries != nil, LandingPostgres.missing))
    func survivesAKilledServer() async throws {
        let server = try await LandingPostgresServer()
        let store = try PostgresLanding(server.endpoint)
        try await store.prepare()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for start in stride(from: 0, to: 5_000, by: 100) {
                    _ = try await store.land(LandingPeople.rows(start..<start + 100))
                }
            }
            group.addTask {
                var keys: Set<[UInt8]> = []
                let deadline = ContinuousClock.now + .seconds(90)
                while keys.count < 5_000, ContinuousClock.now < deadline {
                    let rows = try await store.claim(limit: 500)
                    for row in rows { keys.insert(row.key) }
                    try await store.acknowledge(rows.map { $0.sequence })
                }
                #expect(keys.count == 5_000)
            }
            group.addTask {
                for _ in 0..<2 {
                    try await Task.sleep(for: .milliseconds(150))
                    await server.kill()
                    try await server.start()
                }
            }
            try await group.waitForAll()
        }
        let counts = try await store.counts()
        #expect(counts.people == 5_000)
        #expect(counts.pending == 0)
        await store.close()
        await server.stop()
    }

    @Test(.enabled(if: LandingPostgres.isAvailable, LandingPostgres.missing))
    func refusesLaterTables() async throws {
        let endpoint = try await LandingPostgres.schema()
        let place = LandingPlace.postgres(endpoint)
        try await place.open().close()
        let connection = try await PostgresConnection.connect(endpoint)
        try await connection.execute("UPDATE landing_state SET version = 9")
        await connection.close()
        await #expect(
            throws: LandingError.newerSchema(endpoint.description, found: 9, known: 1)
        ) { _ = try await place.open() }
    }

    /// Goal: no server, one clear error soon, without the password.
    @Test func namesAServerThatIsNotThere() async throws {
        let endpoint = try Endpoint.parse("postgres://me:secret@127.0.0.1:1/db")
        let error = await #expect(throws: LandingError.self) {
            try await PostgresLanding(endpoint).prepare()
        }
        guard case .unreachable(let address, let why)? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(address == "postgres://me:***@127.0.0.1:1/db")
        #expect(!why.contains("secret"))
    }

    @Test func refusesOtherSchemes() throws {
        let endpoint = try Endpoint.parse("mysql://localhost/db")
        #expect(throws: LandingError.self) { try PostgresLanding(endpoint) }
    }
}

/// A small file system of its own, to be filled.
struct LandingSmallDisk {
    let folder: URL

    static let canMount: Bool = {
        guard let disk = try? LandingSmallDisk(bytes: 1 << 20) else { return false }
        disk.unmount()
        return true
    }()

    init(bytes: Int) throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "millrace-disk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        guard Self.run("mount", "-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", folder.path) else {
            try? FileManager.default.removeItem(at: folder)
            throw LandingPostgresFailure(what: "cannot mount")
        }
    }

    func unmount() {
        _ = Self.run("umount", "-l", folder.path)
        try? FileManager.default.removeItem(at: folder)
    }

    private static func run(_ arguments: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
