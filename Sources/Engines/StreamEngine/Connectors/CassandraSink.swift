// The sink `cassandra`: rows of a table, in Cassandra or in our own store.

import CQLClient
import CQLProtocol
package import Logging
package import MillraceBase
package import StreamPlan

/// Writes rows by key. A row written again replaces itself, so batches may be repeated; a null of
/// the query is a null in the table, as the Spark connector writes it.
package actor CassandraSink: RowSink {
    package static let connector = Connector(
        name: "cassandra", role: .sink,
        help: "rows of a table by their key, matched to the query's columns by name",
        options: [
            .init("keyspace", "", "the table's keyspace"),
            .init(
                "table", "", "the table; it must be there, with a column for each of the query's"),
        ])

    package nonisolated let description: String
    private let endpoint: Endpoint
    private let keyspace: String
    private let table: String
    private let logger: Logger
    private var session: CQLSession?
    private var writer: Writer?

    /// What was found out about the table when the sink was opened.
    private struct Writer {
        var statement: PreparedStatement
        var encoders: [CellEncoder]
        var columns: [Attribute]
        /// For each column whether a null, or an empty value, is refused.
        var isKey: [Bool]
        var isWholePartitionKey: [Bool]
    }

    package init(keyspace: String, table: String, store: Endpoint, logger: Logger) {
        self.keyspace = keyspace
        self.table = table
        endpoint = store
        self.logger = logger
        description = "cassandra[\(keyspace).\(table)]"
    }

    package func open(columns: [Attribute]) async throws(ConnectorError) {
        do throws(CQLError) {
            let session = try await connected()
            let known = try await CassandraTable.read(keyspace, table, from: session)
            if let problem = known.problem(with: columns) {
                throw CQLError.configuration(problem)
            }
            let statement = try await session.prepare(known.insert(columns))
            var encoders: [CellEncoder] = []
            for (column, target) in zip(columns, statement.columns) {
                guard let encoder = CellEncoder(column.type, to: target.type) else {
                    throw CQLError.configuration(
                        "column \(column.name) is \(column.type), which does not fit column "
                            + "\(target.name) \(target.type) of table \(keyspace).\(table)")
                }
                encoders.append(encoder)
            }
            writer = Writer(
                statement: statement, encoders: encoders, columns: columns,
                isKey: columns.map { known.isKey($0.name) },
                isWholePartitionKey: columns.map { known.isWholePartitionKey($0.name) })
        } catch {
            throw connectorError(error)
        }
    }

    package func write(_ batch: RowBatch) async throws(ConnectorError) -> [Rejection] {
        guard let writer, let session else {
            preconditionFailure("rows are written after the sink was opened")
        }
        var rejections: [Rejection] = []
        let rows = encode(batch, writer, &rejections)
        do throws(CQLError) {
            try await session.executeAll(
                writer.statement, rows: rows, inFlightMax: StreamLimits.writesInFlightMax)
        } catch {
            throw connectorError(error)
        }
        return rejections
    }

    package func close() async {
        await session?.close()
        session = nil
        writer = nil
    }

    private func connected() async throws(CQLError) -> CQLSession {
        if let session { return session }
        let new = try await CQLSession.connect(endpoint, logger: logger)
        session = new
        return new
    }

    private func encode(_ batch: RowBatch, _ writer: Writer, _ rejections: inout [Rejection])
        -> EncodedRows
    {
        var rows = EncodedRows(columnCount: writer.encoders.count)
        rows.reserve(
            rows: batch.selection.count,
            bytesPerRow: batch.source.bytes.count / max(1, batch.rowCount) + 64)
        let columns = batch.columns
        batch.withMemory { memory in
            for selected in batch.selection {
                let row = Int(selected)
                if let reason = append(columns, row, writer, memory, to: &rows) {
                    rows.dropUnfinishedRow()
                    rejections.append(Rejection(row: row, reason: reason))
                } else {
                    rows.endRow()
                }
            }
        }
        return rows
    }

    /// - Returns: why the row does not fit; `nil` when it does.
    private func append(
        _ columns: [ColumnVector], _ row: Int, _ writer: Writer, _ memory: BatchMemory,
        to rows: inout EncodedRows
    ) -> String? {
        for index in columns.indices {
            // Not copied into a variable: a copy counts references, for each cell.
            if columns[index].isNull(row) {
                guard !writer.isKey[index] else {
                    return "\(writer.columns[index].name) is null, which the table's key is not"
                }
                rows.appendNull()
                continue
            }
            let cell = columns[index].cell(row)
            if writer.isWholePartitionKey[index], TextCell(bits: cell).length == 0,
                writer.encoders[index] == .bytes || writer.encoders[index] == .ascii
            {
                return "\(writer.columns[index].name) is empty, which the table's key is not"
            }
            guard
                writer.encoders[index].append(cell, columns[index].type, memory, to: &rows)
            else {
                return "\(writer.columns[index].name) is no "
                    + writer.statement.columns[index].type.description
            }
        }
        return nil
    }

    private func connectorError(_ error: CQLError) -> ConnectorError {
        let message = "table \(keyspace).\(table): \(error)"
        switch error {
        case .unreachable, .timeout, .connectionLost, .busy, .cancelled:
            return ConnectorError(message, isRetriable: true)
        case .wire, .value, .passwordWanted: return ConnectorError(message, isRetriable: false)
        case .configuration(let why): return ConnectorError(why, isRetriable: false)
        case .closed: return ConnectorError(message, isRetriable: false)
        case .server(let answer, _):
            return ConnectorError(message, isRetriable: !Self.lasting.contains(answer.code))
        }
    }

    /// What the same statement will be answered again. All other errors are the server's own state.
    private static let lasting: Set<ServerErrorCode> = [
        .protocolError, .badCredentials, .syntaxError, .unauthorized, .invalid,
        .configurationError, .alreadyExists,
    ]
}
