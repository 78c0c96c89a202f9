// Every bound of the streaming engine, in one place.

/// The limits of `StreamEngine`. Sizes are bytes, times are durations.
package enum StreamLimits {
    /// Rows of one batch at most, unless the query asks for fewer (`maxOffsetsPerTrigger`).
    package static let batchRowsMax = 16_384
    /// How long one wait for records lasts before the loop looks whether it should stop. It ends at
    /// once when a record arrives.
    package static let pollWait = Duration.milliseconds(100)
    /// How long reading a batch again may stand still before it is tried from its beginning.
    package static let rereadPatience = Duration.seconds(10)
    /// How often the source looks whether its topic got new partitions.
    package static let partitionRefresh = Duration.seconds(5)
    /// The first and the longest wait before something that cannot be reached is tried again.
    package static let retryFirst = Duration.milliseconds(20)
    package static let retryLongest = Duration.seconds(2)
    /// How long a sink may take to acknowledge a batch before the status says that it is waited
    /// for.
    package static let slowSink = Duration.seconds(1)
    /// Offsets and commits that are kept, as Spark's `spark.sql.streaming.minBatchesToRetain`.
    package static let batchesRetained = 100
    /// How many batches pass between two cleanings of the checkpoint.
    package static let purgeEvery = 10
    /// Progress reports that are kept, as Spark's `numRecentProgressUpdates`.
    package static let progressRetained = 100
    /// Writes of rows on their way to the store at one time.
    package static let writesInFlightMax = 512
    /// How long a query may take to end its batch when it is told to stop, before it is cancelled.
    /// Nothing is lost then: the batch runs again at the next start.
    package static let stopWait = Duration.seconds(10)
    /// Objects and arrays inside each other in a JSON value.
    package static let jsonDepthMax = 128
    /// Bytes of the records of one batch, so that a cell can hold a place in 31 bits.
    package static let batchBytesMax = Int(Int32.max)
    /// Dead letters that are handed to the broker at one time.
    package static let deadLettersInFlightMax = 1_000
}
