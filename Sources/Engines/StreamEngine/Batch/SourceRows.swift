// What a source hands over: records over one array of bytes.

/// How far a source was read: for each partition the offset of the next record.
package struct SourceOffsets: Sendable, Equatable {
    package var topic: String
    package var partitions: [Int32: Int64]

    package init(topic: String, partitions: [Int32: Int64]) {
        self.topic = topic
        self.partitions = partitions
    }
}

/// One record; its parts are places in `SourceRows.bytes`.
package struct SourceRow: Sendable, Equatable {
    package var partition: Int32
    package var offset: Int64
    /// Since 1970-01-01T00:00Z; -1 when the broker has none.
    package var timestampMilliseconds: Int64
    package var key: TextCell?
    package var value: TextCell?

    package init(
        partition: Int32, offset: Int64, timestampMilliseconds: Int64, key: TextCell?,
        value: TextCell?
    ) {
        self.partition = partition
        self.offset = offset
        self.timestampMilliseconds = timestampMilliseconds
        self.key = key
        self.value = value
    }
}

/// The records of one batch. Records of one partition are in the order of their offsets.
package struct SourceRows: Sendable, Equatable {
    package var topic: String
    package var bytes: [UInt8]
    package var rows: [SourceRow]
    /// Where the source stands after these records; every partition it reads is named.
    package var end: SourceOffsets

    package init(topic: String, bytes: [UInt8], rows: [SourceRow], end: SourceOffsets) {
        self.topic = topic
        self.bytes = bytes
        self.rows = rows
        self.end = end
    }

    package var isEmpty: Bool { rows.isEmpty }
}
