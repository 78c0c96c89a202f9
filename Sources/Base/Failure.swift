// What a person reads when something went wrong: what, where, and what to do next.

/// An error that ends a command. Everything below the command line throws typed errors of its own
/// module; only the edge that knows what the person asked for turns one into a `Failure`.
public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
    /// What did not work, as one sentence without a full stop: "cannot reach the broker".
    public var what: String
    /// Where it happened, in the person's own words: the URL, flag, file or task they gave.
    public var at: String
    /// Why, as the cause reported it. Empty when `what` says it all.
    public var because: String
    /// The next thing to try, as a command or a setting that can be typed.
    public var next: String

    public init(_ what: String, at: String, because: String = "", next: String) {
        self.what = what
        self.at = at
        self.because = because
        self.next = next
    }

    public var description: String {
        let cause = because.isEmpty ? "" : "\n  because: \(because)"
        return "\(what)\n  at:      \(at)\(cause)\n  try:     \(next)"
    }
}
