// Every limit of the orchestrator.

package enum OrchestratorLimits {
    /// Tasks that run at once, unless configured. Source: Airflow's `parallelism`.
    package static let tasksRunning = 32
    /// Runs that wait to start, over all DAGs.
    package static let runsQueuedMax = 10_000
    /// Lines of one try's log; further ones are counted, not kept.
    package static let logLinesMax = 10_000
    /// Bytes of one try's log.
    package static let logBytesMax = 1_048_576
    /// Bytes of one line; the rest of it is cut off.
    package static let logLineBytesMax = 8_192
    /// How long a line may wait in memory before it is stored.
    static let logDelay = Duration.milliseconds(100)
    /// Characters of the reason of a failed try.
    static let reasonCharactersMax = 4_096
    /// Characters of a run's note. Source: Airflow.
    static let noteCharactersMax = 1_000
    /// Items of one page of an API answer. Source: Airflow's `maximum_page_limit`.
    static let pageItemsMax = 1_000
    static let pageItemsDefault = 50
    /// Bytes of a request's body.
    static let requestBytesMax = 1_048_576
    /// The longest sleep before the clocks are looked at again, in case they were set.
    static let sleepMax = Duration.seconds(60)
    /// The waits between tries to store a change, when the disk refuses.
    static let storeRetryFirst = Duration.milliseconds(100)
    static let storeRetryLongest = Duration.seconds(5)
    /// The longest interval a client may ask the wait call to look at a run with.
    static let waitIntervalMax = Duration.seconds(3_600)
    /// Connections that read metadata at once.
    static let readersMax = 4
    /// Changes kept for a slow listener of run changes; older ones are dropped.
    static let changesBuffered = 1_024
}
