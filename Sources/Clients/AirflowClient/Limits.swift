// Every limit of the Airflow client.

package enum AirflowClientLimits {
    /// How long one answer may take, but for the call that waits.
    static let answerTime = Duration.seconds(30)
    /// How long the end of a run is waited for.
    static let waitTime = Duration.seconds(30 * 86_400)
    /// Bytes of one answer.
    static let answerBytesMax = 64 * 1_048_576
    /// Bytes of one line of the call that waits.
    static let lineBytesMax = 1_048_576
    /// Seconds between two lines of the call that waits; the end itself is told at once by ours.
    static let waitIntervalSeconds = 1
    /// Items of one page.
    package static let pageItems = 100
    /// Pages that one listing reads, at most.
    static let pagesMax = 1_000
    /// Characters of an answer that is no JSON, when it is shown.
    static let shownCharactersMax = 200
}
