// One session to the store for all who ask it something, made when it is first needed.

import CQLClient
import CQLProtocol
import Logging
import MillraceBase

/// A session that is opened once and shared. Safe to use from any task.
actor StoreConnection {
    private let endpoint: Endpoint
    private let logger: Logger
    private var session: CQLSession?
    private var statements: [String: PreparedStatement] = [:]

    init(_ endpoint: Endpoint, logger: Logger) {
        self.endpoint = endpoint
        self.logger = logger
    }

    /// - Throws: `CQLError` when the store cannot be reached.
    func open() async throws -> CQLSession {
        if let session { return session }
        let opened = try await CQLSession.connect(endpoint, logger: logger)
        // Another caller may have been faster while this one was connecting.
        if let session {
            await opened.close()
            return session
        }
        session = opened
        return opened
    }

    func close() async {
        await session?.close()
        session = nil
    }

    /// Which of these ids are keys of the table, a uuid `id`.
    func present(_ ids: [String], in table: String) async throws -> [String] {
        let session = try await open()
        let marks = ids.map { _ in "?" }.joined(separator: ",")
        let text = "SELECT id FROM \(table) WHERE id IN (\(marks))"
        let statement: PreparedStatement
        if let known = statements[text] {
            statement = known
        } else {
            statement = try await session.prepare(text)
            statements[text] = statement
        }
        let keys = ids.compactMap { CQLUUID($0).map { CQLValue.uuid($0) } }
        guard keys.count == ids.count else {
            throw Failure("an id is no UUID", at: table, next: "a source whose ids are UUIDs")
        }
        return try await session.execute(statement, keys).compactMap { row in
            if case .uuid(let id) = try row[0] { id.description } else { nil }
        }
    }
}
