// A store of our own for one test: started, ended, started again, and copied as a crash leaves it.

import CQLClient
import CQLProtocol
import CQLStore
import Foundation
import Logging
import MillraceBase
import Testing

/// One data directory and the server that has it open. Used by one test, step by step.
final class CQLStoreStage {
    let directory: String
    private(set) var server: CQLStoreServer
    private(set) var session: CQLSession

    static func start(
        _ directory: String? = nil, sync: CommitlogSync = .group
    ) async throws -> CQLStoreStage {
        let directory =
            directory
            ?? FileManager.default.temporaryDirectory
            .appendingPathComponent("cqlstore-\(UUID().uuidString)").path
        let (server, session) = try await open(directory, sync)
        return CQLStoreStage(directory, server, session)
    }

    private init(_ directory: String, _ server: CQLStoreServer, _ session: CQLSession) {
        self.directory = directory
        self.server = server
        self.session = session
    }

    private static func open(
        _ directory: String, _ sync: CommitlogSync
    ) async throws -> (CQLStoreServer, CQLSession) {
        let server = try await CQLStoreServer.start(
            CQLStoreConfiguration(directory: directory, port: 0, sync: sync), logger: cqlLogger)
        do {
            let endpoint = try Endpoint.parse("cassandra://127.0.0.1:\(server.port)")
            return (server, try await CQLSession.connect(endpoint, logger: cqlLogger))
        } catch {
            await server.close()
            throw error
        }
    }

    func restart() async throws {
        await session.close()
        await server.close()
        (server, session) = try await Self.open(directory, .group)
    }

    /// The files as they are at this moment, while the store is running: what `kill -9` leaves.
    func crashCopy() throws -> String {
        let copy = directory + "-crash-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: directory, toPath: copy)
        return copy
    }

    func end() async {
        await session.close()
        await server.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    func rows(_ text: String, pageSize: Int32 = 5000) async throws -> [[CQLValue]] {
        var rows: [[CQLValue]] = []
        for try await row in session.rows(text, pageSize: pageSize) {
            rows.append(try row.values())
        }
        return rows
    }

    func makeKeyspace() async throws {
        try await session.execute(
            "CREATE KEYSPACE ks WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"
        )
    }
}
