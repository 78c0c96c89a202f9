// A source, a sink, dead letters and files in memory, which fail when they are told to.

import MillraceBase
import StreamEngine
import StreamPlan
import Synchronization

/// What a test's world holds. Survives the "crash" of a loop, as disks and servers do.
final class MemoryWorld: Sendable {
    struct State {
        var log: [Int32: [[UInt8]]] = [:]
        /// The first offset that is still there, by partition.
        var low: [Int32: Int64] = [:]
        /// The sink's rows by their first column.
        var table: [String: [String?]] = [:]
        var writes = 0
        var rowsWritten = 0
        var deadLetters: [(offset: Int64, partition: Int32, reason: String)] = []
        var files: [String: [UInt8]] = [:]
        var random = SeededGenerator(state: 1)
        /// Steps until the process "dies": from then on nothing gets through.
        var stepsToCrash = Int.max
        /// One step in so many fails and may be tried again; 0 for none.
        var failOneIn = 0
        /// What the next write to the sink is answered, once each.
        var sinkErrors: [ConnectorError] = []
        var sourceTrouble: String?
        var diskIsFull = false
    }

    let state: Mutex<State>

    init() { state = Mutex(State()) }

    func append(_ values: [String], to partition: Int32 = 0) {
        state.withLock { $0.log[partition, default: []] += values.map { Array($0.utf8) } }
    }

    /// Every effect passes here: the place where a crash or a failure comes between.
    func step() -> StepOutcome {
        state.withLock { state in
            guard state.stepsToCrash > 0 else { return .dead }
            state.stepsToCrash -= 1
            guard state.failOneIn > 0 else { return .go }
            return Int.random(in: 0..<state.failOneIn, using: &state.random) == 0 ? .fail : .go
        }
    }

    enum StepOutcome { case go, fail, dead }

    func checked() throws(ConnectorError) {
        switch step() {
        case .go: return
        case .fail: throw ConnectorError("a failure of the test", isRetriable: true)
        // A dead process is played by a failure that ends the loop.
        case .dead: throw ConnectorError("crash", isRetriable: false)
        }
    }
}

struct MemoryFiles: CheckpointFiles {
    let world: MemoryWorld
    var place: String { "memory" }

    private func checked(_ path: String) throws(CheckpointFileError) {
        switch world.step() {
        case .go: return
        case .fail: throw CheckpointFileError(path: path, because: "test", isRetriable: true)
        case .dead: throw CheckpointFileError(path: path, because: "crash")
        }
    }

    func read(_ path: String) throws(CheckpointFileError) -> [UInt8]? {
        world.state.withLock { $0.files[path] }
    }

    func write(_ bytes: [UInt8], to path: String) throws(CheckpointFileError) {
        try checked(path)
        if world.state.withLock({ $0.diskIsFull }) {
            throw CheckpointFileError(
                path: path, because: "No space left on device", isRetriable: true)
        }
        world.state.withLock { $0.files[path] = bytes }
        // Written, but the process dies before it knows.
        try checked(path)
    }

    func list(_ folder: String) throws(CheckpointFileError) -> [String] {
        world.state.withLock { state in
            state.files.keys.filter { $0.hasPrefix(folder + "/") }
                .map { String($0.dropFirst(folder.count + 1)) }
        }
    }

    func remove(_ path: String) throws(CheckpointFileError) {
        try checked(path)
        world.state.withLock { $0.files[path] = nil }
    }
}

actor MemorySource: RowSource {
    let world: MemoryWorld
    private var positions: [Int32: Int64] = [:]
    nonisolated var description: String { "memory" }

    init(_ world: MemoryWorld) { self.world = world }

    func open(at position: SourceOffsets?, or starting: StartingOffsets)
        async throws(ConnectorError) -> SourceOffsets
    {
        try world.checked()
        let ends = try await latest().partitions
        for (partition, end) in ends {
            let low = world.state.withLock { $0.low[partition] ?? 0 }
            let first = starting == .latest ? end : low
            positions[partition] = position.map { $0.partitions[partition] ?? low } ?? first
        }
        return SourceOffsets(topic: "people", partitions: positions)
    }

    func next(rowsMax: Int, wait: Duration) async throws(ConnectorError) -> SourceRows? {
        try world.checked()
        var end = positions
        var room = rowsMax
        for (partition, last) in try await latest().partitions.sorted(by: { $0.key < $1.key }) {
            let first = positions[partition] ?? 0
            let part = min(room, Int(last - first))
            end[partition] = first + Int64(part)
            room -= part
        }
        if end == positions {
            try? await Task.sleep(for: .milliseconds(1))
            return nil
        }
        let rows = rows(from: positions, to: end)
        positions = end
        return rows
    }

    func read(from start: SourceOffsets, to end: SourceOffsets) async throws(ConnectorError)
        -> SourceRows
    {
        try world.checked()
        positions = end.partitions
        return rows(from: start.partitions, to: end.partitions)
    }

    func latest() async throws(ConnectorError) -> SourceOffsets {
        let log = world.state.withLock { $0.log }
        return SourceOffsets(topic: "people", partitions: log.mapValues { Int64($0.count) })
    }

    func trouble() async -> String? { world.state.withLock { $0.sourceTrouble } }
    func close() async {}

    private func rows(from start: [Int32: Int64], to end: [Int32: Int64]) -> SourceRows {
        let log = world.state.withLock { $0.log }
        var all = sourceRows([])
        for (partition, last) in end.sorted(by: { $0.key < $1.key }) {
            let first = start[partition] ?? 0
            guard let values = log[partition], first < last else { continue }
            let part = sourceRows(
                bytes: Array(values[Int(first)..<Int(last)]), from: first, partition: partition)
            let shift = all.bytes.count
            all.bytes += part.bytes
            all.rows += part.rows.map { row in
                var moved = row
                moved.value = row.value.map {
                    TextCell(start: $0.start + shift, length: $0.length)
                }
                return moved
            }
        }
        all.end = SourceOffsets(topic: "people", partitions: end)
        return all
    }
}

struct MemorySink: RowSink {
    let world: MemoryWorld
    var description: String { "memory" }

    func open(columns: [Attribute]) async throws(ConnectorError) { try world.checked() }

    func write(_ batch: RowBatch) async throws(ConnectorError) -> [Rejection] {
        var rejections: [Rejection] = []
        for row in batch.selection.map(Int.init) {
            let shown = batch.shown(row: row)
            guard let key = shown[0], !key.hasPrefix("!") else {
                rejections.append(Rejection(row: row, reason: "the key does not fit"))
                continue
            }
            // Some rows are there already when a write fails half-way.
            if row % 8 == 7 { try world.checked() }
            world.state.withLock {
                $0.table[key] = shown
                $0.rowsWritten += 1
            }
        }
        if let error = world.state.withLock({ $0.sinkErrors.popLast() }) { throw error }
        try world.checked()
        world.state.withLock { $0.writes += 1 }
        return rejections
    }

    func close() async {}
}

struct MemoryRejections: RejectionSink {
    let world: MemoryWorld

    func write(_ rejections: [Rejection], of rows: SourceRows) async throws(ConnectorError) {
        try world.checked()
        world.state.withLock { state in
            for one in rejections {
                let row = rows.rows[one.row]
                state.deadLetters.append((row.offset, row.partition, one.reason))
            }
        }
        try world.checked()
    }

    func close() async {}
}
