// The loop of a query over parts in memory: recovery, failures, dead letters, stops.

import Logging
import MillraceBase
import StreamPlan
import Synchronization
import Testing

@testable import StreamEngine

@Suite("Query loop")
struct QueryLoopTests {
    static func configuration(rowsMax: Int = 10) -> StreamEngineConfiguration {
        var configuration = StreamEngineConfiguration(
            kafka: Endpoint(scheme: "kafka"), store: Endpoint(scheme: "cassandra"),
            checkpoints: "memory")
        configuration.batchRowsMax = rowsMax
        configuration.pollWait = .milliseconds(1)
        configuration.retry = Backoff(
            first: .microseconds(10), longest: .microseconds(100), triesMax: .max)
        configuration.clock = .fixed(1_700_000_000_500)
        return configuration
    }

    /// One life of a query that reads what is there and ends.
    @discardableResult
    static func live(
        _ world: MemoryWorld, _ query: StreamQuery = .people, rowsMax: Int = 10,
        progress: StageProgress = StageProgress()
    ) async throws -> (exception: String?, status: StreamQueryStatus) {
        let plan = try query.trigger(.availableNow).analyzed()
        return await run(world, plan, rowsMax: rowsMax, progress: progress, state: QueryState(plan))
    }

    static func run(
        _ world: MemoryWorld, _ plan: AnalyzedQuery, rowsMax: Int = 10,
        progress: StageProgress = StageProgress(), state: QueryState
    ) async -> (exception: String?, status: StreamQueryStatus) {
        _ = state.begin(runID: "run")
        let parts = QueryParts(
            source: MemorySource(world), sink: MemorySink(world: world),
            rejections: plan.deadLetterTopic == nil ? nil : MemoryRejections(world: world),
            checkpoint: CheckpointLog(files: MemoryFiles(world: world), topic: "people"),
            thread: SerialThread("test"))
        var loop = QueryLoop(
            plan, parts, state: state, configuration: configuration(rowsMax: rowsMax),
            progress: progress, logger: Logger(label: "test"))
        let exception = await loop.run()
        state.end(exception: exception)
        return (exception, state.status)
    }

