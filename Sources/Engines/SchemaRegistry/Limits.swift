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
    /// Items of a list of subjects, versions, contexts or ids. Source: Confluent's
    /// `subject.search.default.limit` and `schema.search.default.limit`.
    static let listItemsMax = 20_000
    static let schemasListedMax = 1_000
    static let subjectBytesMax = 1_024
    /// Entries of one change of associations, and requests of one batch.
    static let associationOperationsMax = 1_000
    /// Bytes of one schema's text; its record must go into the topic.
    static let schemaBytesMax = 1 << 20
    /// Schemas that are kept parsed; when there are more, all are forgotten.
    static let parsedSchemasMax = 1_000
    /// Schemas that one schema may refer to, directly or not.
    static let referencesMax = 1_000
    /// Between the decisions of one change, when another registry wrote at the same moment.
    static let changeBackoff = Backoff(
        first: .milliseconds(5), longest: .milliseconds(500), triesMax: 20)
    /// Bytes of a file of users.
    static let usersFileBytesMax = 1 << 20
}
