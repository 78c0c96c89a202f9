// The producers of a partition as the bytes of a `.snapshot` file, named by the offset it stands for.
// Own format: Kafka's keeps one batch of each producer, and repeats of older ones would be refused.

import CHash

/// Layout, big-endian: version u16 = 2 │ CRC32C u32 of the rest │ count u32 │ for each producer:
/// id i64, epoch i16, seen i64, first offset of its open transaction i64 or -1, coordinator epoch i32,
/// batches u8, for each batch: first and last sequence i32, first and last offset i64, timestamp i64.
/// Version 1 has no transactions; the log is read instead.
package enum ProducerSnapshot {
    private static let version: UInt16 = 2
    private static let headBytes = 6

    package static func encode(_ table: ProducerTable) -> [UInt8] {
        var body: [UInt8] = []
        body.appendBigEndian(UInt32(table.entries.count))
        for (id, entry) in table.entries.sorted(by: { $0.key < $1.key }) {
            body.appendBigEndian(id)
            body.appendBigEndian(entry.epoch)
            body.appendBigEndian(entry.seenAt)
            body.appendBigEndian(entry.transactionFirstOffset ?? -1)
            body.appendBigEndian(entry.coordinatorEpoch)
            body.append(UInt8(entry.batches.count))
            for batch in entry.batches {
                body.appendBigEndian(batch.firstSequence)
                body.appendBigEndian(batch.lastSequence)
                body.appendBigEndian(batch.firstOffset)
                body.appendBigEndian(batch.lastOffset)
                body.appendBigEndian(batch.timestamp)
            }
        }
        var out: [UInt8] = []
        out.appendBigEndian(version)
        out.appendBigEndian(body.withUnsafeBytes { checksum($0) })
        return out + body
    }

    /// - Returns: `nil` when the bytes are no whole snapshot; the log is then read instead.
    package static func decode(_ bytes: [UInt8]) -> ProducerTable? {
        bytes.withUnsafeBytes { bytes in
            guard bytes.count >= headBytes + 4, bytes.bigEndian(0, as: UInt16.self) == version,
                bytes.bigEndian(2, as: UInt32.self)
                    == checksum(UnsafeRawBufferPointer(rebasing: bytes[headBytes...]))
            else { return nil }
            var reader = Reader(bytes: bytes, position: headBytes)
            return reader.table()
        }
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        guard let start = bytes.baseAddress else { return 0 }
        return chash_crc32c(0, start, bytes.count)
    }

    private struct Reader {
        var bytes: UnsafeRawBufferPointer
        var position: Int

        mutating func table() -> ProducerTable? {
            guard let count: UInt32 = next() else { return nil }
            var table = ProducerTable()
            for _ in 0..<count {
                guard let id: Int64 = next(), let epoch: Int16 = next(),
                    let seenAt: Int64 = next(), let transaction: Int64 = next(),
                    let coordinatorEpoch: Int32 = next(), let batches: UInt8 = next(),
                    batches <= Limits.batchesKeptPerProducer
                else { return nil }
                var entry = ProducerTable.Entry(epoch: epoch, seenAt: seenAt)
                entry.transactionFirstOffset = transaction < 0 ? nil : transaction
                entry.coordinatorEpoch = coordinatorEpoch
                for _ in 0..<batches {
                    guard let batch = batch() else { return nil }
                    entry.batches.append(batch)
                }
                table.set(id, entry)
            }
            return position == bytes.count ? table : nil
        }

        private mutating func batch() -> ProducerTable.Batch? {
            guard let firstSequence: Int32 = next(), let lastSequence: Int32 = next(),
                let firstOffset: Int64 = next(), let lastOffset: Int64 = next(),
                let timestamp: Int64 = next()
            else { return nil }
            return ProducerTable.Batch(
                firstSequence: firstSequence, lastSequence: lastSequence, firstOffset: firstOffset,
                lastOffset: lastOffset, timestamp: timestamp)
        }

        private mutating func next<Number: FixedWidthInteger>() -> Number? {
            guard position + MemoryLayout<Number>.size <= bytes.count else { return nil }
            defer { position += MemoryLayout<Number>.size }
            return bytes.bigEndian(position, as: Number.self)
        }
    }
}
