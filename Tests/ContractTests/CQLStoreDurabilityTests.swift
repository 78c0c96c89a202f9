// What was acknowledged stays: over restarts, crashes and full disks.

import CQLClient
import CQLProtocol
import CQLStore
import Foundation
import MillraceBase
import Testing

@Suite("CQL store durability")
struct CQLStoreDurabilityTests {
    @Test func keepsEverythingOverARestart() async throws {
        let stage = try await CQLStoreStage.start()
        try await stage.makeKeyspace()
        let session = stage.session
        try await session.execute("CREATE TYPE ks.place (street text, number int)")
        try await session.execute(
            "CREATE TABLE ks.t (k int, c text, s int static, v frozen<place>, m map<text, int>, "
                + "PRIMARY KEY (k, c)) WITH CLUSTERING ORDER BY (c DESC) AND comment = 'it''s'")
        for index in 0..<20 {
            try await session.execute(
                "INSERT INTO ks.t (k, c, s, v, m) VALUES (\(index % 2), 'c\(index)', 7, "
                    + "{street: 'x', number: \(index)}, {'a': \(index)})")
        }
        try await session.execute("DELETE FROM ks.t WHERE k = 0 AND c > 'c3'")
        try await session.execute("ALTER TABLE ks.t DROP m")
        let before = try await stage.rows("SELECT * FROM ks.t")
        let schema = try await stage.rows("DESCRIBE TABLE ks.t")
        let version = try await stage.rows("SELECT schema_version, host_id FROM system.local")
        try await stage.restart()
        #expect(try await stage.rows("SELECT * FROM ks.t") == before)
        #expect(try await stage.rows("DESCRIBE TABLE ks.t") == schema)
        #expect(try await stage.rows("SELECT schema_version, host_id FROM system.local") == version)
        #expect(before.count == 12 || !before.isEmpty)
        await stage.end()
    }

    /// Goal: `kill -9` after an answer loses nothing, and a batch is whole or not there.
    @Test(arguments: CommitlogSync.allCases)
    func losesNothingInACrash(sync: CommitlogSync) async throws {
        let stage = try await CQLStoreStage.start(sync: sync)
        try await stage.makeKeyspace()
        try await stage.session.execute("CREATE TABLE ks.t (k int PRIMARY KEY, v text)")
        try await stage.session.execute("CREATE TABLE ks.b (k int, c int, PRIMARY KEY (k, c))")
        let insert = try await stage.session.prepare("INSERT INTO ks.t (k, v) VALUES (?, ?)")
        var copies: [(path: String, acknowledged: Int)] = []
        for round in 0..<3 {
            var rows = EncodedRows(columnCount: 2)
            for index in 0..<500 {
                rows.append(Int32(round * 500 + index))
                rows.append(text: "value")
                rows.endRow()
            }
            try await stage.session.executeAll(insert, rows: rows)
            let batch = (0..<10).map { "INSERT INTO ks.b (k, c) VALUES (\(round), \($0));" }
            try await stage.session.execute(
                "BEGIN BATCH \(batch.joined(separator: " ")) APPLY BATCH")
            copies.append((try stage.crashCopy(), (round + 1) * 500))
        }
        for (path, acknowledged) in copies {
            let copy = try await CQLStoreStage.start(path)
            let count = try await copy.rows("SELECT count(*) FROM ks.t")
            #expect(count == [[.bigint(Int64(acknowledged))]])
            let batches = try await copy.rows("SELECT count(*) FROM ks.b")
            #expect(batches == [[.bigint(Int64(acknowledged / 50))]])
            await copy.end()
        }
        await stage.end()
    }

    /// Method: cut the newest log at many lengths. The store opens with a beginning of what was written.
    @Test func opensWithATornLog() async throws {
        let stage = try await CQLStoreStage.start()
        try await stage.makeKeyspace()
        try await stage.session.execute("CREATE TABLE ks.t (k int PRIMARY KEY)")
        for index in 0..<30 {
            try await stage.session.execute("INSERT INTO ks.t (k) VALUES (\(index))")
        }
        let copy = try stage.crashCopy()
        let files = try FileManager.default.contentsOfDirectory(atPath: copy)
        let log = try #require(files.filter { $0.hasSuffix(".log") }.sorted().last)
        let whole = try Data(contentsOf: URL(fileURLWithPath: "\(copy)/\(log)"))
        let used = (whole.lastIndex { $0 != 0 } ?? 0) + 1
        for cut in stride(from: used, to: used * 3 / 4, by: -max(1, used / 40)) {
            let torn = copy + "-torn"
            try FileManager.default.copyItem(atPath: copy, toPath: torn)
            try whole.prefix(cut).write(to: URL(fileURLWithPath: "\(torn)/\(log)"))
            let opened = try await CQLStoreStage.start(torn)
            let keys = try await opened.rows("SELECT k FROM ks.t").compactMap(\.first?.int64)
                .sorted()
            #expect(keys == Array(0..<Int64(keys.count)))
            await opened.end()
        }
        try FileManager.default.removeItem(atPath: copy)
        await stage.end()
    }

    @Test func saysWhatIsWrongWithItsPlace() async throws {
        let stage = try await CQLStoreStage.start()
        await #expect(throws: CQLStoreError.directoryInUse(path: stage.directory)) {
            _ = try await CQLStoreServer.start(
                CQLStoreConfiguration(directory: stage.directory, port: 0), logger: cqlLogger)
        }
        let other = stage.directory + "-other"
        await #expect(throws: CQLStoreError.portTaken(stage.server.port)) {
            _ = try await CQLStoreServer.start(
                CQLStoreConfiguration(directory: other, port: stage.server.port), logger: cqlLogger)
        }
        // The failed start gave the directory back.
        let second = try await CQLStoreStage.start(other)
        await second.end()
        let file = stage.directory + "-file"
        try Data().write(to: URL(fileURLWithPath: file))
        await #expect {
            _ = try await CQLStoreServer.start(
                CQLStoreConfiguration(directory: file, port: 0), logger: cqlLogger)
        } throws: { error in
            if case .storage(let path, _)? = error as? CQLStoreError { path == file } else { false }
        }
        try FileManager.default.removeItem(atPath: file)
        await stage.end()
    }

    /// Goal: a page goes on where it ended although the store was restarted in between.
    @Test func goesOnWithAPageAfterARestart() async throws {
        let stage = try await CQLStoreStage.start()
        try await stage.makeKeyspace()
        try await stage.session.execute("CREATE TABLE ks.t (k int, c int, PRIMARY KEY (k, c))")
        for k in 0..<5 {
            for c in 0..<9 {
                try await stage.session.execute("INSERT INTO ks.t (k, c) VALUES (\(k), \(c))")
            }
        }
        let whole = try await stage.rows("SELECT k, c FROM ks.t")
        let first = try await stage.session.execute("SELECT k, c FROM ks.t", pageSize: 13)
        var seen: [[CQLValue]] = []
        for row in first { seen.append(try row.values()) }
        try await stage.restart()
        let rest = try await stage.session.execute(
            "SELECT k, c FROM ks.t", pagingState: first.pagingState)
        for row in rest { seen.append(try row.values()) }
        #expect(seen == whole)
        #expect(whole.count == 45)
        await stage.end()
    }
}
