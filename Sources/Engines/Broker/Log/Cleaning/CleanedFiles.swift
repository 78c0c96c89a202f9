// The files of a compaction under way, so that a crash leaves the old segments or the new one, whole.

/// How segments from `base` up to `end` are replaced by one:
///
/// 1. `<base>.log.cleaned` is written and flushed. A crash before 2 leaves it; the next start removes it.
/// 2. It is renamed to `<base>-<end>.swap`. From here on it stands for the segments, and only it.
/// 3. The files of the segments from `base` to before `end` are removed, but for `<base>.log`.
/// 4. `<base>-<end>.swap` is renamed to `<base>.log`. A crash between 2 and 4 is finished at the next start.
///
/// The folder is flushed after 2, 3 and 4, so that a power cut cannot leave a later step without the
/// ones before. The end is in the name, because what stays may end before the segments did.
enum CleanedFiles {
    static let cleanedSuffix = ".cleaned"
    static let swapSuffix = ".swap"

    static func cleanedPath(_ folder: String, _ base: Int64) -> String {
        Segment.path(folder, base, "log") + cleanedSuffix
    }

    static func swapPath(_ folder: String, _ range: Range<Int64>) -> String {
        let names = [range.lowerBound, range.upperBound].map { Segment.digits($0) }
        return folder + "/" + names.joined(separator: "-") + swapSuffix
    }

    /// - Returns: `nil` for the name of another file.
    static func range(ofSwap name: String) -> Range<Int64>? {
        guard name.hasSuffix(swapSuffix) else { return nil }
        let parts = name.dropLast(swapSuffix.count).split(separator: "-")
        guard parts.count == 2, let base = Int64(parts[0]), let end = Int64(parts[1]), base < end
        else { return nil }
        return base..<end
    }

    /// Steps 3 and 4, also after a crash anywhere in them.
    static func finish(_ folder: String, _ range: Range<Int64>) throws(DiskError) {
        for name in try DiskFolder.names(in: folder) {
            for suffix in Segment.suffixes {
                guard let base = Segment.offset(in: name, suffix: suffix), range.contains(base)
                else { continue }
                if suffix == "log", base == range.lowerBound { continue }
                try DiskFolder.remove(folder + "/" + name)
            }
        }
        try DiskFolder.flush(folder)
        try DiskFolder.rename(
            swapPath(folder, range), to: Segment.path(folder, range.lowerBound, "log"))
        try DiskFolder.flush(folder)
    }

    /// Finishes or forgets what a crash left. Called before anybody opens the segments.
    ///
    /// - Parameter names: the folder's.
    /// - Returns: whether there was something to do.
    static func settle(_ folder: String, _ names: [String]) throws(DiskError) -> Bool {
        var isChanged = false
        for name in names {
            if name.hasSuffix(cleanedSuffix) {
                try DiskFolder.remove(folder + "/" + name)
                isChanged = true
            } else if let range = range(ofSwap: name) {
                try finish(folder, range)
                isChanged = true
            }
        }
        return isChanged
    }
}
