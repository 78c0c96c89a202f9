// A client of the store, ours or a real Cassandra, for pipelines and programs.

import CQLClient
import CQLProtocol
import Logging
public import MillraceBase

/// Why the store did not do something. Never holds values or passwords.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// Cassandra's name for the server's error (`InvalidRequest`, `Unavailable`, …); `nil` when the
    /// server did not answer.
    public let serverClass: String?
    /// Whether the same may well work a moment later. For a write that is not idempotent: it may
    /// have been done.
    public let isRetriable: Bool
    /// What to try next.
    public let next: String
    public let description: String

    init(_ error: CQLError) {
        serverClass = error.serverClass
        isRetriable = error.isRetriable
        next = error.next
        description = error.description
    }
}

/// A row of a result.
public struct StoreRow: Sendable {
    let row: CQLRow

    /// The names of the columns, as the statement gave them.
    public var columns: [String] { row.columns.map(\.name) }

    /// The value in the column of that name; `.null` when there is none.
    public subscript(name: String) -> StoreValue {
        guard let index = row.columns.firstIndex(where: { $0.name == name }),
            let value = try? row[index]
        else { return .null }
        return StoreValue(value, as: row.columns[index].type)
    }

    /// The row as a structure whose properties have the columns' names.
    public func decoded<Row: Decodable>(as type: Row.Type = Row.self) throws -> Row {
        do throws(CQLError) { return try row.decoded(as: type) } catch { throw StoreError(error) }
    }
}

/// What a statement answered.
public struct StoreResult: Sendable {
    public let rows: [StoreRow]
    /// Of a conditional statement: whether it did what it says. Else the row holds what was there.
    public let wasApplied: Bool?
    /// What the server warned of.
    public let warnings: [String]
}

/// Connections to a store, shared by any number of tasks. It finds the cluster's hosts, sends each
/// statement to a replica of its rows, reconnects by itself and prepares statements once.
///
///     let store = try await StoreClient.connect(Endpoint.parse("cassandra://db1:9042?local_dc=dc1"))
///     try await store.execute("INSERT INTO shop.orders (id, total) VALUES (?, ?)", [.uuid(id), 12.5])
///     for try await order in store.rows("SELECT * FROM shop.orders", as: Order.self) { … }
///     await store.close()
public final class StoreClient: Sendable {
    private let session: CQLSession

    init(_ session: CQLSession) { self.session = session }

    /// - Parameter endpoint: `cassandra://user:password@host:9042,…/keyspace?…`; its options are in
    ///   docs/cassandra.md.
    /// - Throws: `StoreError`. Each host is tried once.
    public static func connect(_ endpoint: Endpoint) async throws -> StoreClient {
        do throws(CQLError) {
            let logger = Logger(label: "millrace.store") { _ in SwiftLogNoOpLogHandler() }
            return StoreClient(try await CQLSession.connect(endpoint, logger: logger))
        } catch {
            throw Self.thrown(error)
        }
    }

    public func close() async { await session.close() }

    /// Executes one statement and gives all its rows.
    ///
    /// - Parameters:
    ///   - values: one for each `?`.
    ///   - isIdempotent: whether it may be sent again when nobody knows if it was done. Reads may; so
    ///     may writes that neither count, append to lists, nor have conditions.
    @discardableResult
    public func execute(
        _ cql: String, _ values: [StoreValue] = [], isIdempotent: Bool = false
    ) async throws -> StoreResult {
        do throws(CQLError) {
            var options = CQLStatementOptions(isIdempotent: isIdempotent)
            var rows: [StoreRow] = []
            let statement = values.isEmpty ? nil : try await session.prepare(cql)
            let bound = try statement.map { (found) throws(CQLError) in try Self.bind(values, found)
            }
            while true {
                let page =
                    if let statement, let bound {
                        try await session.execute(statement, bound, options: options)
                    } else {
                        try await session.execute(cql, options: options)
                    }
                rows += page.map { StoreRow(row: $0) }
                guard let next = page.pagingState else {
                    return StoreResult(
                        rows: rows, wasApplied: page.wasApplied, warnings: page.warnings)
                }
                options.pagingState = next
            }
        } catch {
            throw Self.thrown(error)
        }
    }

