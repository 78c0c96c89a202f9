// The limits of this module, by name. Source: `reference/randomuser.md`.

enum RandomUserLimits {
    static let resultsMax = 5_000
    static let pagesMax = 10_000
    static let passwordLengths = 1...64
    /// A longer seed is cut: the API sets no bound, we do.
    static let seedCharactersMax = 1_024
    /// People made before others get their turn on the thread.
    static let peoplePerTurn = 250
    /// Of one person as JSON, at most; only a hint for room.
    static let personBytes = 1_400
    /// How many years old people are: those of the API's samples.
    static let ages = 21...79
}
