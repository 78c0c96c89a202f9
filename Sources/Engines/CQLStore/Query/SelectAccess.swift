// How a SELECT gets at its rows: by keys, by a scan over tokens, or from a virtual table.

import CQLProtocol

extension SelectRun {
    /// Reads stored rows, as many as one turn may look at.
    ///
    /// - Returns: `nil` when the turn is over but not the work: call it again after others had
    ///   theirs.
    func read(_ database: Database) throws(StatementError) -> CQLResult? {
        resumeTurn()
        let restrictions = plan.restrictions
        if let partition = restrictions.partition {
            try readKeys(
                database,
                try KeyBuilder.partitionKeys(partition, plan.table, values, context))
        } else if let index = plan.index, !index.lookups.isEmpty, plan.nearest == nil {
            try readIndexed(index, database)
        } else {
            try scan(database)
        }
        return isPaused ? nil : try finish()
    }

    // MARK: Keys

    private func readKeys(_ database: Database, _ keys: [[UInt8]]) throws(StatementError) {
        var scratch = RawBytes()
        lastKey = plan.index == nil ? keys.last : nil
        var keys = keys[...]
        if resumes {
            guard let index = keys.firstIndex(of: state.partitionKey) else {
                throw .invalid("The paging state does not belong to this query")
            }
            keys = keys[(state.partitionDone ? index + 1 : index)...]
        }
        if restrictions.token != nil {
            guard let bounds = try tokenBounds() else { return }
            keys =
                keys.filter { key in
                    let token = key.withUnsafeBytes { StorageKey.token(of: $0) }
                    return token >= bounds.0 && bounds.1.map { token < $0 } ?? true
                }[...]
        }
        guard plan.table.hasClustering else {
            for key in keys {
                beginPartition()
                let found = try key.withUnsafeBufferPointer { key throws(StatementError) in
                    try failing { () throws(StorageFailure) in
                        try PartitionReader.readSingle(
                            database, UnsafeRawBufferPointer(key), into: view, scratch: &scratch)
                    }
                }
                if found, try take(UnsafeRawBufferPointer(start: nil, count: 0)) == .stop { return }
            }
            return
        }
        let ranges = try KeyBuilder.ranges(
            restrictions.clustering, restrictions.slice, plan.table, values, context, isRead: true)
        for key in keys {
            if try readPartition(database, key, ranges) == .stop { return }
        }
    }

    private var restrictions: Restrictions { plan.restrictions }

    private func readPartition(
        _ database: Database, _ key: [UInt8], _ ranges: [ClusteringRange]
    ) throws(StatementError) -> RowVerdict {
        beginPartition()
        var ranges = ranges
        let isResumed = resumes && key == state.partitionKey
        if isResumed {
            resumePartition()
            ranges = behind(state.clustering, ranges)
        }
        var failure: StatementError?
        var sawRow = false
        let verdict = try failing { () throws(StorageFailure) in
            try database.read { handles throws(StorageFailure) in
                try Self.withBytes(key) { key throws(StorageFailure) in
                    try PartitionReader.read(
                        handles, key, ranges: ranges, reversed: plan.reversed, into: view
                    ) { clustering in
                        sawRow = true
                        do throws(StatementError) {
                            return try take(clustering)
                        } catch {
                            failure = error
                            return .stop
                        }
                    }
                }
            }
        }
        if let failure { throw failure }
        if verdict != .stop, !sawRow, !isResumed { return try takeStatic() }
        return verdict
    }