    /// The rows of a statement as structures, page by page: a slow loop slows the reading.
    public func rows<Row: Decodable & Sendable>(
        _ cql: String, _ values: [StoreValue] = [], as _: Row.Type = Row.self
    ) -> StoreRows<Row> { StoreRows(session: session, cql: cql, values: values) }

    /// Executes several statements as one: all of them or none.
    public func batch(_ statements: [(cql: String, values: [StoreValue])]) async throws {
        do throws(CQLError) {
            var batch = CQLBatch(.logged)
            for (cql, values) in statements {
                let statement = try await session.prepare(cql)
                try batch.add(statement, try Self.bind(values, statement))
            }
            try await session.execute(batch)
        } catch {
            throw Self.thrown(error)
        }
    }

    /// Executes one idempotent statement for many rows, pipelined: the fast way to write.
    ///
    /// Of two rows with one key the later one wins. When it throws, a part of the rows is written; the
    /// same call may be repeated.
    public func write(_ cql: String, rows: [[StoreValue]]) async throws {
        do throws(CQLError) {
            let statement = try await session.prepare(cql)
            var encoded = EncodedRows(columnCount: statement.columns.count)
            for row in rows {
                for (value, column) in zip(try Self.bind(row, statement), statement.columns) {
                    do throws(CQLEncodingError) {
                        try encoded.append(value, as: column.type)
                    } catch {
                        throw CQLError.value("\(column.name): \(error)")
                    }
                }
                encoded.endRow()
            }
            try await session.executeAll(statement, rows: encoded)
        } catch {
            throw Self.thrown(error)
        }
    }

    static func bind(
        _ values: [StoreValue], _ statement: PreparedStatement
    ) throws(CQLError) -> [CQLValue] {
        guard values.count == statement.columns.count else {
            throw .value(
                "the statement has \(statement.columns.count) markers, \(values.count) values came")
        }
        var bound: [CQLValue] = []
        for (value, column) in zip(values, statement.columns) {
            do throws(CQLEncodingError) {
                bound.append(try value.cqlValue(as: column.type))
            } catch {
                throw .value("\(column.name): \(error)")
            }
        }
        return bound
    }

    /// Cancellation stays what it is.
    static func thrown(_ error: CQLError) -> any Error {
        if case .cancelled = error { CancellationError() } else { StoreError(error) }
    }
}

/// The rows of a statement, decoded.
public struct StoreRows<Row: Decodable & Sendable>: AsyncSequence, Sendable {
    public typealias Element = Row

    let session: CQLSession
    let cql: String
    let values: [StoreValue]

    public func makeAsyncIterator() -> Iterator {
        Iterator(session: session, cql: cql, values: values)
    }

    public struct Iterator: AsyncIteratorProtocol {
        private let session: CQLSession
        private let cql: String
        private let values: [StoreValue]
        private var pages: CQLPages.Iterator?
        private var page: CQLRows?
        private var decoder = CQLRowDecoder([])
        private var position = 0

        init(session: CQLSession, cql: String, values: [StoreValue]) {
            self.session = session
            self.cql = cql
            self.values = values
        }

        public mutating func next() async throws -> Row? {
            do throws(CQLError) {
                while true {
                    if let page, position < page.count {
                        defer { position += 1 }
                        // Without the type it would be that of the result, an optional.
                        return try decoder.decode(page[position], as: Row.self)
                    }
                    guard let next = try await nextPage() else { return nil }
                    decoder = CQLRowDecoder(next.columns)
                    page = next
                    position = 0
                }
            } catch {
                throw StoreClient.thrown(error)
            }
        }

        private mutating func nextPage() async throws(CQLError) -> CQLRows? {
            if var pages {
                let page = try await pages.next()
                self.pages = pages
                return page
            }
            let statement = try await session.prepare(cql)
            var pages = session.pages(
                statement, try StoreClient.bind(values, statement), options: .idempotent
            ).makeAsyncIterator()
            let page = try await pages.next()
            self.pages = pages
            return page
        }
    }
}
