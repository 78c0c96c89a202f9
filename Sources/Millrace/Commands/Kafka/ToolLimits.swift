// Bounds of the commands that read and write topics.

enum ToolLimits {
    /// Records taken from a topic at a time.
    static let recordsPerPoll = 5_000
    /// Records sent at a time, all acknowledged before the next.
    static let recordsPerSend = 2_000
    /// How long one poll waits.
    static let pollWait = Duration.milliseconds(200)
    /// Bytes of one line of standard input.
    static let lineBytesMax = 64 << 20
    /// How often a copy keeps its place, in records.
    static let recordsPerCommit = 20_000
}
