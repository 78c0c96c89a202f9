// Keeps materialized views equal to their base tables, in the same write.

import CQLProtocol

/// Notes what a statement or batch does to base tables, then adds what that means for their views.
///
/// A view's row is a function of one row of its base: the key of a view holds the whole key of the
/// base. So nothing is merged in a view: a row is put as a whole, or taken away as a whole, with
/// the timestamps and expiries that its values have in the base. Only the write lane changes
/// either, and both stand in one batch: a view never differs from its base, not even after a
/// crash.
struct ViewWriter: ~Copyable {
    /// What one batch does to one partition.
    private struct Change {
        var table: Table
        var partition: Deletion?
        var ranges: [(range: ClusteringRange, deletion: Deletion)] = []
        /// What is written to each row, by the bytes of its clustering.
        var rows: [[UInt8]: [UInt8]] = [:]
    }

    private let database: Database
    private var changes: [[UInt8]: Change] = [:]
    /// In the order they came in.
    private var order: [[UInt8]] = []
    private var kept = KeptDeletions()
    private var plans: [UInt32: (base: Table, plans: [ViewPlan])] = [:]
    private var oldKey = RawBytes()
    private var newKey = RawBytes()
    private var row = RawBytes()
    private var joined = RawBytes()
    private var keyScratch = RawBytes()

    init(_ database: Database) { self.database = database }

    var isEmpty: Bool { changes.isEmpty }

    mutating func forget() {
        changes.removeAll(keepingCapacity: true)
        order.removeAll(keepingCapacity: true)
    }

    /// To be called whenever something else than `finish` may have changed what is deleted.
    mutating func forgetDeletions() { kept.forget() }

    /// Notes one entry that is merged into a base table's data.
    mutating func note(
        _ table: Table, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) {
        guard let kindIndex = StorageKey.kindIndex(of: key) else { return }
        let kind = key[kindIndex]
        if kind == StorageKey.Kind.staticRow { return }
        let prefix = Array(key.part(0..<kindIndex))
        if changes[prefix] == nil {
            changes[prefix] = Change(table: table)
            order.append(prefix)
        }
        switch kind {
        case StorageKey.Kind.partitionDeletion:
            let known = changes[prefix]?.partition
            changes[prefix]?.partition = Deletion.later(known, Reconcile.deletion(value))
        case StorageKey.Kind.rangeDeletion:
            guard let bounds = StorageKey.bounds(of: key, after: kindIndex),
                let deletion = Reconcile.deletion(value)
            else { return }
            let range = ClusteringRange(start: bounds.start, end: bounds.end)
            changes[prefix]?.ranges.append((range, deletion))
        default:
            let clustering = Array(key.part(kindIndex + 1..<key.count))
            let known = changes[prefix]?.rows[clustering]
            let next = known.map { join($0, value) } ?? Array(value)
            changes[prefix]?.rows[clustering] = next
        }
    }

    private mutating func join(_ known: [UInt8], _ value: UnsafeRawBufferPointer) -> [UInt8] {
        joined.clear()
        let isGood = known.withUnsafeBytes { Reconcile.join($0, value, into: &joined) }
        return isGood ? joined.array : known
    }

    // MARK: Changes

    /// Adds the views' rows. What the base tables hold already must be readable from the database,
    /// without what was noted.
    mutating func finish(
        _ schema: Schema, now: UInt32, to batch: inout WriteBatch
    ) throws(StatementError) {
        defer { forget() }
        for prefix in order {
            guard let change = changes[prefix] else { continue }
            let plans = try plans(of: change.table, schema)
            try apply(change, prefix, plans, now: now, to: &batch)
        }
    }

    private mutating func plans(
        of base: Table, _ schema: Schema
    ) throws(StatementError) -> [ViewPlan] {
        if let known = plans[base.storageID], known.base === base { return known.plans }
        let keyspace = try schema.keyspace(base.keyspace)
        var made: [ViewPlan] = []
        for view in base.views { made.append(try ViewPlan(view, base: base, keyspace: keyspace)) }
        if plans.count >= StoreLimits.viewPlansMax { plans.removeAll() }
        plans[base.storageID] = (base, made)
        return made
    }

