// The aborted transactions of a segment: what a reader of committed records must be told to skip.
// Source: reference/kafka.md B2; apache/kafka TransactionIndex.java, AbortedTxn.java (the same layout)

/// A transaction that ended in an abort marker.
package struct AbortedTransaction: Equatable, Sendable {
    package var producerID: Int64
    /// Of its first batch.
    package var firstOffset: Int64
    /// Of its marker.
    package var lastOffset: Int64
    /// The last stable offset as it was when the marker was appended: transactions that begin before it
    /// have all ended by `lastOffset`.
    package var lastStableOffset: Int64

    package init(
        producerID: Int64, firstOffset: Int64, lastOffset: Int64, lastStableOffset: Int64
    ) {
        self.producerID = producerID
        self.firstOffset = firstOffset
        self.lastOffset = lastOffset
        self.lastStableOffset = lastStableOffset
    }
}

/// The bytes of `.txnindex`, in the order of the markers: version i16 = 0 │ producer id i64 │ first
/// offset i64 │ last offset i64 │ last stable offset i64; 34 bytes each.
package struct AbortedIndex: Equatable, Sendable {
    static let entryBytes = 34
    private static let version: Int16 = 0

    package private(set) var entries: [AbortedTransaction] = []

    package init() {}

    package mutating func append(_ transaction: AbortedTransaction) { entries.append(transaction) }

    /// Forgets those that ended at or after an offset, before a replay from there finds them again.
    mutating func cut(to offset: Int64) { entries.removeAll { $0.lastOffset >= offset } }

    /// Adds those that overlap offsets from `start` up to, not including, `end`.
    ///
    /// - Returns: whether no later segment can have another one.
    package func collect(
        from start: Int64, to end: Int64, into found: inout [AbortedTransaction]
    ) -> Bool {
        for entry in entries {
            if entry.lastOffset >= start, entry.firstOffset < end { found.append(entry) }
            if entry.lastStableOffset >= end { return true }
        }
        return false
    }

    package func encoded() -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(entries.count * Self.entryBytes)
        for entry in entries {
            out.appendBigEndian(Self.version)
            out.appendBigEndian(entry.producerID)
            out.appendBigEndian(entry.firstOffset)
            out.appendBigEndian(entry.lastOffset)
            out.appendBigEndian(entry.lastStableOffset)
        }
        return out
    }

    /// - Returns: `nil` when the bytes are no such file; the log is then read instead.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count % Self.entryBytes == 0 else { return nil }
        let read = bytes.withUnsafeBytes { bytes -> [AbortedTransaction]? in
            var read: [AbortedTransaction] = []
            for start in stride(from: 0, to: bytes.count, by: Self.entryBytes) {
                guard bytes.bigEndian(start, as: Int16.self) == Self.version else { return nil }
                let entry = AbortedTransaction(
                    producerID: bytes.bigEndian(start + 2, as: Int64.self),
                    firstOffset: bytes.bigEndian(start + 10, as: Int64.self),
                    lastOffset: bytes.bigEndian(start + 18, as: Int64.self),
                    lastStableOffset: bytes.bigEndian(start + 26, as: Int64.self))
                guard entry.firstOffset <= entry.lastOffset,
                    entry.lastOffset > read.last?.lastOffset ?? -1
                else { return nil }
                read.append(entry)
            }
            return read
        }
        guard let read else { return nil }
        entries = read
    }
}
