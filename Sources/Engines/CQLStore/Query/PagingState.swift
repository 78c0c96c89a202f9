// Where a page ended: what a client hands back to get the next one.

import CHash
import CQLProtocol

/// Opaque to clients; holds a position, no snapshot, so it outlives restarts and other connections.
///
///     version u8 │ table id 16 │ done u8 │ remaining i64 │ in partition i64 │ offset i64 │
///     partition key: u32, bytes │ clustering: u32, bytes │ CRC-32 of all before
struct PagingState: Equatable {
    private static let version: UInt8 = 1

    var tableID: CQLUUID
    /// The partition was read to its end.
    var partitionDone = false
    /// Rows that LIMIT still allows; -1 without LIMIT.
    var remaining: Int64 = -1
    /// Rows of the partition that were given already, for PER PARTITION LIMIT.
    var givenInPartition: Int64 = 0
    /// Of a virtual table: rows that were given already.
    var offset: Int64 = 0
    var partitionKey: [UInt8] = []
    var clustering: [UInt8] = []

    init(tableID: CQLUUID) { self.tableID = tableID }

    var bytes: [UInt8] {
        var out = RawBytes()
        out.append(Self.version)
        out.append(tableID.bytes)
        out.append(partitionDone ? 1 : 0)
        out.appendBig(remaining)
        out.appendBig(givenInPartition)
        out.appendBig(offset)
        out.appendBig(UInt32(partitionKey.count))
        out.append(partitionKey)
        out.appendBig(UInt32(clustering.count))
        out.append(clustering)
        out.appendBig(chash_crc32(0, out.bytes.baseAddress, out.count))
        return out.array
    }

    /// - Throws: a protocol error for anything we did not write, as Cassandra does, and an invalid
    ///   request for what belongs to another table.
    init(reading state: [UInt8], tableID: CQLUUID) throws(StatementError) {
        let parsed = state.withUnsafeBytes { Self.parse($0) }
        guard let parsed else { throw Self.unreadable }
        guard parsed.tableID == tableID else {
            throw .invalid("The paging state belongs to another table")
        }
        self = parsed
    }

    /// Source: Cassandra's `PagingState.deserialize`.
    static let unreadable = StatementError.protocolViolation(
        "Invalid value for the paging state")

    private static func parse(_ bytes: UnsafeRawBufferPointer) -> PagingState? {
        guard bytes.count >= 54, bytes[0] == version,
            bytes.big(bytes.count - 4, as: UInt32.self)
                == chash_crc32(0, bytes.baseAddress, bytes.count - 4),
            let id = CQLUUID(bytes[1..<17])
        else { return nil }
        var state = PagingState(tableID: id)
        state.partitionDone = bytes[17] == 1
        state.remaining = bytes.big(18)
        state.givenInPartition = bytes.big(26)
        state.offset = bytes.big(34)
        // The sum at the end says nothing about who made it.
        let counts = 0...Int64(Int32.max)
        guard state.remaining == -1 || counts.contains(state.remaining),
            counts.contains(state.givenInPartition), counts.contains(state.offset)
        else { return nil }
        let keyCount = Int(bytes.big(42, as: UInt32.self))
        guard bytes.count >= 54 + keyCount else { return nil }
        state.partitionKey = Array(bytes[46..<46 + keyCount])
        let clusteringCount = Int(bytes.big(46 + keyCount, as: UInt32.self))
        guard bytes.count == 54 + keyCount + clusteringCount else { return nil }
        state.clustering = Array(bytes[50 + keyCount..<50 + keyCount + clusteringCount])
        return state
    }
}
