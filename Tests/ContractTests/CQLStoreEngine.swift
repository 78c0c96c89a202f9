// The store without its sockets and threads: statements at any second of our choosing.

import CQLProtocol
import Foundation
import Logging
import MillraceBase
import Testing

@testable import CQLStore

/// One data directory, the writer and the reader, run by the test's own thread step by step.
final class CQLStoreEngine {
    let directory: String
    private(set) var core: StoreCore
    private var writer: LaneWriter
    private let reply: Reply

    init(_ directory: String? = nil) throws {
        let directory =
            directory
            ?? FileManager.default.temporaryDirectory
            .appendingPathComponent("cqlengine-\(UUID().uuidString)").path
        self.directory = directory
        reply = .nobody()
        core = try Self.open(directory)
        writer = try Self.writer(core)
    }

    private static func open(_ directory: String) throws -> StoreCore {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        let database = try Database(path: directory)
        let (record, schema) = try SchemaLoader.load(
            database, path: directory, clusterName: "test")
        return StoreCore(
            database: database,
            identity: NodeIdentity(
                hostID: record.hostID, clusterName: record.clusterName, dataCenter: "d", rack: "r",
                address: NodeIdentity.loopback),
            schema: schema,
            security: StoreSecurity(
                authenticator: .allowAll, authorizer: .allowAll,
                state: try AuthState(try database.metaDocuments())),
            clock: .system)
    }

    private static func writer(_ core: StoreCore) throws -> LaneWriter {
        let (record, _) = try SchemaLoader.load(
            core.database, path: core.database.path, clusterName: "test")
        return try LaneWriter(core, record: record, sync: .periodic, logger: cqlLogger)
    }

    func reopen() throws {
        core.database.close()
        core = try Self.open(directory)
        writer = try Self.writer(core)
    }

    func end() {
        core.database.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// - Parameter now: seconds since 1970.
    func write(_ texts: [String], now: Int32 = 1_000_000) throws {
        let jobs = try texts.map { text in
            let compiled = try core.compile(text, keyspace: "ks", core.context(now: now))
            let work: WriteJob.Work =
                if case .schema = compiled.kind {
                    .schema(compiled)
                } else {
                    .write(compiled, BoundValues(cells: CellList()))
                }
            return WriteJob(work: work, timestamp: nil, now: now, reply: reply)
        }
        for (_, result) in writer.run(jobs) { _ = try result.get() }
    }

    func write(_ text: String, now: Int32 = 1_000_000) throws { try write([text], now: now) }

    /// All rows, read in pages of that size.
    func rows(_ text: String, now: Int32, pageSize: Int32? = nil) throws -> [[CQLValue]] {
        let compiled = try core.compile(text, keyspace: "ks", core.context(now: now))
        guard case .select(let plan) = compiled.kind else { return [] }
        var rows: [[CQLValue]] = []
        var state: [UInt8]?
        repeat {
            let run = try SelectRun(
                plan, BoundValues(cells: CellList()),
                ReadOptions(pageSize: pageSize, pagingState: state), core.context(now: now))
            guard case .builtRows(let content) = try run.read(core.database) else { return rows }
            let result = try content.result()
            for row in 0..<result.rowCount {
                rows.append(
                    try content.metadata.columns.indices.map {
                        try result.cells.value(
                            result.index(row: row, column: $0),
                            as: content.metadata.columns[$0].type)
                    })
            }
            state = content.metadata.pagingState
        } while state != nil
        return rows
    }

    /// Goes over a table as the sweeper does; `between` runs between two slices.
    @discardableResult
    func sweep(
        _ name: String, now: Int32, sliceKeys: Int = 3, between: () throws -> Void = {}
    ) throws -> SweepReport {
        var report = SweepReport()
        guard let table = core.schema.keyspaces["ks"]?.tables[name] else { return report }
        let times = PurgeTimes(now: UInt32(now), graceSeconds: table.graceSeconds)
        var sweep = TableSweep(table, times, sliceKeys: sliceKeys)
        report.add(writer.run(sweep.firstOrder))
        while !sweep.isFinished {
            for order in try sweep.slice(core.database) {
                try between()
                report.add(writer.run(order))
            }
            try between()
        }
        for index in table.indexDefinitions {
            var sweep = IndexSweep(table, index, sliceKeys: sliceKeys)
            while !sweep.isFinished {
                guard let order = try sweep.slice(core.database) else { continue }
                try between()
                report.add(writer.run(order))
            }
        }
        return report
    }

    func run(_ order: PurgeOrder) -> PurgeResult { writer.run(order) }

    /// Keys that a table has in storage, deletions among them.
    func storedKeys(_ name: String) throws -> Int {
        guard let table = core.schema.keyspaces["ks"]?.tables[name] else { return 0 }
        return try keys(of: table.storageID, entries: false)
    }

    /// Entries that the indexes of a table have in storage, stale ones among them.
    func storedEntries(_ name: String) throws -> Int {
        guard let table = core.schema.keyspaces["ks"]?.tables[name] else { return 0 }
        return try table.indexDefinitions.reduce(0) { sum, index in
            sum + (try keys(of: index.storageID, entries: true))
        }
    }

    private func keys(of storageID: UInt32, entries: Bool) throws -> Int {
        try core.database.read { handles throws(StorageFailure) in
            var lower = RawBytes()
            var upper = RawBytes()
            lower.appendBig(storageID)
            upper.appendBig(storageID + 1)
            var cursor = RowCursor(handles, from: lower, to: upper, scans: true, entries: entries)
            cursor.seekFirst()
            var count = 0
            while cursor.isValid {
                count += 1
                cursor.next()
            }
            try cursor.checkEnd()
            return count
        }
    }
}
