// Many rows through one prepared statement: the fast way to write.

package import CQLProtocol
import MillraceBase

extension CQLSession {
    /// Executes the statement once for each row; all are acknowledged when it returns.
    ///
    /// Each row goes to a replica of its partition where the cluster and the statement tell it, else to
    /// any host near by. Rows are pipelined on all connections with writes coalesced; their order on
    /// the server is by their timestamps: of two rows with one key the later one wins. Time-outs, overloaded servers,
    /// lost connections and forgotten statements are met by writing the rows not acknowledged again,
    /// with back-off, `CQLClientLimits.retry` times without any progress. The statement must be
    /// idempotent (an INSERT is).
    ///
    /// - Parameter inFlightMax: rows under way at once, over all connections: the back-pressure.
    /// - Throws: the error that ended it. An unknown part of the rows is written then, so it is safe
    ///   to repeat the call with the same rows.
    package func executeAll(
        _ statement: PreparedStatement, rows: EncodedRows,
        inFlightMax: Int = CQLClientLimits.bulkInFlight, consistency: Consistency? = nil
    ) async throws(CQLError) {
        guard rows.columnCount == statement.columns.count else {
            throw .value(
                "the statement has \(statement.columns.count) markers, "
                    + "the rows have \(rows.columnCount) cells")
        }
        guard !rows.isEmpty else { return }
        let work = BulkWrite(
            rows: rows, firstTimestamp: timestamps.next(rows.count),
            homes: pool.homes(of: rows, statement))
        var failures = 0
        while !work.isDone {
            if Task.isCancelled { throw .cancelled }
            let before = work.acknowledged
            let connections = try await pool.acquireAll()
            work.open(to: Set(connections.map(\.node)))
            let failure = await withTaskCancellationHandler {
                await run(
                    work, statement, connections, inFlightMax: inFlightMax,
                    consistency: consistency ?? options.consistency)
            } onCancel: {
                work.stop()
            }
            guard let failure else { continue }
            guard failure.isRetriable || failure.serverCode == .unprepared else { throw failure }
            failures = work.acknowledged > before ? 1 : failures + 1
            guard let wait = CQLClientLimits.retry.wait(afterFailures: failures) else {
                throw failure
            }
            if failure.serverCode == .unprepared, failures <= CQLClientLimits.reprepareMax {
                try await prepareEverywhere(statement)
            } else {
                try await Self.sleep(wait)
            }
        }
    }

    /// - Returns: what went wrong on any of the connections, a lasting error before a passing one.
    private func run(
        _ work: BulkWrite, _ statement: PreparedStatement, _ connections: [CQLConnection],
        inFlightMax: Int, consistency: Consistency
    ) async -> CQLError? {
        let share = max(1, inFlightMax / connections.count)
        let timeout = options.requestTimeout
        guard connections.count > 1 else {
            return await connections[0].run(
                work, statement: statement, consistency: consistency, inFlightMax: share,
                timeout: timeout)
        }
        return await withTaskGroup(of: CQLError?.self) { group in
            for connection in connections {
                group.addTask {
                    await connection.run(
                        work, statement: statement, consistency: consistency, inFlightMax: share,
                        timeout: timeout)
                }
            }
            var worst: CQLError?
            for await failure in group {
                guard let failure else { continue }
                if worst?.isRetriable != false { worst = failure }
            }
            return worst
        }
    }

    private func prepareEverywhere(_ statement: PreparedStatement) async throws(CQLError) {
        for connection in try await pool.acquireAll() {
            statement.prepared(
                again: try await prepare(statement.cql, statement.keyspace, on: connection))
        }
    }
}
