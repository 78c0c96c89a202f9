// When batches run, what they put out, and where records go that do not fit.

/// When the next batch starts.
public enum Trigger: Sendable, Hashable, Codable {
    /// As soon as there are records, one batch after the other.
    case asSoonAsPossible
    /// At multiples of an interval since 1970. A slow batch starts the next at once; ticks that
    /// were missed meanwhile are left out.
    case processingTime(Duration)
    /// Batches up to the end that the source had when the query started; then the query ends.
    case availableNow
}

/// What a batch puts out.
public enum OutputMode: String, Sendable, Hashable, Codable {
    /// Rows that will never change. The only one there is until queries aggregate.
    case append
    case update, complete
}

/// What becomes of a record that does not fit.
public enum DeadLetters: Sendable, Hashable, Codable {
    /// To the source's topic with `.dlq` after its name.
    case besideSource
    case topic(String)
    /// Nowhere: nulls where JSON cannot be read and a failed query where a cast fails, as in Spark.
    case none
}