    private mutating func apply(
        _ change: Change, _ prefix: [UInt8], _ plans: [ViewPlan], now: UInt32,
        to batch: inout WriteBatch
    ) throws(StatementError) {
        let stored = try stored(change, prefix)
        // By themselves: a partition may have many deletions, which are not to be sorted again.
        var added = PartitionDeletions()
        added.partition = change.partition
        for (range, deletion) in change.ranges { added.add(range, deletion) }
        added.flatten()
        var partition = RawBytes()
        prefix.withUnsafeBytes { prefix in
            _ = OrderedEncoding.unescape(
                prefix, at: StorageKey.partitionAt, mask: 0, to: &partition)
        }
        for (clustering, before) in stored.rows {
            var next = before
            if let written = change.rows[clustering] {
                next =
                    before.map { before in
                        written.withUnsafeBytes { join(before, $0) }
                    } ?? written
            }
            try clustering.withRaw { clustering throws(StatementError) in
                let floor = stored.deletions.floor(at: clustering)
                let floorAfter = [floor, added.floor(at: clustering)].compactMap { $0 }.max()
                try update(
                    change.table, partition.bytes, clustering, before, floor, next, floorAfter,
                    plans, now: now, to: &batch)
            }
        }
    }

    /// Rows that the change may touch, as they are, with what is deleted around them.
    private mutating func stored(
        _ change: Change, _ prefix: [UInt8]
    ) throws(StatementError) -> (
        deletions: PartitionDeletions, rows: [(clustering: [UInt8], bytes: [UInt8]?)]
    ) {
        // One change has all that its batch does to the partition. What is kept holds for what is
        // stored; behind a change that deletes something that is no longer so.
        let known = kept[prefix]
        if change.partition != nil || !change.ranges.isEmpty { kept.forget(prefix) }
        do {
            let stored = try database.read { handles throws(StorageFailure) in
                try prefix.withRaw { prefix throws(StorageFailure) in
                    try Self.stored(change, prefix, known, handles)
                }
            }
            if known == nil, change.partition == nil, change.ranges.isEmpty {
                kept.keep(stored.deletions, of: prefix)
            }
            return stored
        } catch {
            throw .readFailed(error.description)
        }
    }

    private static func stored(
        _ change: Change, _ prefix: UnsafeRawBufferPointer, _ known: PartitionDeletions?,
        _ handles: Database.Handles
    ) throws(StorageFailure) -> (
        deletions: PartitionDeletions, rows: [(clustering: [UInt8], bytes: [UInt8]?)]
    ) {
        var cursor = RowCursor(handles, partition: prefix)
        let deletions =
            if let known { known } else { try head(&cursor, prefix, change.table) }
        var rows: [(clustering: [UInt8], bytes: [UInt8]?)] = []
        let ranges =
            change.partition != nil ? [ClusteringRange.all] : change.ranges.map(\.range)
        var seen: Set<[UInt8]> = []
        var place = RawBytes()
        for range in ranges {
            place.clear()
            place.append(prefix)
            place.append(StorageKey.Kind.row)
            place.append(range.start)
            cursor.seek(place.bytes)
            while cursor.isValid {
                let clustering = Array(cursor.key.part(prefix.count + 1..<cursor.key.count))
                guard clustering.isLess(than: range.end) else { break }
                if seen.insert(clustering).inserted {
                    rows.append((clustering, Array(cursor.value)))
                }
                cursor.next()
            }
        }
        for clustering in change.rows.keys.sorted(by: { $0.isLess(than: $1) })
        where !seen.contains(clustering) {
            place.clear()
            place.append(prefix)
            place.append(StorageKey.Kind.row)
            place.append(clustering)
            cursor.seek(place.bytes)
            let isThere = cursor.isValid && cursor.key.compare(place.bytes) == 0
            rows.append((clustering, isThere ? Array(cursor.value) : nil))
        }
        try cursor.checkEnd()
        return (deletions, rows)
    }

    /// - Parameter cursor: over the partition; afterwards anywhere.
    private static func head(
        _ cursor: inout RowCursor, _ prefix: UnsafeRawBufferPointer, _ table: Table
    ) throws(StorageFailure) -> PartitionDeletions {
        cursor.seekFirst()
        let deletions = PartitionReader.readHead(
            &cursor, prefix: prefix, into: RowView(table, now: 0))
        // The next search forgets what failed here.
        if !cursor.isValid { try cursor.checkEnd() }
        return deletions
    }

