// An offset for each partition, in one small text file of the data directory.
// Source: apache/kafka OffsetCheckpointFile.java: version, count, `topic partition offset` lines.

package struct PartitionName: Hashable, Sendable, CustomStringConvertible {
    package var topic: String
    package var partition: Int32

    package init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    /// The name of its folder.
    package var description: String { "\(topic)-\(partition)" }
}

package enum OffsetCheckpoint {
    package static func encode(_ offsets: [PartitionName: Int64]) -> [UInt8] {
        let lines = offsets.map { "\($0.key.topic) \($0.key.partition) \($0.value)" }.sorted()
        return Array(("0\n\(lines.count)\n" + lines.map { $0 + "\n" }.joined()).utf8)
    }

    /// - Returns: `nil` when the bytes are no whole checkpoint.
    package static func decode(_ bytes: [UInt8]) -> [PartitionName: Int64]? {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.count >= 2, lines[0] == "0", let count = Int(lines[1]), lines.count == count + 2
        else { return nil }
        var offsets: [PartitionName: Int64] = [:]
        for line in lines.dropFirst(2) {
            let parts = line.split(separator: " ")
            guard parts.count == 3, let partition = Int32(parts[1]), let offset = Int64(parts[2])
            else { return nil }
            offsets[PartitionName(topic: String(parts[0]), partition: partition)] = offset
        }
        return offsets
    }
}
