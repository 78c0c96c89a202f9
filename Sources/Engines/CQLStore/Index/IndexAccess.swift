// How a SELECT gets at its rows by an index: entries first, then the rows they name.

import CQLProtocol

extension SelectRun {
    /// Reads the rows that the plan's indexes name; filters look at each of them.
    func readIndexed(_ plan: IndexPlan, _ database: Database) throws(StatementError) {
        for lookup in plan.lookups where !lookup.index.isBuilt {
            throw .readFailed(
                "The secondary index '\(lookup.index.name)' is not yet available")
        }
        if let (index, places) = indexedPlaces {
            return try readPlaces(places, of: index, database)
        }
        var ranges: [(lookup: IndexLookup, range: IndexRange)] = []
        for lookup in plan.lookups {
            guard let range = try lookup.range(values, context) else { return }
            ranges.append((lookup, range))
        }
        guard let best = try mostSelective(ranges, database) else { return try scan(database) }
        let isOne = if case .equal = best.lookup.test { true } else { false }
        if isOne {
            try readEntries(of: best.lookup.index, best.range, database)
        } else if hasManyPlaces {
            try scan(database)
        } else if let places = try collected(best.lookup.index, best.range, database) {
            indexedPlaces = (best.lookup.index, places)
            try readPlaces(places, of: best.lookup.index, database)
        } else {
            hasManyPlaces = true
            try scan(database)
        }
    }

    /// The look-up with the fewest entries, as far as they are counted.
    private func mostSelective(
        _ ranges: [(lookup: IndexLookup, range: IndexRange)], _ database: Database
    ) throws(StatementError) -> (lookup: IndexLookup, range: IndexRange)? {
        guard ranges.count > 1 else { return ranges.first }
        var best: (count: Int, place: Int)?
        for (place, item) in ranges.enumerated() {
            let count = try entries(
                of: item.lookup.index, item.range, after: nil, database,
                most: best?.count ?? StoreLimits.indexProbeMax
            ).count
            if best.map({ count < $0.count }) ?? true { best = (count, place) }
        }
        return best.map { ranges[$0.place] }
    }

    // MARK: Entries

    /// Entries of a range of values, in their order.
    ///
    /// - Parameters:
    ///   - after: bytes behind the range's start from which to go on.
    ///   - behind: the key of the entry that was read last.
    private func entries(
        of index: IndexDefinition, _ range: IndexRange, after: [UInt8]?, behind: [UInt8]? = nil,
        _ database: Database, most: Int
    ) throws(StatementError) -> [IndexEntry] {
        try failing { () throws(StorageFailure) in
            try database.read { handles throws(StorageFailure) in
                var from = RawBytes()
                if let behind {
                    from.append(behind)
                    from.append(0)
                } else {
                    IndexKey.appendIndex(index.storageID, to: &from)
                    from.append(range.start)
                    if let after { from.append(after) }
                }
                var to = RawBytes()
                if let end = range.end {
                    IndexKey.appendIndex(index.storageID, to: &to)
                    to.append(end)
                } else {
                    to.appendBig(index.storageID + 1)
                }
                var cursor = RowCursor(handles, from: from, to: to, scans: false, entries: true)
                cursor.seekFirst()
                var found: [IndexEntry] = []
                while cursor.isValid, found.count < most {
                    let key = cursor.key
                    if let place = IndexKey.place(key, cursor.value) {
                        found.append(
                            IndexEntry(key: Array(key), placeAt: key.count - place.count))
                    }
                    cursor.next()
                }
                try cursor.checkEnd()
                return found
            }
        }
    }

    /// Where the rows of a range of values stand, in their order; `nil` when they are too many.
    private func collected(
        _ index: IndexDefinition, _ range: IndexRange, _ database: Database
    ) throws(StatementError) -> [[UInt8]]? {
        var places: [[UInt8]] = []
        let resume = resumePlace(ofPartition: index.isOfPartition)
        var behind: [UInt8]?
        while true {
            let found = try entries(
                of: index, range, after: nil, behind: behind, database,
                most: StoreLimits.indexStepMax)
            for entry in found {
                let place = Array(entry.key[entry.placeAt...])
                if let resume, place.isLess(than: resume) { continue }
                guard places.count < StoreLimits.indexCandidatesMax else { return nil }
                places.append(place)
            }
            guard found.count == StoreLimits.indexStepMax, let last = found.last else { break }
            behind = last.key
        }
        places.sort { $0.isLess(than: $1) }
        return places
    }

