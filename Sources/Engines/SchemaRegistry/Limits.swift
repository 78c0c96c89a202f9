// Every bound of the schema registry, in one place.

import MillraceBase

enum RegistryServerLimits {
    /// Bytes of a request, at most.
    static let requestBytesMax = 2 << 20
    /// How long the topic may take to be read at the start.
    static let startWait = Duration.seconds(30)
    /// How long one wait for records is; a write that arrives ends it.
    static let pollWait = Duration.milliseconds(500)
    static let pollRecordsMax = 1_000
    /// After a failed read; ten times as long after ten failures.
    static let rereadWait = Duration.milliseconds(200)
    /// How long a write may take from being sent to being read back.
    static let readBackWait = Duration.seconds(10)
    /// How long a broker that answers a fetch holds it; a new record ends it.
    static let fetchWaitMilliseconds = 500
    /// How long the broker may take to acknowledge a change.
    static let writeTimeoutMilliseconds = 15_000
    /// Until a topic that was just made shows.
    static let topicBackoff = Backoff(
        first: .milliseconds(20), longest: .seconds(1), triesMax: 10)
    /// How long requests may go on after the stop.
    static let shutdownWait = Duration.seconds(2)
    /// Items of a list that is asked for without a limit.
    static let listItemsMax = 100_000
    static let subjectBytesMax = 1_024
}