    /// A partition that has only static values gives one row.
    private func takeStatic() throws(StatementError) -> RowVerdict {
        guard view.staticIsLive, plan.showsStatics else { return .next }
        view.clearRow()
        return try take(UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// What of the ranges comes behind a place, in the order of this query.
    private func behind(_ place: [UInt8], _ ranges: [ClusteringRange]) -> [ClusteringRange] {
        ranges.compactMap { range in
            var range = range
            if plan.reversed {
                if place.isLess(than: range.end) { range.end = place }
            } else if !place.isLess(than: range.start) {
                range.start = place + [0]
            }
            return range.isEmpty ? nil : range
        }
    }

    private static func withBytes<Value>(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(StorageFailure) -> Value
    ) throws(StorageFailure) -> Value {
        try bytes.withUnsafeBufferPointer { buffer throws(StorageFailure) in
            try body(UnsafeRawBufferPointer(buffer))
        }
    }

    func failing<Value>(
        _ body: () throws(StorageFailure) -> Value
    ) throws(StatementError) -> Value {
        do throws(StorageFailure) {
            return try body()
        } catch {
            throw .readFailed(error.description)
        }
    }

    // MARK: Scans

    func scan(_ database: Database) throws(StatementError) {
        guard let (lower, upper) = try tokenBounds() else { return }
        var failure: StatementError?
        try failing { () throws(StorageFailure) in
            try database.read { handles throws(StorageFailure) in
                var from = RawBytes()
                StorageKey.appendStart(table: plan.table.storageID, token: lower, to: &from)
                var to = RawBytes()
                if let upper {
                    StorageKey.appendStart(table: plan.table.storageID, token: upper, to: &to)
                } else {
                    to.appendBig(plan.table.storageID + 1)
                }
                var cursor = RowCursor(handles, from: from, to: to, scans: true)
                do throws(StatementError) {
                    try scan(&cursor)
                } catch {
                    failure = error
                }
                try cursor.checkEnd()
            }
        }
        if let failure { throw failure }
    }

    /// The first token, and the first one that is too high (`nil` for none); `nil` when none fits.
    func tokenBounds() throws(StatementError) -> (Int64, Int64?)? {
        var lower = Int64.min
        var upper: Int64?
        if let bound = restrictions.token?.lower {
            let token = try token(bound)
            if bound.inclusive {
                lower = token
            } else {
                guard token < .max else { return nil }
                lower = token + 1
            }
        }
        if let bound = restrictions.token?.upper {
            let token = try token(bound)
            // The lowest token as an end means the end of the ring.
            if token != .min {
                if bound.inclusive {
                    upper = token == .max ? nil : token + 1
                } else {
                    upper = token
                }
            }
        }
        if let upper, upper <= lower { return nil }
        return (lower, upper)
    }

    private func token(_ bound: SliceBound) throws(StatementError) -> Int64 {
        guard
            let bytes = try bound.expression.evaluate(values, context).bytes(
                unset: "Invalid unset value for token"), bytes.count == 8
        else { throw .invalid("Invalid null token value") }
        return bytes.withUnsafeBytes { $0.big() }
    }

    private func scan(_ cursor: inout RowCursor) throws(StatementError) {
        var prefix = RawBytes()
        if resumes {
            try Self.append(state.partitionKey, plan.table.storageID, to: &prefix)
            if state.partitionDone { prefix.append(0xFF) }
            cursor.seek(prefix.bytes)
        } else {
            cursor.seekFirst()
        }
        while cursor.isValid {
            guard let kindIndex = StorageKey.kindIndex(of: cursor.key) else {
                throw .readFailed("a key of table \(plan.table.name) is damaged")
            }
            prefix.clear()
            prefix.append(cursor.key.part(0..<kindIndex))
            view.beginPartition(escaped: cursor.key.part(StorageKey.partitionAt..<kindIndex))
            if try scanPartition(&cursor, &prefix) == .stop { return }
        }
    }

    private static func append(
        _ key: [UInt8], _ table: UInt32, to out: inout RawBytes
    ) throws(StatementError) {
        key.withUnsafeBytes { StorageKey.appendPartition(table: table, key: $0, to: &out) }
    }

    /// Leaves the cursor behind the partition.
    func scanPartition(
        _ cursor: inout RowCursor, _ prefix: inout RawBytes
    ) throws(StatementError) -> RowVerdict {
        beginPartition()
        let prefixCount = prefix.count
        let deletions = PartitionReader.readHead(&cursor, prefix: prefix.bytes, into: view)
        view.tombstones += deletions.tombstones(in: [.all])
        var sawRow = false
        if resumes, !state.partitionDone, view.partitionKey.array == state.partitionKey {
            resumePartition()
            prefix.append(StorageKey.Kind.row)
            prefix.append(state.clustering)
            prefix.append(0)
            cursor.seek(prefix.bytes)
            prefix.truncate(to: prefixCount)
            sawRow = true
        }
        while cursor.isValid {
            let key = cursor.key
            guard key.count > prefixCount, key.part(0..<prefixCount).compare(prefix.bytes) == 0
            else {
                break
            }
            let clustering = key.part(prefixCount + 1..<key.count)
            if let ranges, !ranges.contains(where: { $0.contains(clustering) }) {
                // Rows between two ranges are not even loaded.
                sawRow = true
                seek(&cursor, &prefix, toRangeBehind: clustering, ranges)
                continue
            }
            if view.loadRow(
                clustering: clustering, value: cursor.value, floor: deletions.floor(at: clustering))
            {
                sawRow = true
                switch try take(clustering) {
                case .next: break
                case .stop: return .stop
                case .endPartition:
                    prefix.append(0xFF)
                    cursor.seek(prefix.bytes)
                    return .endPartition
                }
            } else if view.tombstones > StoreLimits.tombstonesMax {
                return .stop
            }
            cursor.next()
        }
        return sawRow ? .next : try takeStatic()
    }

    /// To the first range that begins behind a place, or behind the partition.
    private func seek(
        _ cursor: inout RowCursor, _ prefix: inout RawBytes,
        toRangeBehind clustering: UnsafeRawBufferPointer, _ ranges: [ClusteringRange]
    ) {
        let count = prefix.count
        let next = ranges.first { range in
            range.start.withUnsafeBytes { clustering.isLess(than: $0) }
        }
        if let next {
            prefix.append(StorageKey.Kind.row)
            prefix.append(next.start)
        } else {
            prefix.append(0xFF)
        }
        cursor.seek(prefix.bytes)
        prefix.truncate(to: count)
    }
}
