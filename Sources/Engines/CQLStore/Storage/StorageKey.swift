// Where a row stands in RocksDB: keys, and the ranges between them.

import CHash

/// The layout of keys, big endian:
///
///     ┌───────────┬─────────────┬───────────────┬──────┬─────────────────────
///     │ table u32 │ token u64,  │ partition key │ kind │ what the kind needs
///     │           │ sign flipped│ escaped       │  u8  │
///     └───────────┴─────────────┴───────────────┴──────┴─────────────────────
///
/// `table` is the storage id: it is never used again, and TRUNCATE takes a new one. The partition
/// key
/// is Cassandra's own serialisation, escaped (0x00 → 0x00 0xFF, ended by 0x00 0x00), so a
/// partition's
/// keys stand together and partitions stand in the order of their tokens.
enum StorageKey {
    enum Kind {
        static let partitionDeletion: UInt8 = 0x10
        static let staticRow: UInt8 = 0x20
        /// Followed by both bounds, each escaped.
        static let rangeDeletion: UInt8 = 0x30
        /// Followed by the clustering values (`OrderedEncoding`).
        static let row: UInt8 = 0x40
    }

    static let tokenAt = 4
    static let partitionAt = 12

    static func token(of partitionKey: UnsafeRawBufferPointer) -> Int64 {
        chash_cassandra_token(partitionKey.baseAddress, partitionKey.count)
    }

    static func ordered(_ token: Int64) -> UInt64 { UInt64(bitPattern: token) ^ 1 << 63 }

    static func appendTable(_ table: UInt32, to out: inout RawBytes) { out.appendBig(table) }

    /// Everything up to the kind.
    static func appendPartition(
        table: UInt32, key: UnsafeRawBufferPointer, to out: inout RawBytes
    ) {
        out.appendBig(table)
        out.appendBig(ordered(token(of: key)))
        OrderedEncoding.escape(key, to: &out)
    }

    /// The first key of a table whose token is at least this one.
    static func appendStart(table: UInt32, token: Int64, to out: inout RawBytes) {
        out.appendBig(table)
        out.appendBig(ordered(token))
    }

    static func tokenValue(of key: UnsafeRawBufferPointer) -> Int64 {
        Int64(bitPattern: key.big(tokenAt, as: UInt64.self) ^ 1 << 63)
    }

    /// Where the kind stands; `nil` for a damaged key.
    static func kindIndex(of key: UnsafeRawBufferPointer) -> Int? {
        var at = partitionAt
        while at + 2 < key.count {
            if key[at] != 0 {
                at += 1
            } else if key[at + 1] == 0 {
                return at + 2
            } else {
                at += 2
            }
        }
        return nil
    }

    /// Appends the bounds of a deleted range. They are half open: what lies in `start..<end` is
    /// gone.
    static func appendBounds(
        start: UnsafeRawBufferPointer, end: UnsafeRawBufferPointer, to out: inout RawBytes
    ) {
        OrderedEncoding.escape(start, to: &out)
        OrderedEncoding.escape(end, to: &out)
    }

    static func bounds(
        of key: UnsafeRawBufferPointer, after kindIndex: Int
    ) -> (start: [UInt8], end: [UInt8])? {
        var start = RawBytes()
        var end = RawBytes()
        guard
            let middle = OrderedEncoding.unescape(key, at: kindIndex + 1, mask: 0, to: &start),
            OrderedEncoding.unescape(key, at: middle, mask: 0, to: &end) != nil
        else { return nil }
        return (start.array, end.array)
    }
}

/// A half-open range of clustering bytes: `start` itself is inside, `end` is not.
struct ClusteringRange: Equatable, Sendable {
    var start: [UInt8]
    var end: [UInt8]

    /// Everything: no clustering begins with 0xFF.
    static let all = ClusteringRange(start: [], end: [0xFF])

    var isEmpty: Bool { !start.isLess(than: end) }
}
