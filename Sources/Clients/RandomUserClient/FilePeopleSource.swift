// People from a file of recorded answers: NDJSON, or the API's own JSON.

import MillraceBase

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Replays a file. A page is a stretch of it: `offset` and `count` matter, seed and page do not.
///
/// The file is read in one pass as far as it is asked for; a mark is kept for every
/// `SourceLimits.recordsPerMark` records, so memory stays small whatever the file's length. Broken
/// lines are records like others, to be rejected later. The file must not shrink meanwhile.
package actor FilePeopleSource: PeopleSource {
    /// Reading blocks, so it has a thread of its own.
    private let thread = SerialThread("people-file")
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    package nonisolated let path: String
    private var file: Int32
    /// `marks[n]` stands before record `n * recordsPerMark`.
    private var marks: [RecordFinder]
    /// Where the last page ended, so that the next one need not start at a mark.
    private var last: (record: Int, finder: RecordFinder)
    private var total: Int?
    private var chunk: [UInt8] = []

    /// - Throws: `.unusable` for a path that is no readable file.
    package init(path: String) throws(SourceError) {
        self.path = path
        let opened = open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else {
            throw SourceError.unusable(path, because: String(cString: strerror(errno)))
        }
        var status = stat()
        guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            Self.close(opened)
            throw SourceError.unusable(path, because: "it is no regular file")
        }
        var start = [UInt8](repeating: 0, count: SourceLimits.fileChunkBytes)
        let count = start.withUnsafeMutableBytes { pread(opened, $0.baseAddress, $0.count, 0) }
        let first = start.withUnsafeBufferPointer {
            RecordFinder(lookingAt: UnsafeBufferPointer(rebasing: $0[..<max(count, 0)]))
        }
        file = opened
        marks = [first]
        last = (0, first)
    }

    deinit { Self.close(file) }

    package func close() {
        Self.close(file)
        file = -1
    }

    private static func close(_ file: Int32) {
        guard file >= 0 else { return }
        #if canImport(Glibc)
        _ = Glibc.close(file)
        #else
        _ = Darwin.close(file)
        #endif
    }

    package func count() throws(SourceError) -> Int? {
        if let total { return total }
        var counted = (marks.count - 1) * SourceLimits.recordsPerMark
        if let mark = marks.last { counted = try walk(from: counted, mark, to: .max) { _ in } }
        total = counted
        return counted
    }

    package func fetch(_ request: PageRequest) throws(SourceError) -> [SourceRecord] {
        precondition(request.offset >= 0 && request.count >= 0, "a page lies inside the file")
        let limit = min(request.count, SourceLimits.recordsPerPageMax)
        let (start, finder) = nearest(request.offset)
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(limit)
        var number = start
        let end = request.offset + limit
        let reached = try walk(from: start, finder, to: end) { range in
            if number >= request.offset { ranges.append(range) }
            number += 1
        }
        if reached < end { total = reached }
        if ranges.isEmpty, limit > 0 { throw .exhausted(count: reached) }
        return try read(ranges)
    }

    private func nearest(_ record: Int) -> (Int, RecordFinder) {
        let mark = min(record / SourceLimits.recordsPerMark, marks.count - 1)
        let marked = mark * SourceLimits.recordsPerMark
        return last.record <= record && last.record >= marked ? last : (marked, marks[mark])
    }

    /// Goes through the records from number `start` on, leaving marks.
    ///
    /// - Returns: the number of the record it stopped before: `end`, or that after the file's last.
    private func walk(
        from start: Int, _ finder: RecordFinder, to end: Int, _ found: (Range<Int>) -> Void
    ) throws(SourceError) -> Int {
        var finder = finder
        var number = start
        while number < end {
            let count = try fill(at: finder.position)
            if count == 0 {
                if let rest = finder.finish() {
                    found(rest)
                    number += 1
                }
                return number
            }
            // Stops at each record that a mark follows, so that the finder can be copied there.
            var rest = 0
            while rest < count, number < end {
                let from = finder.position
                _ = chunk.withUnsafeBufferPointer { bytes in
                    finder.scan(UnsafeBufferPointer(rebasing: bytes[rest..<count])) { range in
                        found(range)
                        number += 1
                        return number < end && number % SourceLimits.recordsPerMark != 0
                    }
                }
                rest += finder.position - from
                if number == marks.count * SourceLimits.recordsPerMark { marks.append(finder) }
            }
        }
        last = (number, finder)
        return number
    }

    private func fill(at position: Int) throws(SourceError) -> Int {
        if chunk.isEmpty { chunk = [UInt8](repeating: 0, count: SourceLimits.fileChunkBytes) }
        let file = file
        let count = chunk.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, position) }
        guard count >= 0 else {
            throw .unusable(path, because: String(cString: strerror(errno)))
        }
        return count
    }

    /// Reads stretches of neighbouring records at once.
    private func read(_ ranges: [Range<Int>]) throws(SourceError) -> [SourceRecord] {
        var records: [SourceRecord] = []
        records.reserveCapacity(ranges.count)
        var window = 0..<0
        for range in ranges {
            let end = min(range.upperBound, range.lowerBound + SourceLimits.recordBytesMax)
            if range.lowerBound < window.lowerBound || end > window.upperBound {
                let count = try fill(at: range.lowerBound)
                window = range.lowerBound..<range.lowerBound + count
            }
            let from = range.lowerBound - window.lowerBound
            let to = min(end, window.upperBound) - window.lowerBound
            records.append(SourceRecord(bytes: Array(chunk[from..<max(to, from)])))
        }
        return records
    }
}
