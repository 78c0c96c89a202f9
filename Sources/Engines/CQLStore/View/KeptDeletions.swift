// What is deleted in partitions with views, kept from one write to the next.

/// Deletions of partitions as they are stored. The write lane is the only writer, so they hold until
/// it deletes something there, removes a deletion, changes the schema or opens the store again.
///
/// Why: each write to a table with views asks what is deleted in its partition; with 30,000 deleted
/// ranges to read that took 140 ms of the lane in a debug build.
struct KeptDeletions {
    private var partitions: [[UInt8]: (deletions: PartitionDeletions, bytes: Int)] = [:]
    private var bytes = 0

    /// What arrays and places take for one range, besides its bounds' own bytes.
    private static let rangeBytes = 192

    /// By the beginning of the partition's keys, up to the kind.
    subscript(prefix: [UInt8]) -> PartitionDeletions? {
        partitions.isEmpty ? nil : partitions[prefix]?.deletions
    }

    /// - Parameter deletions: all that are stored, flattened.
    mutating func keep(_ deletions: PartitionDeletions, of prefix: [UInt8]) {
        guard deletions.ranges.count >= StoreLimits.viewDeletionsKeptMin else { return }
        let size = deletions.ranges.reduce(prefix.count) { sum, deleted in
            sum + deleted.range.start.count + deleted.range.end.count + Self.rangeBytes
        }
        guard size <= StoreLimits.viewDeletionsKeptBytesMax else { return }
        forget(prefix)
        if bytes + size > StoreLimits.viewDeletionsKeptBytesMax { forget() }
        partitions[prefix] = (deletions, size)
        bytes += size
    }

    mutating func forget(_ prefix: [UInt8]) {
        guard !partitions.isEmpty, let gone = partitions.removeValue(forKey: prefix) else { return }
        bytes -= gone.bytes
    }

    mutating func forget() {
        partitions.removeAll()
        bytes = 0
    }
}
