// What a task of a user's DAG can reach: the source, the landing, the store, its parameters.

import CQLClient
import MillraceBase
import MillraceLanding
public import MillraceWorkflow
import RandomUserClient

/// The context of one try of one task.
///
///     let people = dag.task("fetch_users", retries: 3) { run in
///         try await run.source.stage(count: run[users])
///     }
public struct RunContext: TaskContext {
    public let invocation: TaskInvocation
    let parts: RunParts

    /// Where people come from.
    public var source: SourceContext { SourceContext(run: self) }

    /// The landing table and its outbox.
    public var landing: LandingContext { LandingContext(run: self) }

    /// Where people arrive.
    public var store: StoreContext { StoreContext(run: self) }

    /// The people behind a handle, read page by page as they are asked for.
    public func staged(_ handle: StagedPeople) -> People {
        let source = source
        return People(
            handle: handle, staging: parts.staging,
            again: { try await source.pageAgain($0, of: handle) }, transform: { $0 })
    }

    /// The run's key in staging, outbox and landing. Run ids are unique within a DAG only.
    var runKey: String { invocation.dagID + "." + invocation.runID }
}

/// What all tasks share; made once for each stack.
struct RunParts: Sendable {
    var source: any PeopleSource
    /// The source's URL without secrets; the name of its cursor.
    var sourceName: String
    var stackID: String
    var cursors: SourceCursors
    var staging: StagingArea
    var landing: any LandingStore
    var store: StoreConnection
    var progress: StageProgress
    /// Why a streaming query has failed, with its name; `nil` while all run or wait.
    var failedQuery: @Sendable () async -> String?
    var clock: WallClock
}
