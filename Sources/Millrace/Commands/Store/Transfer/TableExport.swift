// A table to a file: token ranges read in parallel, written in the order of the ring.

import CQLClient
import CQLProtocol
import Foundation
import MillraceBase

/// Reads every row once and writes it as CSV or NDJSON.
///
/// Each range is written to a part of its own beside the file; parts are appended in order. What was
/// appended is noted down, so that a broken export goes on where it stopped.
struct TableExport: Sendable {
    let session: CQLSession
    let table: TableColumns
    let columns: [TableColumns.Column]
    let format: TransferFormat
    let delimiter: UInt8
    let hasHeader: Bool
    let parallel: Int
    let rangeCount: Int
    let progress: TransferProgress

    /// - Parameter output: where to; goes on behind what is there already.
    func run(to output: ExportOutput) async throws {
        let ranges = TokenRange.all(rangeCount)
        let select = try await session.prepare(table.selectRange(columns))
        if output.rangesDone == 0, hasHeader, format == .csv {
            var head: [UInt8] = []
            CSVWriter(delimiter: delimiter).append(columns.map(\.name), to: &head)
            try await output.append(head)
        }
        let first = output.rangesDone
        try await withThrowingTaskGroup(of: Int.self) { group in
            var next = first
            var finished: Set<Int> = []
            var appended = first
            while next < min(first + parallel, ranges.count) {
                let (index, range) = (next, ranges[next])
                group.addTask { try await read(range, index, select, output) }
                next += 1
            }
            while let index = try await group.next() {
                finished.insert(index)
                while finished.remove(appended) != nil {
                    try await output.appendPart(appended)
                    appended += 1
                }
                progress.add(rows: 0, share: Double(appended) / Double(ranges.count))
                // Parts ahead of the file are bounded, else a slow range would pile them up.
                while next < ranges.count, next < appended + parallel * 4,
                    next - appended - finished.count < parallel
                {
                    let (number, range) = (next, ranges[next])
                    group.addTask { try await read(range, number, select, output) }
                    next += 1
                }
            }
        }
    }

    private func read(
        _ range: TokenRange, _ index: Int, _ select: PreparedStatement, _ output: ExportOutput
    ) async throws -> Int {
        var failures = 0
        while true {
            do {
                try await readOnce(range, index, select, output)
                return index
            } catch let error as CQLError where error.isRetriable {
                failures += 1
                guard let wait = TransferLimits.rangeRetry.wait(afterFailures: failures) else {
                    throw error
                }
                try await Task.sleep(for: wait)
            }
        }
    }

    private func readOnce(
        _ range: TokenRange, _ index: Int, _ select: PreparedStatement, _ output: ExportOutput
    ) async throws {
        var options = CQLStatementOptions.idempotent
        options.pageSize = TransferLimits.pageSize
        options.routing = CQLRouting(keyspace: table.keyspace, token: range.end)
        var part = try output.beginPart(index)
        var rows = 0
        var bytes = 0
        let pages = session.pages(
            select, [.bigint(range.start), .bigint(range.end)], options: options)
        for try await page in pages {
            var out: [UInt8] = []
            for row in page { try append(row, page.columns, to: &out) }
            try await output.write(out, to: &part)
            rows += page.count
            bytes += out.count
        }
        try await output.endPart(part)
        progress.add(rows: rows, bytes: bytes)
    }

    private func append(_ row: CQLRow, _ types: [CQLColumn], to out: inout [UInt8]) throws {
        switch format {
        case .csv:
            var fields: [String?] = []
            fields.reserveCapacity(types.count)
            for (index, column) in types.enumerated() {
                let value = try row[index]
                fields.append(value.isNull ? nil : CQLValueText.text(value, as: column.type))
            }
            CSVWriter(delimiter: delimiter).append(fields, to: &out)
        case .ndjson:
            out.append(UInt8(ascii: "{"))
            for (index, column) in types.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                JSONText.write(column.name, to: &out)
                out.append(UInt8(ascii: ":"))
                CQLValueJSON.json(try row[index], as: column.type).write(to: &out)
            }
            out.append(UInt8(ascii: "}"))
            out.append(UInt8(ascii: "\n"))
        }
    }
}
