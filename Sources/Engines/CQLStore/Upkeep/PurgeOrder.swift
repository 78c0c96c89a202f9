// What the sweeper asks the write lane to remove, and what the lane tells it.

/// Keys of one table whose values have something that may go.
struct PurgeOrder: Sendable {
    struct RowKey: Sendable {
        var key: [UInt8]
        /// What is not newer is deleted by the row's partition or a range.
        var floor: Int64?
    }

    struct DeletionKey: Sendable {
        var key: [UInt8]
        var seen: Deletion
        /// Another deletion covers all that this one does, so its victims need not be gone.
        var isCovered: Bool
    }

    var storageID: UInt32
    /// Seconds; `nil` takes the store's clock.
    var now: UInt32?
    var rows: [RowKey] = []
    /// Deletions of partitions and ranges. When the lane comes to them, `rows` names everything that
    /// was under them, except what was written since the watch began.
    var deletions: [DeletionKey] = []
    /// Entries of the table's indexes whose values seem to be gone.
    var entries: [[UInt8]] = []
    /// Begins to watch the table anew: from now on its writes' oldest timestamp is kept.
    var watches = false
}

/// What became of an order.
struct PurgeResult: Sendable {
    /// The table is there, and the disk took the writes.
    var isDone = false
    var rowsRemoved = 0
    var rowsRewritten = 0
    var deletionsRemoved = 0
    var entriesRemoved = 0
}

typealias PurgeTicket = LaneTicket<PurgeOrder, PurgeResult>
