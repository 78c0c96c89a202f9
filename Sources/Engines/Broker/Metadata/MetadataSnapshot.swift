// A snapshot of the metadata: a `.checkpoint` file that stands for all records before an offset.
// Source: apache/kafka raft Snapshots.java, RecordsSnapshotWriter.java

import KafkaProtocol
import MillraceBase
import NIOCore

/// Names, bytes and reading of `<end offset, 20 digits>-<epoch, 10 digits>.checkpoint`.
enum MetadataSnapshot {
    private static let suffix = ".checkpoint"

    struct Name: Comparable {
        var endOffset: Int64
        var epoch: Int32

        init(endOffset: Int64, epoch: Int32) {
            self.endOffset = endOffset
            self.epoch = epoch
        }

        init?(_ file: String) {
            guard file.hasSuffix(MetadataSnapshot.suffix) else { return nil }
            let parts = file.dropLast(MetadataSnapshot.suffix.count).split(separator: "-")
            guard parts.count == 2, let offset = Int64(parts[0]), let epoch = Int32(parts[1]) else {
                return nil
            }
            self.init(endOffset: offset, epoch: epoch)
        }

        var file: String {
            Self.padded(endOffset, 20) + "-" + Self.padded(Int64(epoch), 10)
                + MetadataSnapshot.suffix
        }

        static func padded(_ number: Int64, _ digits: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(digits - text.count, 0)) + text
        }

        static func < (one: Self, other: Self) -> Bool {
            (one.endOffset, one.epoch) < (other.endOffset, other.epoch)
        }
    }

    static func bytes(
        of image: MetadataImage, node: MetadataNode, epoch: Int32, now: Int64
    ) throws(WireError) -> ByteBuffer {
        var header = SnapshotHeaderRecord()
        header.lastContainedLogTimestamp = now
        var bytes = try MetadataBatch.control(
            .snapshotHeader, header, baseOffset: 0, epoch: epoch, now: now)
        var offset: Int64 = 1
        var rest = image.records(node: node)[...]
        while !rest.isEmpty {
            let part = rest.prefix(Limits.metadataSnapshotBatchRecords)
            rest = rest.dropFirst(part.count)
            let batch = try MetadataBatch.data(
                Array(part), baseOffset: offset, epoch: epoch, now: now)
            bytes.writeImmutableBuffer(batch)
            offset += Int64(part.count)
        }
        let footer = try MetadataBatch.control(
            .snapshotFooter, SnapshotFooterRecord(), baseOffset: offset, epoch: epoch, now: now)
        bytes.writeImmutableBuffer(footer)
        return bytes
    }

    /// - Returns: `nil` when the bytes are not a whole snapshot from its header to its footer.
    static func image(_ bytes: ByteBuffer, _ name: Name) -> MetadataImage? {
        var rest = bytes
        var image = MetadataImage()
        var isWhole = false
        do {
            while let (header, batch) = try RecordBatch.next(in: &rest) {
                guard RecordBatch.checksum(of: batch, sizeBytes: header.sizeBytes) == header.crc
                else { return nil }
                for record in try RecordReader.all(in: batch) {
                    if header.attributes.isControl {
                        isWhole = MetadataBatch.kind(of: record) == .snapshotFooter
                    } else {
                        try image.apply(
                            MetadataRecord(reading: record.value ?? ByteBuffer()))
                    }
                }
            }
        } catch {
            return nil
        }
        guard isWhole, rest.readableBytes == 0 else { return nil }
        image.endOffset = name.endOffset
        return image
    }
}
