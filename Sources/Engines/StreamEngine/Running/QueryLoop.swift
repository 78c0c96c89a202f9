// The loop that runs one query: it asks the machine what is next and does it.

import Logging
import MillraceBase
import StreamPlan

/// Why a loop ended before it came to its end.
enum QueryEnd: Error, Equatable {
    /// It was told to stop while it waited for something; the running batch stays in doubt.
    case stopped
    case failed(String)
}

/// One query's run, from its checkpoint to its stop.
///
/// Order of one batch, which is what makes each row reach the sink exactly once: the rows are
/// fetched; their end offsets are on disk; they are written and acknowledged, and the rejected ones
/// too; the commit is on disk; the next rows are fetched.
struct QueryLoop {
    let plan: AnalyzedQuery
    let parts: QueryParts
    let state: QueryState
    let configuration: StreamEngineConfiguration
    let progress: StageProgress
    let logger: Logger

    var pipeline: BatchPipeline
    var position: SourceOffsets
    var lastTimestampMilliseconds: Int64 = 0
    var lastBatchStart = ContinuousClock.now
    /// What the running batch reads; `nil` before the records are there.
    var rows: SourceRows?
    var pending: OffsetEntry?
    var report: BatchProgress?
    var ticks: TriggerClock

    init(
        _ plan: AnalyzedQuery, _ parts: QueryParts, state: QueryState,
        configuration: StreamEngineConfiguration, progress: StageProgress, logger: Logger
    ) {
        self.plan = plan
        self.parts = parts
        self.state = state
        self.configuration = configuration
        self.progress = progress
        self.logger = logger
        pipeline = BatchPipeline(plan)
        position = SourceOffsets(topic: plan.source.topic, partitions: [:])
        ticks = TriggerClock(plan.trigger)
    }

    /// Runs until the query is stopped, fails, or (AvailableNow) has read what was there.
    ///
    /// - Returns: why it failed; `nil` when it did not.
    mutating func run() async -> String? {
        do throws(QueryEnd) {
            var (machine, action) = try await recover()
            while action != .finish, action != .none {
                if isStopping, machine.stopRequested() == .finish { break }
                action = try await act(action, &machine)
            }
            return nil
        } catch {
            switch error {
            case .stopped: return nil
            case .failed(let why):
                logger.error("query failed", metadata: ["query": "\(plan.name)", "why": "\(why)"])
                return why
            }
        }
    }

    var isStopping: Bool { state.isStopRequested || Task.isCancelled }

    mutating func act(_ action: BatchMachine.Action, _ machine: inout BatchMachine)
        async throws(QueryEnd) -> BatchMachine.Action
    {
        switch action {
        case .waitForRows:
            guard try await waitForRows() else { return machine.stopRequested() }
            return machine.rowsArrived()
        case .logOffsets(let batch):
            try await logOffsets(batch)
            return machine.offsetsLogged()
        case .run(let batch):
            try await runBatch(batch)
            return machine.rowsWritten()
        case .logCommit(let batch):
            try await logCommit(batch)
            return machine.commitLogged()
        case .finish, .none: return action
        }
    }

    mutating func recover() async throws(QueryEnd) -> (BatchMachine, BatchMachine.Action) {
        let checkpoint = parts.checkpoint
        let recovered = try await onDisk { () throws(CheckpointFileError) in
            try checkpoint.open()
        }
        let (sourceName, sinkName) = (parts.source.description, parts.sink.description)
        state.update { status in
            status.source = sourceName
            status.sink = sinkName
            status.id = recovered.id
            status.batchID = recovered.logged ?? -1
            if let position = recovered.position, recovered.committed != nil {
                status.committedOffsets = [position.topic: position.partitions]
            }
            if let end = (recovered.pending?.end ?? recovered.position) {
                status.endOffsets = [end.topic: end.partitions]
            }
        }
        let (sink, source, output) = (parts.sink, parts.source, plan.output)
        try await patiently { () async throws(ConnectorError) in
            try await sink.open(columns: output)
        }
        let starting = recovered.startingOffsets ?? plan.source.startingOffsets
        position = try await patiently { () async throws(ConnectorError) in
            try await source.open(at: recovered.position, or: starting)
        }
        if recovered.position == nil {
            let begin = position
            try await onDisk { () throws(CheckpointFileError) in
                try checkpoint.logInitial(begin)
            }
        }
        pending = recovered.pending
        lastTimestampMilliseconds = recovered.lastTimestampMilliseconds
        if case .availableNow = plan.trigger {
            let end = try await patiently { () async throws(ConnectorError) in
                try await source.latest()
            }
            ticks.availableEnd = end
        }
        state.running("Waiting for data to arrive")
        let (machine, first) = BatchMachine.recovered(
            logged: recovered.logged, committed: recovered.committed)
        return (machine, first)
    }
}
