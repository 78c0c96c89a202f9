// A query's checkpoint: which batches were planned, and which are done.

import CQLProtocol
import MillraceBase
package import StreamPlan

/// What a checkpoint says when it is opened.
package struct RecoveredCheckpoint: Sendable, Equatable {
    /// The query's id; survives restarts.
    package var id: String
    package var logged: Int?
    package var committed: Int?
    /// Where a query without a checkpoint of its own begins; written by a restart.
    package var startingOffsets: StartingOffsets?
    /// Where the next batch begins; `nil` when nothing was ever read.
    package var position: SourceOffsets?
    /// The batch that was planned but is not known to be done. It begins at `position`.
    package var pending: OffsetEntry?
    /// When the last planned batch was; 0 for none.
    package var lastTimestampMilliseconds: Int64
}

/// Spark's checkpoint layout: `metadata`, `sources/0/0`, `offsets/N`, `commits/N`. Every call
/// blocks.
///
/// One difference: `metadata` may hold `startingOffsets`, which a restart asked for.
package struct CheckpointLog: Sendable {
    private let files: any CheckpointFiles
    private let topic: String

    package init(files: any CheckpointFiles, topic: String) {
        self.files = files
        self.topic = topic
    }

    package var place: String { files.place }

    /// Reads what is there; a new checkpoint gets its id.
    ///
    /// - Throws: for files that do not fit together, or of a query over another topic. Nothing is
    ///   guessed: a wrong guess here loses or repeats rows.
    package func open() throws(CheckpointFileError) -> RecoveredCheckpoint {
        let (id, starting) = try metadata()
        let logged = try batches("offsets").max()
        let committed = try batches("commits").max()
        guard (logged ?? -1) - (committed ?? -1) <= 1, (committed ?? -1) <= (logged ?? -1) else {
            throw damaged(
                "offsets",
                "the last planned batch is \(logged ?? -1), the last done one "
                    + "\(committed ?? -1)")
        }
        var recovered = RecoveredCheckpoint(
            id: id, logged: logged, committed: committed, startingOffsets: starting,
            position: try initialOffsets(), pending: nil, lastTimestampMilliseconds: 0)
        if let committed {
            let entry = try entry(committed)
            recovered.position = entry.end
            recovered.lastTimestampMilliseconds = entry.batchTimestampMilliseconds
        }
        if let logged, logged != committed {
            let entry = try entry(logged)
            recovered.pending = entry
            recovered.lastTimestampMilliseconds = entry.batchTimestampMilliseconds
            guard recovered.position != nil else {
                throw damaged("sources/0/0", "it is missing, so batch 0 has no beginning")
            }
        }
        return recovered
    }

    /// Where batch 0 begins. Written once, before the first batch is planned.
    package func logInitial(_ offsets: SourceOffsets) throws(CheckpointFileError) {
        try files.write(Array("v1\n".utf8) + offsets.json.bytes, to: "sources/0/0")
    }

    package func logOffsets(_ batch: Int, _ entry: OffsetEntry) throws(CheckpointFileError) {
        try files.write(entry.bytes, to: "offsets/\(batch)")
    }

    package func logCommit(_ batch: Int) throws(CheckpointFileError) {
        try files.write(Array(#"v1\#n{"nextBatchWatermarkMs":0}"#.utf8), to: "commits/\(batch)")
    }

    /// Removes what is older than the batches to be kept before `batch`.
    ///
    /// Commits go before offsets: cut short in between, the last commit still has its offsets.
    package func purge(before batch: Int) throws(CheckpointFileError) {
        let oldest = batch - StreamLimits.batchesRetained
        for folder in ["commits", "offsets"] {
            for number in try batches(folder).sorted() where number < oldest {
                try files.remove("\(folder)/\(number)")
            }
        }
    }

    /// A new checkpoint that begins somewhere else.
    package static func create(in files: any CheckpointFiles, startingOffsets: StartingOffsets)
        throws(CheckpointFileError)
    {
        let json: JSONValue = [
            "id": .string(CQLUUID.random().description), "startingOffsets": startingOffsets.json,
        ]
        try files.write(json.bytes, to: "metadata")
    }

    private func metadata() throws(CheckpointFileError) -> (String, StartingOffsets?) {
        guard let bytes = try files.read("metadata") else {
            let id = CQLUUID.random().description
            let json: JSONValue = ["id": .string(id)]
            try files.write(json.bytes, to: "metadata")
            return (id, nil)
        }
        guard let json = try? JSONValue(parsing: bytes), let id = json["id"]?.string else {
            throw damaged("metadata", "it holds no id")
        }
        return (id, json["startingOffsets"].flatMap(StartingOffsets.init(json:)))
    }

    private func initialOffsets() throws(CheckpointFileError) -> SourceOffsets? {
        guard let bytes = try files.read("sources/0/0") else { return nil }
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        guard lines.count == 2, lines[0].elementsEqual("v1".utf8),
            let offsets = (try? JSONValue(parsing: lines[1])).flatMap(SourceOffsets.init(json:))
        else { throw damaged("sources/0/0", "it is no list of offsets") }
        return try checked(offsets, "sources/0/0")
    }

    private func entry(_ batch: Int) throws(CheckpointFileError) -> OffsetEntry {
        let path = "offsets/\(batch)"
        guard let bytes = try files.read(path) else { throw damaged(path, "it is missing") }
        guard var entry = OffsetEntry(bytes) else {
            throw damaged(path, "it is no batch's offsets")
        }
        entry.end = try checked(entry.end, path)
        return entry
    }

    private func checked(_ offsets: SourceOffsets, _ path: String) throws(CheckpointFileError)
        -> SourceOffsets
    {
        guard offsets.topic == topic else {
            throw damaged(
                path,
                "it belongs to topic \"\(offsets.topic)\", the query reads \"\(topic)\": restart "
                    + "the query from earliest or latest, or give it another name")
        }
        return offsets
    }

    /// The numbers of the batches that have a file. Left-over temporary files are no batch.
    private func batches(_ folder: String) throws(CheckpointFileError) -> [Int] {
        try files.list(folder).compactMap { Int($0) }
    }

    private func damaged(_ path: String, _ because: String) -> CheckpointFileError {
        CheckpointFileError(path: "\(files.place)/\(path)", because: because)
    }
}

extension StartingOffsets {
    var json: JSONValue {
        switch self {
        case .earliest: "earliest"
        case .latest: "latest"
        case .offsets(let offsets): SourceOffsets(topic: "offsets", partitions: offsets).json
        }
    }

    init?(json: JSONValue) {
        switch json {
        case .string("earliest"): self = .earliest
        case .string("latest"): self = .latest
        case .object:
            guard let offsets = SourceOffsets(json: json) else { return nil }
            self = .offsets(offsets.partitions)
        case .null, .bool, .number, .string, .array: return nil
        }
    }
}
