// Which records of a file each run reads, so that no run reads another's and a retry reads the same.

import Foundation
import MillraceBase

/// The cursor of each `file:` source, kept in one small durable file.
///
/// A run's share is given out once: asked again, after a crash or for a retry, it is the same.
actor SourceCursors {
    struct Share: Sendable, Equatable {
        /// Records before the share.
        var start: Int
        /// Records in it: fewer than asked for near the end, 0 when the file is exhausted.
        var count: Int
    }

    /// Runs whose share is remembered; older ones can no longer be retried with the same people.
    static let runsKeptMax = 200

    private let thread = SerialThread("source-cursors")
    private let path: String

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(path: String) { self.path = path }

    /// - Parameters:
    ///   - source: the file's URL; each has its own cursor.
    ///   - total: how many records the file has now. It may have grown.
    func share(of run: String, asking count: Int, in source: String, total: Int) throws -> Share {
        var all = try read()
        var entry = all[source]?.object ?? ["next": 0, "runs": .array([])]
        var runs = entry["runs"]?.array ?? []
        if let known = runs.first(where: { $0["run"]?.string == run }) {
            return Share(start: known["start"]?.int ?? 0, count: known["count"]?.int ?? 0)
        }
        let start = entry["next"]?.int ?? 0
        let share = Share(start: start, count: max(0, min(count, total - start)))
        guard share.count > 0 else { return share }
        runs.append([
            "run": .string(run), "start": JSONValue(share.start), "count": JSONValue(share.count),
        ])
        entry["next"] = JSONValue(start + share.count)
        entry["runs"] = .array(runs.suffix(Self.runsKeptMax))
        all[source] = .object(entry)
        try write(all)
        return share
    }

    private func read() throws -> JSONObject {
        guard let bytes = FileManager.default.contents(atPath: path) else { return JSONObject() }
        guard let object = (try? JSONValue(parsing: bytes))?.object else {
            throw Failure(
                "cannot read where the file sources stopped", at: path,
                because: "it is not the JSON that was written there",
                next: "move it away to read every file from its start again")
        }
        return object
    }

    private func write(_ all: JSONObject) throws {
        do { try DurableFile.write(JSONValue.object(all).bytes, to: path) } catch {
            throw Failure(
                "cannot keep where the file source stopped", at: path, because: "\(error)",
                next: "make room in the data directory")
        }
    }
}
