// Fills a new materialized view from the rows that its base has, some rows at a time.

import CQLProtocol
import MillraceBase

/// A view whose base had rows before it.
struct ViewBuild: Sendable, Hashable {
    /// Its name, with the keyspace.
    var name: CQLName
    /// Its storage id; another one after a TRUNCATE of its base.
    var view: UInt32
}

/// How far the filling of a view has come.
struct ViewProgress: Sendable, Equatable {
    /// The first key of the base that was not looked at; empty at the beginning.
    var next: [UInt8] = []
    /// Partitions that are done, and the token of the last one.
    var partitions = 0
    var token: Int64?
}

/// Copies rows of a base into a view. Its steps run in the write lane, between all other writes.
///
/// From the view's creation on each write to the base brings its rows in line, wherever the copy
/// is. A step puts what a row of the base means at this moment, while nobody writes, so it makes no
/// difference which of both comes first, nor whether a row is copied twice. How far it came is
/// written in the same batch: after a crash the copy goes on there.
enum ViewCopy {
    /// - Returns: whether all rows of the base are in the view, once the batch is written.
    static func step(
        _ plan: ViewPlan, _ base: Table, _ progress: inout ViewProgress, now: UInt32,
        _ database: Database, _ writer: inout ViewWriter, to batch: inout WriteBatch
    ) throws(StorageFailure) -> Bool {
        try database.read { handles throws(StorageFailure) in
            var lower = RawBytes()
            StorageKey.appendTable(base.storageID, to: &lower)
            var upper = RawBytes()
            StorageKey.appendTable(base.storageID + 1, to: &upper)
            var cursor = RowCursor(handles, from: lower, to: upper, scans: true)
            seek(&cursor, progress.next)
            var left = StoreLimits.viewBuildRowsMax
            while cursor.isValid, left > 0, batch.byteCount < StoreLimits.viewBuildBytesMax {
                try copyPartition(
                    plan, base, &progress, now: now, &cursor, &left, &writer, &batch)
            }
            try cursor.checkEnd()
            if cursor.isValid { progress.next = Array(cursor.key) }
            return !cursor.isValid
        }
    }

    /// To the beginning of the partition in which the last step stopped.
    private static func seek(_ cursor: inout RowCursor, _ next: [UInt8]) {
        guard !next.isEmpty else { return cursor.seekFirst() }
        next.withUnsafeBytes { next in
            let end = StorageKey.kindIndex(of: next) ?? next.count
            cursor.seek(next.part(0..<end))
        }
    }

    private static func copyPartition(
        _ plan: ViewPlan, _ base: Table, _ progress: inout ViewProgress, now: UInt32,
        _ cursor: inout RowCursor, _ left: inout Int, _ writer: inout ViewWriter,
        _ batch: inout WriteBatch
    ) throws(StorageFailure) {
        // Each step must come further: what it reads before its first rows is not counted.
        let isFirst = left == StoreLimits.viewBuildRowsMax
        left -= 1
        guard let kindIndex = StorageKey.kindIndex(of: cursor.key) else { return cursor.next() }
        var prefix = RawBytes()
        prefix.append(cursor.key.part(0..<kindIndex))
        var partition = RawBytes()
        _ = OrderedEncoding.unescape(
            prefix.bytes, at: StorageKey.partitionAt, mask: 0, to: &partition)
        let token = StorageKey.tokenValue(of: cursor.key)
        var readKeys = 0
        let deletions = try writer.deletions(&cursor, prefix, base, readKeys: &readKeys)
        if !isFirst { left = max(0, left - readKeys) }
        progress.next.withUnsafeBytes { next in
            if cursor.isValid, cursor.key.compare(next) < 0 { cursor.seek(next) }
        }
        while cursor.isValid, cursor.key.count > kindIndex,
            cursor.key.part(0..<kindIndex).compare(prefix.bytes) == 0
        {
            guard left > 0, batch.byteCount < StoreLimits.viewBuildBytesMax else { return }
            left -= 1
            let clustering = cursor.key.part(kindIndex + 1..<cursor.key.count)
            _ = writer.build(
                plan, base, partition.bytes, clustering, cursor.value,
                floor: deletions.floor(at: clustering), now: now, to: &batch)
            cursor.next()
        }
        progress.partitions += 1
        progress.token = token
    }
}

extension SchemaStorage {
    static func key(ofProgress view: UInt32) -> [UInt8] { Array("view-build/\(view)".utf8) }

    static func document(_ progress: ViewProgress) -> JSONValue {
        var document: JSONObject = [
            "next": .string(progress.next.hexText),
            "partitions": .number(String(progress.partitions)),
        ]
        if let token = progress.token { document["token"] = .string(String(token)) }
        return .object(document)
    }

    /// - Returns: the beginning, for a document that is damaged: rows may be copied twice.
    static func progress(_ document: JSONValue?) -> ViewProgress {
        guard let next = document?["next"]?.string.flatMap({ Literals.bytes(hex: $0) }) else {
            return ViewProgress()
        }
        return ViewProgress(
            next: next, partitions: document?["partitions"]?.int ?? 0,
            token: document?["token"]?.string.flatMap { Int64($0) })
    }
}

extension Schema {
    /// Views whose rows are not all there yet.
    var unbuiltViews: [ViewBuild] {
        keyspaces.values.flatMap { keyspace in
            keyspace.views.values.filter { $0.view?.isBuilt == false }.map {
                ViewBuild(
                    name: CQLName(keyspace: keyspace.name, $0.name), view: $0.storageID)
            }
        }
    }

    /// The view and its base; `nil` once the view is dropped, emptied or built.
    func unbuilt(_ build: ViewBuild) -> (view: Table, base: Table, keyspace: Keyspace)? {
        guard let keyspace = keyspaces[build.name.keyspace ?? ""],
            let view = keyspace.views[build.name.name], view.storageID == build.view,
            let definition = view.view, !definition.isBuilt,
            let base = keyspace.tables[definition.baseTable]
        else { return nil }
        return (view, base, keyspace)
    }
}