    static func people(_ range: Range<Int>) -> [String] {
        range.map { #"{"id":"p\#($0)","email":"p\#($0)@example.com","age":\#($0 % 90)}"# }
    }

    /// Goal: rows arrive, offsets and commits are Spark's files, progress is counted.
    @Test func storesEachRow() async throws {
        let world = MemoryWorld()
        world.append(Self.people(0..<25))
        world.append(Self.people(25..<30), to: 1)
        let progress = StageProgress()
        let (exception, status) = try await Self.live(world, progress: progress)
        #expect(exception == nil)
        #expect(world.state.withLock { $0.table.count } == 30)
        let files = world.state.withLock { $0.files }
        #expect(
            files["offsets/2"].map { String(decoding: $0, as: UTF8.self) }
                == """
                v1
                {"batchWatermarkMs":0,"batchTimestampMs":1700000000500,"conf":{}}
                {"people":{"0":25,"1":5}}
                """)
        #expect(files["commits/2"] != nil && files["commits/3"] == nil)
        #expect(
            files["sources/0/0"].map { String(decoding: $0, as: UTF8.self) }
                == "v1\n" + #"{"people":{"0":0,"1":0}}"#)
        #expect(status.committedOffsets == ["people": [0: 25, 1: 5]])
        #expect(status.batchID == 2)
        #expect(progress.snapshot.count(.stored) == 30)
        #expect(progress.snapshot.count(.processed) == 30)
        #expect(
            progress.snapshot.stages[.stored]?.latency.percentile(0.5).map {
                $0 >= .milliseconds(490)
            }
                == true)
        #expect(
            status.lastProgress?["sources"]?[0]?["endOffset"]?.text == #"{"people":{"0":25,"1":5}}"#
        )
        #expect(status.lastProgress?["id"]?.string == status.id)
    }

    /// Method: the process dies at each step it ever takes; the next lives to the end. Whatever
    /// step it was, every row is there, and no batch was planned twice with other offsets.
    @Test func survivesACrashAtEachStep() async throws {
        for crash in 0..<120 {
            let world = MemoryWorld()
            world.append(Self.people(0..<25) + ["{no json"])
            world.state.withLock { $0.stepsToCrash = crash }
            let first = try await Self.live(world)
            let planned = world.state.withLock { $0.files }.filter { $0.key.hasPrefix("offsets/") }
            world.append(Self.people(25..<40))
            world.state.withLock { $0.stepsToCrash = .max }
            let second = try await Self.live(world)
            #expect(second.exception == nil, "crash at \(crash)")
            let state = world.state.withLock { ($0.table, $0.files, $0.deadLetters) }
            #expect(state.0.count == 40, "crash at \(crash)")
            for (path, bytes) in planned {
                #expect(state.1[path] == bytes, "crash at \(crash): \(path)")
            }
            #expect(state.2.contains { $0.offset == 25 && $0.reason == "the value is not JSON" })
            #expect(state.2.count <= 2)
            if first.exception == nil { return }
        }
        Issue.record("the query takes more steps than were tried")
    }

    /// Method: any step may fail, many crashes follow each other; seeds 1 to 8.
    @Test(arguments: 1...8)
    func storesEachRowOnceThroughFailures(seed: UInt64) async throws {
        let world = MemoryWorld()
        world.state.withLock {
            $0.random = SeededGenerator(state: seed)
            $0.failOneIn = 4
        }
        for round in 0..<10 {
            world.append(Self.people(round * 20..<round * 20 + 20), to: Int32(round % 3))
            let crash = world.state.withLock { Int.random(in: 5..<60, using: &$0.random) }
            world.state.withLock { $0.stepsToCrash = crash }
            try await Self.live(world)
        }
        world.state.withLock { $0.stepsToCrash = .max }
        let last = try await Self.live(world)
        #expect(last.exception == nil)
        let table = world.state.withLock { $0.table }
        #expect(Set(table.keys) == Set((0..<200).map { "p\($0)" }))
        let total = last.status.committedOffsets["people"]?.values.reduce(0, +)
        #expect(total == 200)
    }

    /// Goal: a bad record and a key that does not fit are dead letters, their neighbours are rows.
    @Test func letsNeighboursPass() async throws {
        let world = MemoryWorld()
        world.append(
            Self.people(0..<2) + ["{", #"{"email":"x"}"#, #"{"id":"!x"}"#] + Self.people(2..<4))
        let progress = StageProgress()
        let (exception, status) = try await Self.live(world, progress: progress)
        #expect(exception == nil)
        #expect(world.state.withLock { Set($0.table.keys) } == ["p0", "p1", "p2", "p3"])
        let letters = world.state.withLock { $0.deadLetters }
        #expect(letters.map(\.offset) == [2, 3, 4])
        #expect(
            letters.map(\.reason)
                == ["the value is not JSON", "id is missing", "the key does not fit"])
        #expect(progress.snapshot.rejected["id is missing"] == 1)
        #expect(progress.snapshot.count(.stored) == 4)
        #expect(status.lastProgress?["observedMetrics"]?["deadLetters"] == 3)
    }

    /// Goal: ANSI: a failed cast is a dead letter, or fails a query that has none.
    @Test func failsACastAsItsQuerySays() async throws {
        let query = StreamQuery("people").read(.kafka(topic: "people", from: .earliest))
            .select(fromJSON("value", as: personSchema))
            .filter(col("id") != "p1")
            .withColumn("age", col("email").substr(2, 1).cast(.int))
            .write(.cassandra(keyspace: "k", table: "t"))
        let world = MemoryWorld()
        world.append(
            Self.people(0..<3) + [#"{"id":"q","email":"x@y"}"#, #"{"id":"p1","email":"no"}"#])
        #expect(try await Self.live(world, query).exception == nil)
        #expect(world.state.withLock { $0.deadLetters.map(\.offset) } == [3])
        #expect(world.state.withLock { $0.table["p2"] } == ["p2", "p2@example.com", "2"])
        let other = MemoryWorld()
        other.append([#"{"id":"q","email":"x@y"}"#])
        let (exception, status) = try await Self.live(other, query.deadLetters(.none))
        #expect(
            exception
                == "record 0 of partition 0 of topic \"people\": CAST(substring(email, 2, 1) AS "
                + "INT) failed. A query with dead letters would have put it there")
        #expect(status.state == .failed && status.exception == exception)
        #expect(other.state.withLock { $0.files["commits/0"] } == nil)
    }

    /// Goal: what trying again cannot mend ends the query with the sink's words.
    @Test func failsWhenTheSinkNeverTakesIt() async throws {
        let world = MemoryWorld()
        world.append(Self.people(0..<3))
        world.state.withLock {
            $0.sinkErrors = [ConnectorError("there is no table k.t", isRetriable: false)]
        }
        let (exception, status) = try await Self.live(world)
        #expect(exception == "there is no table k.t")
        #expect(status.state == .failed)
        #expect(try await Self.live(world).exception == nil)
        #expect(world.state.withLock { $0.table.count } == 3)
    }

    @Test func waitsForAFullDisk() async throws {
        let world = MemoryWorld()
        world.append(Self.people(0..<3))
        world.state.withLock { $0.diskIsFull = true }
        let plan = try StreamQuery.people.trigger(.availableNow).analyzed()
        let state = QueryState(plan)
        async let outcome = Self.run(world, plan, state: state)
        while !state.status.message.contains("No space left") { await Task.yield() }
        #expect(state.status.state == .retrying)
        world.state.withLock { $0.diskIsFull = false }
        #expect(await outcome.exception == nil)
        #expect(world.state.withLock { $0.table.count } == 3)
    }

    /// Goal: a running query takes what comes, says what is wrong, and stops when told.
    @Test func runsUntilItIsStopped() async throws {
        let world = MemoryWorld()
        world.append(Self.people(0..<5))
        let plan = try StreamQuery.people.analyzed()
        let state = QueryState(plan)
        async let outcome = Self.run(world, plan, state: state)
        while world.state.withLock({ $0.table.count }) < 5 { await Task.yield() }
        world.state.withLock { $0.sourceTrouble = "cannot reach Kafka" }
        while state.status.state != .retrying { await Task.yield() }
        #expect(state.status.message == "cannot reach Kafka")
        world.state.withLock { $0.sourceTrouble = nil }
        world.append(Self.people(5..<9))
        while state.committedOffsets["people"] != [0: 9] { await Task.yield() }
        state.requestStop()
        let end = await outcome
        #expect(end.exception == nil && end.status.state == .stopped)
        await state.standsStill()
    }

    /// Goal: a stop gives up a sink that cannot be reached; the batch is written at the next start.
    @Test func stopsWhileTheSinkIsAway() async throws {
        let world = MemoryWorld()
        world.append(Self.people(0..<3))
        world.state.withLock {
            $0.sinkErrors = Array(
                repeating: ConnectorError("unreachable", isRetriable: true), count: 1_000_000)
        }
        let plan = try StreamQuery.people.analyzed()
        let state = QueryState(plan)
        async let outcome = Self.run(world, plan, state: state)
        while state.status.message != "unreachable" { await Task.yield() }
        state.requestStop()
        #expect(await outcome.status.state == .stopped)
        #expect(
            world.state.withLock { $0.files["offsets/0"] != nil && $0.files["commits/0"] == nil })
        world.state.withLock { $0.sinkErrors = [] }
        #expect(try await Self.live(world).exception == nil)
        #expect(world.state.withLock { $0.files["commits/0"] } != nil)
    }

    /// Goal: old batches go, the last hundred stay, and a checkpoint so cleaned still opens.
    @Test func cleansItsCheckpoint() async throws {
        let world = MemoryWorld()
        world.append(Self.people(0..<250))
        #expect(try await Self.live(world, rowsMax: 1).exception == nil)
        let offsets = world.state.withLock { $0.files.keys.filter { $0.hasPrefix("offsets/") } }
        #expect((100...110).contains(offsets.count))
        world.append(Self.people(250..<252))
        #expect(try await Self.live(world, rowsMax: 1).status.batchID == 251)
    }

    /// Goal: checkpoints that do not fit are refused by name, never guessed at.
    @Test(arguments: [
        ("commits/7", "v1\n{}", "the last planned batch is 2"),
        ("offsets/2", "v1", "it is no batch's offsets"),
        ("offsets/2", "v1\n{\"batchTimestampMs\":1}\n{\"other\":{\"0\":1}}", "belongs to topic"),
        ("metadata", "{}", "it holds no id"),
    ])
    func refusesADamagedCheckpoint(_ path: String, _ text: String, _ why: String) async throws {
        let world = MemoryWorld()
        world.append(Self.people(0..<25))
        try await Self.live(world)
        world.state.withLock { $0.files[path] = Array(text.utf8) }
        let exception = try await Self.live(world).exception
        #expect(exception?.contains(why) == true)
        #expect(exception?.contains("memory/") == true)
    }
}
