// The checkpoints of all logs: written by one at a time, each time of the topics there are then.

import Synchronization

/// What the two checkpoints on disk say.
struct WrittenCheckpoints: Sendable {
    var recoveryPoints: [PartitionName: Int64]
    var startOffsets: [PartitionName: Int64]

    init(_ directory: DataDirectory) {
        recoveryPoints = directory.recoveryPoints
        startOffsets = directory.startOffsets
    }
}

/// All of it blocks. A line counts for any topic of its name, so none may outlive its topic: a topic
/// made again by that name would lose records after a crash.
extension TopicCatalog {
    /// - Parameter points: those of logs some of whose topics may have been deleted meanwhile.
    func write(recoveryPoints points: [(log: PartitionLog, offset: Int64)]) throws(DiskError) {
        try checkpoints.withLock { written throws(DiskError) in
            var current: [PartitionName: Int64] = [:]
            for (log, offset) in points where has(log) { current[log.name] = offset }
            guard current != written.recoveryPoints else { return }
            try directory.write(recoveryPoints: current)
            written.recoveryPoints = current
        }
    }

    func writeStartOffsets() throws(DiskError) {
        try checkpoints.withLock { written throws(DiskError) in
            var starts: [PartitionName: Int64] = [:]
            for log in topics.flatMap(\.logs) {
                let start = log.view.with { $0.startOffset }
                if start > 0 { starts[log.name] = start }
            }
            try directory.write(startOffsets: starts)
            written.startOffsets = starts
        }
    }

    /// Takes the lines of a topic out that is not there any more, or not there yet.
    func forgetCheckpoints(of topic: String) throws(DiskError) {
        try checkpoints.withLock { written throws(DiskError) in
            let points = written.recoveryPoints.filter { $0.key.topic != topic }
            if points.count < written.recoveryPoints.count {
                try directory.write(recoveryPoints: points)
                written.recoveryPoints = points
            }
            let starts = written.startOffsets.filter { $0.key.topic != topic }
            if starts.count < written.startOffsets.count {
                try directory.write(startOffsets: starts)
                written.startOffsets = starts
            }
        }
    }

    private func has(_ log: PartitionLog) -> Bool {
        topic(log.name.topic)?.log(log.name.partition) === log
    }
}
