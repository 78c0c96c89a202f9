// How long a failed task waits before its next try.

import MillraceBase

/// The wait between the tries of a task.
public struct RetryDelay: Sendable, Equatable {
    /// The wait after the first failure.
    package var first: Duration
    /// No wait is longer.
    package var longest: Duration
    /// Whether the wait doubles with each failure.
    package var isExponential: Bool

    /// One second, doubling up to five minutes.
    public static let standard = exponential(from: .seconds(1), upTo: .minutes(5))

    public static func fixed(_ delay: Duration) -> Self {
        Self(first: delay, longest: delay, isExponential: false)
    }

    /// Doubles with each failure. Each wait is random between half and all of its step, so that
    /// tasks which failed together do not return together.
    public static func exponential(from first: Duration, upTo longest: Duration) -> Self {
        Self(first: first, longest: longest, isExponential: true)
    }

    /// - Parameters:
    ///   - failures: tries that failed so far, 1 or more.
    ///   - random: a value in 0..<1; it comes in so that a test can hold it.
    package func wait(afterFailures failures: Int, random: Double) -> Duration {
        guard isExponential else { return min(first, WorkflowLimits.retryDelayMax) }
        let bounded = min(longest, WorkflowLimits.retryDelayMax)
        let backoff = Backoff(first: first, longest: bounded, triesMax: failures + 1)
        return backoff.wait(afterFailures: failures, random: random) ?? bounded
    }
}
