// Every bound of the Kafka client, in one place. All of librdkafka's can be changed in the URL.

enum KafkaLimits {
    /// Records of one `send` that are tracked together; more are sent in several rounds.
    static let sendRecordsMax = 1 << 20
    /// Records handed to librdkafka before the task lets others run.
    static let enqueueRecordsMax = 8_192
    /// Records that librdkafka holds unacknowledged, at most. `send` waits for room.
    static let producerQueueRecordsMax = 100_000
    /// Kilobytes that librdkafka holds unacknowledged, at most.
    static let producerQueueKilobytesMax = 65_536
    /// A record that no broker acknowledged within this time fails with `_MSG_TIMED_OUT`.
    static let messageTimeoutMilliseconds = 60_000
    /// Records one `poll` may return.
    static let pollRecordsMax = 100_000
    /// Kilobytes that a consumer fetches ahead, at most.
    static let consumerQueueKilobytesMax = 32_768
    /// Records that a consumer fetches ahead for each partition, about.
    static let consumerQueueRecordsMin = 50_000
    /// Calls of one commit or abort whose answers were late, each as long as its own wait.
    static let transactionTriesMax = 3
    /// How long the report thread polls at a time while closing waits for calls to come back.
    static let closePollMilliseconds: Int32 = 10
    /// How long `close` waits for unacknowledged records before they are given up.
    static let closeFlushMilliseconds: Int32 = 5_000
    /// How long `close` waits for the threads of librdkafka after that.
    static let closeWait = Duration.seconds(5)
    /// How long one admin call may take, its retries included.
    static let adminTimeoutMilliseconds: Int32 = 15_000
    /// How long `assign` waits for an answer about its topics before it goes on without.
    static let assignTimeoutMilliseconds: Int32 = 1_000
    /// How long `seek` waits for the thread of librdkafka that drops what was fetched.
    static let seekTimeoutMilliseconds: Int32 = 5_000
    /// How often an unreachable broker is asked whether it is back, and how long that may take.
    static let probeInterval = Duration.seconds(1)
    static let probeTimeoutMilliseconds: Int32 = 200
    /// How long the report thread sleeps in librdkafka when nobody wakes it.
    static let reportPollMilliseconds: Int32 = 1_000
    /// How long one poll of a sequence of batches waits before it looks whether to go on.
    static let batchWait = Duration.milliseconds(200)
    /// Bytes for an error text of librdkafka.
    static let errorTextBytes = 512
}
