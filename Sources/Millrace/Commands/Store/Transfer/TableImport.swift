// A file into a table: prepared statements, many at once, bad rows put aside with the reason.

import CQLClient
import CQLProtocol
import MillraceBase

/// Writes the rows of a file.
///
/// A null leaves the column as it is (unset): a null written out would be a tombstone. A row that has
/// no clustering key is of static columns only. What the store refuses in a chunk is found by writing
/// that chunk row by row.
struct TableImport: Sendable {
    let session: CQLSession
    let table: TableColumns
    /// In the order of the file's fields; of NDJSON in the order of the statement.
    let columns: [TableColumns.Column]
    let ttl: Int?
    let bad: BadRows
    let progress: TransferProgress

    /// A row and its values, ready to be sent.
    private struct Bound: Sendable {
        var row: ImportedRow
        var values: [CQLValue]
    }

    private struct Statements: Sendable {
        var whole: PreparedStatement
        /// Of a partition without rows: its key and static columns.
        var statics: PreparedStatement?
        var staticPlaces: [Int] = []
        var clusteringPlaces: [Int] = []
    }

    /// - Parameter skip: rows at the start that are left out.
    func run(_ source: ImportSource, skip: Int) async throws {
        let statements = try await prepare()
        var skipped = 0
        var read = 0
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            while let piece = try await source.next() {
                read += piece.bytes
                var rows = piece.rows[...]
                if skipped < skip {
                    let count = min(skip - skipped, rows.count)
                    rows = rows.dropFirst(count)
                    skipped += count
                }
                while !rows.isEmpty {
                    let chunk = Array(rows.prefix(TransferLimits.rowsPerChunk))
                    rows = rows.dropFirst(chunk.count)
                    if running >= TransferLimits.chunksInFlight {
                        try await group.next()
                        running -= 1
                    }
                    group.addTask { try await write(chunk, statements) }
                    running += 1
                }
                let share = source.size > 0 ? Double(read) / Double(source.size) : nil
                progress.add(rows: 0, bytes: piece.bytes, share: share)
            }
            try await group.waitForAll()
        }
    }

    private func prepare() async throws -> Statements {
        if table.isCounters {
            return Statements(whole: try await session.prepare(table.addCounters(columns)))
        }
        var statements = Statements(
            whole: try await session.prepare(table.insert(columns, ttl: ttl)))
        guard columns.contains(where: { $0.kind == .static }) else { return statements }
        for (index, column) in columns.enumerated() {
            switch column.kind {
            case .partitionKey, .static: statements.staticPlaces.append(index)
            case .clustering: statements.clusteringPlaces.append(index)
            case .regular: break
            }
        }
        let own = statements.staticPlaces.map { columns[$0] }
        statements.statics = try await session.prepare(table.insert(own, ttl: ttl))
        return statements
    }

    // MARK: A chunk

    private func write(_ rows: [ImportedRow], _ statements: Statements) async throws {
        var whole: [Bound] = []
        var statics: [Bound] = []
        for row in rows {
            do throws(BadRow) {
                let values = try values(of: row, statements.whole)
                if statements.statics != nil,
                    statements.clusteringPlaces.allSatisfy({ Self.isNothing(values[$0]) })
                {
                    statics.append(
                        Bound(row: row, values: statements.staticPlaces.map { values[$0] }))
                } else {
                    whole.append(Bound(row: row, values: values))
                }
            } catch {
                try await bad.add(row, error.reason)
            }
        }
        try await write(whole, by: statements.whole)
        if let statement = statements.statics { try await write(statics, by: statement) }
    }

    private static func isNothing(_ value: CQLValue) -> Bool { value == .null || value == .unset }

    private func write(_ rows: [Bound], by statement: PreparedStatement) async throws {
        guard !rows.isEmpty else { return }
        // What is added to a counter twice is there twice: each is sent once, and answered.
        if table.isCounters { return try await writeSingly(rows, by: statement) }
        var encoded = EncodedRows(columnCount: statement.columns.count)
        for bound in rows {
            for (value, column) in zip(bound.values, statement.columns) {
                try encoded.append(value, as: column.type)
            }
            encoded.endRow()
        }
        do throws(CQLError) {
            try await session.executeAll(statement, rows: encoded)
            progress.add(rows: rows.count)
        } catch {
            guard !error.isRetriable, error.serverCode != nil else { throw error }
            try await writeSingly(rows, by: statement)
        }
    }

    private func writeSingly(_ rows: [Bound], by statement: PreparedStatement) async throws {
        var options = CQLStatementOptions(isIdempotent: !table.isCounters)
        if table.isCounters { options.retries = .never }
        let chosen = options
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, bound) in rows.enumerated() {
                if index >= TransferLimits.singlesInFlight { try await group.next() }
                group.addTask {
                    do {
                        try await session.execute(statement, bound.values, options: chosen)
                        progress.add(rows: 1)
                    } catch let error as CQLError {
                        guard isOfTheRow(error) else { throw error }
                        try await bad.add(bound.row, reason(error))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Whether other rows may fare better. A counter whose fate is unknown is put aside too: only a
    /// person can say what to do.
    private func isOfTheRow(_ error: CQLError) -> Bool {
        switch error {
        case .server(let answer, _):
            if [.invalid, .syntaxError, .writeFailure].contains(answer.code) { return true }
            return table.isCounters && answer.code == .writeTimeout
        case .value: return true
        case .timeout, .connectionLost: return table.isCounters
        case .unreachable, .wire, .passwordWanted, .configuration, .busy, .closed, .cancelled:
            return false
        }
    }

    private func reason(_ error: CQLError) -> String {
        guard case .server(let answer, _) = error else {
            return table.isCounters ? "it may have been added or not: \(error)" : "\(error)"
        }
        let unknown = answer.code == .writeTimeout ? "it may have been added or not: " : ""
        return "\(unknown)\(answer.code.className): \(answer.message)"
    }

    // MARK: Values

    private struct BadRow: Error { var reason: String }

    /// The values in the order of the statement's markers.
    private func values(
        of row: ImportedRow, _ statement: PreparedStatement
    ) throws(BadRow) -> [CQLValue] {
        switch row.content {
        case .bad(let why): throw BadRow(reason: why)
        case .fields(let fields):
            guard fields.count == columns.count else {
                throw BadRow(
                    reason: "it has \(fields.count) fields, and there are \(columns.count) columns")
            }
            return try ordered(statement) { (index, type) throws(CQLEncodingError) in
                let field = fields[index]
                if field.isNull { return nil }
                if field.text.isEmpty, !Self.isText(type) { return .empty }
                return try CQLValueText.value(field.text, as: type)
            }
        case .object(let object):
            for member in object.members where !columns.contains(where: { $0.name == member.name })
            {
                throw BadRow(reason: "there is no column \"\(member.name)\"")
            }
            return try ordered(statement) { (index, type) throws(CQLEncodingError) in
                guard let json = object[columns[index].name], !json.isNull else { return nil }
                if json.string == "", !Self.isText(type) { return .empty }
                return try CQLValueJSON.value(json, as: type)
            }
        }
    }

    private static func isText(_ type: CQLType) -> Bool { type == .text || type == .ascii }

    private func ordered(
        _ statement: PreparedStatement,
        _ value: (Int, CQLType) throws(CQLEncodingError) -> CQLValue?
    ) throws(BadRow) -> [CQLValue] {
        var values: [CQLValue] = []
        for marker in statement.columns {
            guard let index = columns.firstIndex(where: { $0.name == marker.name }) else {
                throw BadRow(reason: "there is no value for \(marker.name)")
            }
            do throws(CQLEncodingError) {
                guard let found = try value(index, marker.type) else {
                    values.append(try missing(columns[index], statement))
                    continue
                }
                // It is encoded once here, so that what does not fit is found before it is sent.
                var cells = CellList()
                try cells.append(found, as: marker.type)
                values.append(found)
            } catch {
                throw BadRow(reason: "\(marker.name): \(error)")
            }
        }
        return values
    }

    private func missing(
        _ column: TableColumns.Column, _ statement: PreparedStatement
    ) throws(CQLEncodingError) -> CQLValue {
        if column.kind == .partitionKey {
            throw CQLEncodingError(.text, "is null, which no key is")
        }
        return session.protocolVersion >= .v4 && column.kind != .clustering ? .unset : .null
    }
}