    /// What is deleted in a partition whose rows are copied.
    ///
    /// - Parameters:
    ///   - cursor: on the partition's first key; afterwards on its first row or behind it.
    ///   - readKeys: how many deleted ranges had to be read.
    mutating func deletions(
        _ cursor: inout RowCursor, _ prefix: borrowing RawBytes, _ base: Table,
        readKeys: inout Int
    ) throws(StorageFailure) -> PartitionDeletions {
        let partition = prefix.array
        if let known = kept[partition] {
            var rows = RawBytes()
            rows.append(prefix.bytes)
            rows.append(StorageKey.Kind.row)
            cursor.seek(rows.bytes)
            return known
        }
        let deletions = PartitionReader.readHead(
            &cursor, prefix: prefix.bytes, into: RowView(base, now: 0))
        if !cursor.isValid { try cursor.checkEnd() }
        readKeys += deletions.ranges.count
        kept.keep(deletions, of: partition)
        return deletions
    }

    // MARK: One row

    private mutating func update(
        _ table: Table, _ partition: UnsafeRawBufferPointer, _ clustering: UnsafeRawBufferPointer,
        _ before: [UInt8]?, _ floorBefore: Int64?, _ after: [UInt8]?, _ floorAfter: Int64?,
        _ plans: [ViewPlan], now: UInt32, to batch: inout WriteBatch
    ) throws(StatementError) {
        let (before, after) = (before ?? [], after ?? [])
        try before.withRaw { before throws(StatementError) in
            try after.withRaw { after throws(StatementError) in
                let key = BaseKey.values(table, partition, clustering, after, &keyScratch)
                guard let key else { return }
                // What has expired still has its row in the view.
                let old = BaseRow(before, of: table, key: key, floor: floorBefore, now: 0)
                let new = BaseRow(after, of: table, key: key, floor: floorAfter, now: now)
                for plan in plans {
                    let hasOld = try plan.key(of: old, to: &oldKey)
                    let hasNew = try plan.key(of: new, to: &newKey)
                    if hasOld, !hasNew || oldKey.bytes.compare(newKey.bytes) != 0 {
                        batch.delete(oldKey.bytes)
                    }
                    guard hasNew else { continue }
                    plan.row(of: new, to: &row)
                    batch.put(newKey.bytes, row.bytes)
                }
            }
        }
    }

    /// Adds the rows of a view that is being made.
    ///
    /// - Returns: whether the row is in the view; one whose new key is too long is not.
    mutating func build(
        _ plan: ViewPlan, _ table: Table, _ partition: UnsafeRawBufferPointer,
        _ clustering: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, floor: Int64?,
        now: UInt32, to batch: inout WriteBatch
    ) -> Bool {
        guard let key = BaseKey.values(table, partition, clustering, value, &keyScratch) else {
            return false
        }
        let found = BaseRow(value, of: table, key: key, floor: floor, now: now)
        guard let isShown = try? plan.key(of: found, to: &newKey), isShown else { return false }
        plan.row(of: found, to: &row)
        batch.put(newKey.bytes, row.bytes)
        return true
    }
}

/// The values of a base row's key, from the key in storage.
enum BaseKey {
    /// - Parameter scratch: holds values that stand in another form in the key.
    /// - Returns: `nil` for a damaged key.
    static func values(
        _ table: Table, _ partition: UnsafeRawBufferPointer, _ clustering: UnsafeRawBufferPointer,
        _ row: UnsafeRawBufferPointer, _ scratch: inout RawBytes
    ) -> [UnsafeRawBufferPointer]? {
        var values = PartitionKey.parts(partition, count: table.partitionKey.count)
        guard values.count == table.partitionKey.count else { return nil }
        guard table.hasClustering else { return values }
        if table.keepsClustering, let reader = RowReader(row) {
            for part in CollectionBytes.fields(reader.clustering) {
                if let part { values.append(part) }
            }
            return values.count == table.partitionKey.count + table.clustering.count ? values : nil
        }
        scratch.clear()
        scratch.reserve(clustering.count + 16 * table.clustering.count)
        var at = 0
        for column in table.clustering {
            let start = scratch.count
            guard
                let next = OrderedEncoding.decode(
                    clustering, at: at, type: column.type, descending: column.descending,
                    to: &scratch)
            else { return nil }
            values.append(scratch.bytes.part(start..<scratch.count))
            at = next
        }
        return values
    }
}

extension [UInt8] {
    /// `withUnsafeBytes` for a body that throws errors of one type.
    fileprivate func withRaw<Value, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try withUnsafeBufferPointer { bytes throws(Failure) in
            try body(UnsafeRawBufferPointer(bytes))
        }
    }
}
