// Many outbox records as one row of SQLite: what a row costs is paid once for all of them.

/// Records with sequences that follow one another. Shape: for each record the bytes of its key,
/// of its value and of its headers (3 times 4 bytes, little endian), then these three.
struct OutboxChunk {
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0

    var isFull: Bool {
        count >= LandingLimits.chunkRecordsMax || bytes.count >= LandingLimits.chunkBytes
    }

    mutating func add(_ record: OutboxRecord) {
        add(lengthOf: record.key)
        add(lengthOf: record.value)
        add(lengthOf: record.headers)
        bytes.append(contentsOf: record.key)
        bytes.append(contentsOf: record.value)
        bytes.append(contentsOf: record.headers)
        count += 1
    }

    /// Sources bound their records to some MiB: a length fits in 4 bytes.
    private mutating func add(lengthOf part: UnsafeRawBufferPointer) {
        withUnsafeBytes(of: UInt32(clamping: part.count).littleEndian) {
            bytes.append(contentsOf: $0)
        }
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
    }

    /// Visits the records in order until `visit` returns `false`.
    ///
    /// - Returns: `false` for bytes that no chunk wrote.
    static func visit(
        _ bytes: UnsafeRawBufferPointer, count: Int, _ visit: (Int, OutboxRecord) -> Bool
    ) -> Bool {
        let headBytes = 12
        var at = 0
        for index in 0..<count {
            guard bytes.count - at >= headBytes else { return false }
            func length(_ part: Int) -> Int {
                Int(
                    UInt32(
                        littleEndian: bytes.loadUnaligned(
                            fromByteOffset: at + part * 4, as: UInt32.self)))
            }
            let lengths = (length(0), length(1), length(2))
            at += headBytes
            guard bytes.count - at >= lengths.0 + lengths.1 + lengths.2 else { return false }
            func part(_ count: Int) -> UnsafeRawBufferPointer {
                defer { at += count }
                return UnsafeRawBufferPointer(rebasing: bytes[at..<at + count])
            }
            let record = OutboxRecord(
                key: part(lengths.0), value: part(lengths.1), headers: part(lengths.2))
            guard visit(index, record) else { return true }
        }
        return true
    }
}

/// The bytes of one record, lent.
struct OutboxRecord {
    var key: UnsafeRawBufferPointer
    var value: UnsafeRawBufferPointer
    /// As `OutboxHeaders` writes them.
    var headers: UnsafeRawBufferPointer
}