    /// Where a page goes on, as entries say it; `nil` for a first page.
    private func resumePlace(ofPartition: Bool) -> [UInt8]? {
        guard resumes else { return nil }
        var key = RawBytes()
        state.partitionKey.withUnsafeBytes {
            StorageKey.appendPartition(table: 0, key: $0, to: &key)
        }
        if state.partitionDone {
            key.append(0xFF)
        } else if !ofPartition {
            key.append(StorageKey.Kind.row)
            key.append(state.clustering)
            key.append(0)
        }
        return Array(key.bytes.dropFirst(IndexKey.tableBytes))
    }

    // MARK: Rows

    /// Reads all rows of one partition, or what is left of the one that a page goes on in.
    ///
    /// - Parameter prefix: of its keys, up to the kind.
    /// - Returns: `false` when enough was read.
    func readWholePartition(
        _ prefix: UnsafeRawBufferPointer, _ database: Database
    ) throws(StatementError) -> Bool {
        var failure: StatementError?
        let verdict = try failing { () throws(StorageFailure) -> RowVerdict in
            try database.read { handles throws(StorageFailure) in
                var cursor = RowCursor(handles, partition: prefix)
                cursor.seekFirst()
                guard cursor.isValid else { return .next }
                var scratch = RawBytes()
                scratch.append(prefix)
                view.beginPartition(
                    escaped: prefix.part(StorageKey.partitionAt..<prefix.count))
                var verdict = RowVerdict.stop
                do throws(StatementError) {
                    verdict = try scanPartition(&cursor, &scratch)
                } catch {
                    failure = error
                }
                try cursor.checkEnd()
                return verdict
            }
        }
        if let failure { throw failure }
        return verdict != .stop
    }

    private func readEntries(
        of index: IndexDefinition, _ range: IndexRange, _ database: Database
    ) throws(StatementError) {
        guard let bounds = try tokenBounds() else { return }
        var reader = IndexedRows()
        let test = EntryTest(index, value: range.start)
        var after = resumePlace(ofPartition: index.isOfPartition)
        if after == nil, bounds.0 != .min { after = StorageKey.ordered(bounds.0).bigBytes }
        var behind: [UInt8]?
        // Few at first, for a LIMIT that is soon reached.
        var most = 16
        while true {
            let found = try entries(
                of: index, range, after: after, behind: behind, database, most: most)
            for entry in found {
                let verdict = try entry.withPlace { place throws(StatementError) in
                    if let upper = bounds.1, StorageKey.token(ofPlace: place) >= upper {
                        return IndexedRows.Verdict.stop
                    }
                    return try reader.read(place, of: index, test, for: self, database)
                }
                switch verdict {
                case .next: continue
                case .stale: database.staleEntries.note(entry.key, of: plan.table)
                case .stop: return
                }
            }
            guard found.count == most, let last = found.last else { return }
            behind = last.key
            most = min(4 * most, StoreLimits.indexStepMax)
        }
    }

    private func readPlaces(
        _ places: [[UInt8]], of index: IndexDefinition, _ database: Database
    ) throws(StatementError) {
        guard let bounds = try tokenBounds() else { return }
        var reader = IndexedRows()
        let resume = resumePlace(ofPartition: index.isOfPartition)
        var last: [UInt8] = []
        for place in places where place != last {
            last = place
            if let resume, place.isLess(than: resume) { continue }
            let entry = IndexEntry(key: place, placeAt: 0)
            let verdict = try entry.withPlace { place throws(StatementError) in
                let token = StorageKey.token(ofPlace: place)
                guard token >= bounds.0, bounds.1.map({ token < $0 }) ?? true else {
                    return IndexedRows.Verdict.next
                }
                return try reader.read(place, of: index, nil, for: self, database)
            }
            if verdict == .stop { return }
        }
    }
}

