// The batches that wait to be appended to one log.

struct AppendInbox: Sendable {
    var waiting: [PendingAppend] = []
    /// Whether a thread works on the log, or was asked to.
    var isWorking = false
    var isClosed = false

    /// Takes what one write and one flush shall carry: all that waits, up to a limit.
    mutating func takeRound() -> [PendingAppend] {
        var sizeBytes = 0
        var count = 0
        for append in waiting {
            sizeBytes += append.sizeBytes
            if count > 0 && sizeBytes > Limits.appendRoundBytesMax { break }
            count += 1
        }
        let round = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        return round
    }
}
