// Which bytes of a segment file need no checksum on reading, because this process knows them good.

/// Ranges of a file that were written or verified by this process since it opened the file, as a value.
///
/// They hold while nobody else changes the file, which its time of modification tells. A disk that
/// spoils bytes on its own does not move that time: such bytes are found by the first read after a
/// start, by recovery, by compaction, and by the checksums of clients.
///
/// Invariant: ranges rise, neither overlap nor touch, and are at most `Limits.trustedRangesMax`.
struct TrustedBytes: Sendable {
    private(set) var ranges: [Range<Int>] = []
    /// The file's time of modification when the ranges were true.
    private var stamp: FileStamp?
    /// Whether our own write is under way, which moves the time.
    private var isWriting = false

    /// - Parameter stamp: the file's now.
    func covers(_ range: Range<Int>, stamp: FileStamp) -> Bool {
        guard isWriting || stamp == self.stamp else { return false }
        return ranges.contains {
            $0.lowerBound <= range.lowerBound && range.upperBound <= $0.upperBound
        }
    }

    /// Bytes were read and every checksum was right.
    /// - Parameter stamp: the file's, before and after they were read.
    mutating func verified(_ range: Range<Int>, stamp: FileStamp) {
        if !isWriting, stamp != self.stamp {
            ranges = []
            self.stamp = stamp
        }
        insert(range)
    }

    /// - Parameter stamp: the file's now; `nil` when it cannot be told.
    mutating func willWrite(stamp: FileStamp?) {
        if stamp != self.stamp { ranges = [] }
        isWriting = true
    }

    /// - Parameters:
    ///   - range: `nil` when the write failed and was taken back.
    ///   - stamp: the file's now; `nil` when it cannot be told.
    mutating func wrote(_ range: Range<Int>?, stamp: FileStamp?) {
        isWriting = false
        if stamp == nil { ranges = [] }
        self.stamp = stamp
        if let range { insert(range) }
    }

    private mutating func insert(_ range: Range<Int>) {
        if range.isEmpty { return }
        var merged = range
        ranges.removeAll { known in
            guard known.lowerBound <= merged.upperBound, merged.lowerBound <= known.upperBound
            else {
                return false
            }
            merged =
                min(
                    known.lowerBound, merged.lowerBound)..<max(
                    known.upperBound, merged.upperBound)
            return true
        }
        let place = ranges.partitioningIndex { $0.lowerBound > merged.lowerBound }
        ranges.insert(merged, at: place)
        if ranges.count > Limits.trustedRangesMax {
            let smallest = ranges.indices.min { ranges[$0].count < ranges[$1].count }
            if let smallest { ranges.remove(at: smallest) }
        }
    }
}

/// When a file was last changed, by anybody.
struct FileStamp: Equatable, Sendable {
    var seconds: Int
    var nanoseconds: Int
}