/// One entry's key.
struct IndexEntry {
    var key: [UInt8]
    /// Where in it the base row's key without the table begins.
    var placeAt: Int

    func withPlace<Value>(
        _ body: (UnsafeRawBufferPointer) throws(StatementError) -> Value
    ) throws(StatementError) -> Value {
        try key.withUnsafeBufferPointer { key throws(StatementError) in
            try body(UnsafeRawBufferPointer(key).part(placeAt..<key.count))
        }
    }
}

/// Reads the rows that entries name, one after the other, in the order of a scan.
struct IndexedRows: ~Copyable {
    enum Verdict { case next, stop, stale }

    private var key = RawBytes()
    private var partition = RawBytes()
    private var deletions = PartitionDeletions()
    private var isDone = false

    /// Reads what one entry names and hands it to the SELECT.
    ///
    /// - Parameters:
    ///   - place: the row's key without its table.
    ///   - test: whether the row still holds the entry's value; `nil` leaves it to the filters.
    mutating func read(
        _ place: UnsafeRawBufferPointer, of index: IndexDefinition, _ test: EntryTest?,
        for run: SelectRun, _ database: Database
    ) throws(StatementError) -> Verdict {
        key.clear()
        StorageKey.appendTable(run.plan.table.storageID, to: &key)
        key.append(place)
        guard let kindIndex = StorageKey.kindIndex(of: key.bytes) else { return .next }
        if index.isOfPartition {
            return try run.readWholePartition(key.bytes.part(0..<kindIndex), database)
                ? .next : .stop
        }
        if partition.bytes.compare(key.bytes.part(0..<kindIndex)) != 0 || partition.count == 0 {
            try begin(kindIndex, for: run, database)
        }
        if isDone { return .next }
        return try row(kindIndex, test, for: run, database)
    }

    private mutating func begin(
        _ kindIndex: Int, for run: SelectRun, _ database: Database
    ) throws(StatementError) {
        partition.clear()
        partition.append(key.bytes.part(0..<kindIndex))
        isDone = false
        run.beginPartition()
        deletions = PartitionDeletions()
        if run.plan.table.hasClustering {
            deletions = try run.failing { () throws(StorageFailure) in
                try PartitionReader.deletions(
                    database, key.bytes, kindIndex: kindIndex, run.view)
            }
        } else {
            run.view.beginPartition(escaped: key.bytes.part(StorageKey.partitionAt..<kindIndex))
        }
        if run.resumes, run.view.partitionKey.array == run.state.partitionKey {
            run.resumePartition()
        }
    }

    private mutating func row(
        _ kindIndex: Int, _ test: EntryTest?, for run: SelectRun, _ database: Database
    ) throws(StatementError) -> Verdict {
        let clustering = key.bytes.part(kindIndex + 1..<key.count)
        let floor = deletions.floor(at: clustering)
        var failure: StatementError?
        // The row's bytes live as long as they are pinned, so it is taken inside.
        let verdict: RowVerdict? = try run.failing { () throws(StorageFailure) in
            try database.get(key.bytes) { value in
                guard let value,
                    run.view.loadRow(clustering: clustering, value: value, floor: floor)
                else { return nil }
                if let test, !test.accepts(run.view) { return nil }
                do throws(StatementError) {
                    return try run.take(clustering)
                } catch {
                    failure = error
                    return .stop
                }
            }
        }
        if let failure { throw failure }
        switch verdict {
        case nil: return .stale
        case .next: return .next
        case .endPartition:
            isDone = true
            return .next
        case .stop: return .stop
        }
    }
}

extension StorageKey {
    /// The token in a key without its table.
    static func token(ofPlace place: UnsafeRawBufferPointer) -> Int64 {
        guard place.count >= 8 else { return .min }
        return Int64(bitPattern: place.big(as: UInt64.self) ^ 1 << 63)
    }
}
