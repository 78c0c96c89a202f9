// Every limit of a DAG, its parameters and its results.

/// What a workflow may not exceed. Checked where the value first appears.
public enum WorkflowLimits {
    /// Bytes of a task's result as JSON. Hand on a name or a count of what is large, not the thing.
    public static let resultBytesMax = 1_048_576
    /// Tasks of one DAG.
    public static let tasksMax = 10_000
    /// Characters of the id of a DAG, a task or a run. Source: Airflow's `ID_LEN`.
    public static let idCharactersMax = 250
    /// Parameters of one DAG.
    public static let parametersMax = 100
    /// Bytes of a run's whole configuration.
    public static let configurationBytesMax = 65_536
    public static let retriesMax = 1_000
    /// The longest wait between two tries. Source: Airflow's `MAX_RETRY_DELAY`.
    public static let retryDelayMax = Duration.hours(24)
    /// Days a cron expression is searched for its next tick: two leap years around 2100, and one.
    static let scheduleDaysMax = 366 * 9
    /// Characters of a cron expression.
    static let cronCharactersMax = 200
}

extension Duration {
    public static func minutes(_ count: some BinaryInteger) -> Duration { .seconds(count) * 60 }
    public static func hours(_ count: some BinaryInteger) -> Duration { .seconds(count) * 3_600 }
    public static func days(_ count: some BinaryInteger) -> Duration { .seconds(count) * 86_400 }
}
