// Which segments of a log are no longer kept.

extension LogView {
    init(_ recovered: RecoveredLog, startOffset: Int64, configuration: LogConfiguration) {
        self.configuration = configuration
        segments = recovered.segments
        activeBytes = recovered.activeBytes
        // A log that lost its end may end before what was deleted of it.
        self.startOffset = max(
            min(startOffset, recovered.endOffset), recovered.segments.first?.baseOffset ?? 0)
        highWatermark = recovered.endOffset
        epochs = recovered.epochs
        show(recovered.producers)
    }

    /// Takes the segments that end at or before an offset, never the last one. The end of a segment is
    /// the base of the next.
    mutating func takeSegments(endingBy offset: Int64) -> [Segment] {
        var count = 0
        while count + 1 < segments.count, segments[count + 1].baseOffset <= offset { count += 1 }
        defer { segments.removeFirst(count) }
        return Array(segments.prefix(count))
    }

    /// The offset from which retention keeps records; `nil` when it keeps all.
    ///
    /// A segment is old when its largest time is; one without times never is. By size, segments go as
    /// long as what remains is still larger than `retention.bytes`.
    func expired(now: Int64) throws(DiskError) -> Int64? {
        guard configuration.deletesOld else { return nil }
        var excess =
            configuration.retentionBytes < 0
            ? Int64.min : try sizeBytes() - configuration.retentionBytes
        var keptFrom: Int64?
        for (position, segment) in segments.enumerated() {
            let isLast = position == segments.count - 1
            let size = isLast ? activeBytes : try segment.file.size()
            if size == 0 {
                // Compaction left nothing of it.
                if isLast { break }
                keptFrom = segments[position + 1].baseOffset
                continue
            }
            excess -= excess > Int64.min ? Int64(size) : 0
            let newest = try segment.maxTimestamp(end: size).timestamp
            let age = configuration.retentionMilliseconds
            let isOld = age >= 0 && newest >= 0 && now - newest > age
            guard isOld || (excess >= 0 && !isLast) else { break }
            keptFrom = isLast ? highWatermark : segments[position + 1].baseOffset
        }
        return keptFrom
    }
}
