// How many partitions each range of a table holds: what Spark splits a table by.

import CQLProtocol
import MillraceBase

/// Reads the first keys of a table. Small tables are counted exactly; of others the whole is
/// estimated by how far in the ring those keys reached, since tokens are spread evenly.
struct SizeEstimates {
    struct Range {
        var start: Int64
        var end: Int64
        var partitions: Int64
        var meanBytes: Int64
    }

    let database: Database

    func ranges(of table: Table) -> [Range] {
        let starts = NodeIdentity.tokens
        let sample = (try? sample(table)) ?? Sample()
        let mean = sample.partitions > 0 ? sample.bytes / sample.partitions : 0
        return starts.enumerated().map { index, start in
            let end = index + 1 < starts.count ? starts[index + 1] : Int64.max
            var count = Int64(sample.ofRange[index])
            if !sample.isWhole {
                let share = (Double(end) - Double(start)) / sample.ringSeen
                count = Int64(Double(sample.partitions) * share)
            }
            return Range(start: start, end: end, partitions: count, meanBytes: Int64(mean))
        }
    }

    private struct Sample {
        var partitions = 0
        var bytes = 0
        var ofRange = [Int](repeating: 0, count: NodeIdentity.tokens.count)
        /// How much of the ring was seen, in tokens.
        var ringSeen: Double = 1
        var isWhole = true
    }

    private func sample(_ table: Table) throws(StorageFailure) -> Sample {
        try database.read { handles throws(StorageFailure) in
            var sample = Sample()
            var lower = RawBytes()
            var upper = RawBytes()
            lower.appendBig(table.storageID)
            upper.appendBig(table.storageID + 1)
            var cursor = RowCursor(handles, from: lower, to: upper, scans: true)
            cursor.seekFirst()
            var last: Int64?
            var keys = 0
            while cursor.isValid {
                guard keys < StoreLimits.estimateKeysMax else {
                    sample.isWhole = false
                    break
                }
                let token = StorageKey.tokenValue(of: cursor.key)
                if token != last {
                    sample.partitions += 1
                    sample.ofRange[Self.index(of: token)] += 1
                    last = token
                }
                sample.bytes += cursor.key.count + cursor.value.count
                keys += 1
                cursor.next()
            }
            sample.ringSeen = max(1, Double(last ?? .max) - Double(Int64.min))
            try cursor.checkEnd()
            return sample
        }
    }

    private static func index(of token: Int64) -> Int {
        max(0, (NodeIdentity.tokens.firstIndex { $0 > token } ?? NodeIdentity.tokens.count) - 1)
    }
}
