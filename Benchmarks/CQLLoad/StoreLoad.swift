// The loads themselves: workers that share the operations, each with one under way.

import CQLClient
import CQLProtocol
import MillraceBase
import Synchronization

/// What a load measured, as one line of JSON.
struct LoadResult {
    var operations = 0
    var rows = 0
    var failed = 0
    var elapsed: Duration = .zero
    var latency = LatencyHistogram()

    mutating func merge(_ other: LoadResult) {
        operations += other.operations
        rows += other.rows
        failed += other.failed
        latency.merge(other.latency)
    }

    func print() {
        let seconds = max(elapsed / .seconds(1), 1e-9)
        var text = "{\"operations\": \(operations), \"rows\": \(rows), \"seconds\": \(seconds), "
        text += "\"operations_per_second\": \(Int(Double(operations) / seconds)), "
        text += "\"rows_per_second\": \(Int(Double(rows) / seconds)), \"failed\": \(failed)"
        if latency.count > 0 {
            text += ", \"latency_ms\": {\"p50\": \(ms(0.5)), \"p99\": \(ms(0.99)), "
            text += "\"p999\": \(ms(0.999)), \"max\": \(latency.longest / .milliseconds(1))}"
        }
        Swift.print(text + "}")
    }

    private func ms(_ share: Double) -> Double {
        (latency.percentile(share) ?? .zero) / .milliseconds(1)
    }
}

/// The next operation, for whichever worker is free.
private final class Numbers: Sendable {
    private let next = Mutex(0)

    func take() -> Int {
        next.withLock { value in
            defer { value += 1 }
            return value
        }
    }
}

/// A session and the table that the loads use.
struct StoreLoad: Sendable {
    private let session: CQLSession
    private let target: Target
    private let name: String
    private static let batchRows = 10
    private static let rowsPerBulk = 20_000

    init(_ session: CQLSession, _ target: Target) async throws {
        self.session = session
        self.target = target
        name = "load.\(target.table)"
        try await session.execute(
            "CREATE KEYSPACE IF NOT EXISTS load WITH replication = "
                + "{'class': 'SimpleStrategy', 'replication_factor': 1}")
        try await session.execute(
            "CREATE TABLE IF NOT EXISTS \(name) (p bigint, c int, v blob, PRIMARY KEY (p, c))")
    }

    private var value: [UInt8] { (0..<target.size).map { UInt8(truncatingIfNeeded: $0 &* 31) } }

    /// Spread over all partitions, each row once.
    private func key(_ operation: Int) -> (p: Int64, c: Int32) {
        let row = operation % (target.partitions * target.rows)
        return (Int64(row % target.partitions), Int32(row / target.partitions))
    }

    /// - Parameter one: the number of an operation; gives its rows.
    private func workers(
        _ one: @escaping @Sendable (Int) async throws -> Int
    ) async throws -> LoadResult {
        let next = Numbers()
        let most = target.operations
        let began = ContinuousClock.now
        var sum = try await withThrowingTaskGroup(of: LoadResult.self) { group in
            for _ in 0..<target.concurrency {
                group.addTask {
                    var result = LoadResult()
                    while true {
                        let operation = next.take()
                        guard operation < most else { return result }
                        let start = ContinuousClock.now
                        do {
                            result.rows += try await one(operation)
                            result.operations += 1
                        } catch {
                            result.failed += 1
                        }
                        result.latency.record(ContinuousClock.now - start)
                    }
                }
            }
            var sum = LoadResult()
            for try await part in group { sum.merge(part) }
            return sum
        }
        sum.elapsed = ContinuousClock.now - began
        await session.close()
        return sum
    }

    func insert() async throws -> LoadResult {
        let statement = try await session.prepare("INSERT INTO \(name) (p, c, v) VALUES (?, ?, ?)")
        let value = value
        return try await workers { [self] operation in
            let (p, c) = key(operation)
            _ = try await session.execute(statement, [.bigint(p), .int(c), .blob(value)])
            return 1
        }
    }

    func select() async throws -> LoadResult {
        let statement = try await session.prepare("SELECT v FROM \(name) WHERE p = ? AND c = ?")
        return try await workers { [self] operation in
            // Far apart from one read to the next.
            let (p, c) = key(operation &* 7_919)
            return try await session.execute(statement, [.bigint(p), .int(c)]).count
        }
    }

    func range() async throws -> LoadResult {
        let statement = try await session.prepare("SELECT c, v FROM \(name) WHERE p = ?")
        return try await workers { [self] operation in
            let p = Int64(operation &* 7_919 % target.partitions)
            return try await session.execute(statement, [.bigint(p)]).count
        }
    }

    func scan() async throws -> LoadResult {
        let statement = try await session.prepare(
            "SELECT p, c, v FROM \(name) WHERE token(p) > ? AND token(p) <= ?")
        let began = ContinuousClock.now
        let step = UInt64.max / UInt64(target.concurrency)
        let rows = try await withThrowingTaskGroup(of: Int.self) { group in
            for index in 0..<target.concurrency {
                let low = Int64(bitPattern: UInt64(index) &* step ^ 1 << 63)
                let high =
                    index + 1 == target.concurrency
                    ? Int64.max : Int64(bitPattern: UInt64(index + 1) &* step ^ 1 << 63)
                group.addTask {
                    var count = 0
                    let pages = session.pages(
                        statement, [.bigint(low), .bigint(high)], pageSize: 5_000)
                    for try await page in pages { count += page.count }
                    return count
                }
            }
            var sum = 0
            for try await count in group { sum += count }
            return sum
        }
        await session.close()
        return LoadResult(
            operations: target.concurrency, rows: rows, elapsed: ContinuousClock.now - began)
    }

    func batch() async throws -> LoadResult {
        let statement = try await session.prepare("INSERT INTO \(name) (p, c, v) VALUES (?, ?, ?)")
        let value = value
        return try await workers { [self] operation in
            var batch = CQLBatch(.logged)
            for index in 0..<Self.batchRows {
                let (p, c) = key(operation &* Self.batchRows &+ index)
                try batch.add(statement, [.bigint(p), .int(c), .blob(value)])
            }
            try await session.execute(batch)
            return Self.batchRows
        }
    }

    func bulk() async throws -> LoadResult {
        let statement = try await session.prepare("INSERT INTO \(name) (p, c, v) VALUES (?, ?, ?)")
        let value = value
        let began = ContinuousClock.now
        var done = 0
        while done < target.operations {
            let count = min(Self.rowsPerBulk, target.operations - done)
            var rows = EncodedRows(columnCount: 3)
            for operation in done..<done + count {
                let (p, c) = key(operation)
                rows.append(p)
                rows.append(c)
                rows.append(bytes: value)
                rows.endRow()
            }
            try await session.executeAll(statement, rows: rows)
            done += count
        }
        await session.close()
        return LoadResult(operations: done, rows: done, elapsed: ContinuousClock.now - began)
    }

    func append() async throws -> LoadResult {
        try await session.execute(
            "CREATE TABLE IF NOT EXISTS load.lists (p int PRIMARY KEY, v list<int>)")
        let statement = try await session.prepare("UPDATE load.lists SET v = v + ? WHERE p = 1")
        let result = try await workers { [self] operation in
            _ = try await session.execute(statement, [.list([.int(Int32(operation))])])
            return 1
        }
        return result
    }
}
