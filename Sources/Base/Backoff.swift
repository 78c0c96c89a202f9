// How long to wait before the next try.

/// Exponential back-off with full jitter: each wait is random between half and all of a step that
/// doubles until `longest`. Bounded by `triesMax`.
public struct Backoff: Sendable, Equatable {
    public var first: Duration
    public var longest: Duration
    /// How many tries there are in all, the first one included.
    public var triesMax: Int

    public init(first: Duration, longest: Duration, triesMax: Int) {
        precondition(triesMax >= 1, "there is at least one try")
        self.first = first
        self.longest = longest
        self.triesMax = triesMax
    }

    /// - Parameters:
    ///   - failures: how many tries failed so far, 1 or more.
    ///   - random: a value in 0..<1; it comes in so that a test can hold it.
    /// - Returns: the wait before the next try, or `nil` when the tries are used up.
    public func wait(afterFailures failures: Int, random: Double = .random(in: 0..<1)) -> Duration?
    {
        guard failures < triesMax else { return nil }
        let step = first * Double(1 << min(failures - 1, 30))
        let bounded = min(step, longest)
        return bounded * (0.5 + random / 2)
    }
}
