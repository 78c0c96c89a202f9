// Runs compiled writes: keys and rows into a batch, conditions first.

import CQLProtocol

/// What comes with one execution besides its values.
struct WriteOptions: Sendable {
    /// The client's timestamp, of the request or of the whole batch.
    var timestamp: Int64?
    /// What a write without any timestamp gets; rises from write to write.
    var serverTimestamp: Int64
    /// Seconds; the client's idea of now, if it has one.
    var now: UInt32
    /// In a batch with conditions rows that are deleted give way to what the batch writes.
    var yieldsDeletions = false
}

/// Writes of one thread. Its memory is used again for each row.
struct WriteExecutor: ~Copyable {
    private let database: Database
    private var partitionKey = RawBytes()
    private var key = RawBytes()
    private var row = RawBytes()
    private var clustering = RawBytes()
    private var indexes = IndexWriter()
    /// What the writes since the last `finishViews` mean to materialized views.
    private var views: ViewWriter
    private var hot = HotRows()
    /// Rows of many parts, to be put together once the batch is written.
    private var scattered: [[UInt8]] = []
    /// What was written that may be removed one day, by storage id, since it was last taken.
    var garbage: [UInt32: Garbage] = [:]
    /// The table that the sweeper looks at, and the oldest timestamp written to it meanwhile.
    var watch: (table: UInt32, oldest: Int64)?

    init(_ database: Database) {
        self.database = database
        views = ViewWriter(database)
    }

    /// Brings the views of all tables that were written to in line, in the same batch. What was in
    /// the database before must be readable there, without what was added.
    mutating func finishViews(
        _ schema: Schema, _ context: EvaluationContext, to batch: inout WriteBatch
    ) throws(StatementError) {
        guard !views.isEmpty else { return }
        try views.finish(schema, now: context.nowSeconds, to: &batch)
    }

    /// After a write that came to nothing.
    mutating func forgetViews() { views.forget() }

    /// After anything but a write that may have changed what is deleted.
    mutating func forgetDeletions() { views.forgetDeletions() }

    /// Copies rows of a base into a new view.
    ///
    /// - Returns: whether it came to the end.
    mutating func copy(
        _ plan: ViewPlan, _ base: Table, _ progress: inout ViewProgress, now: UInt32,
        to batch: inout WriteBatch
    ) throws(StorageFailure) -> Bool {
        try ViewCopy.step(plan, base, &progress, now: now, database, &views, to: &batch)
    }

    /// Adds everything the plan writes to the batch.
    ///
    /// The values' number was checked. What is stored already must be readable from the database
    /// where `plan.needsRead`: the caller
    /// writes the batch out before.
    mutating func add(
        _ plan: WritePlan, _ values: BoundValues, _ options: WriteOptions,
        _ context: EvaluationContext, to batch: inout WriteBatch
    ) throws(StatementError) {
        let times = try self.times(plan, values, options, context)
        note(plan, times)
        if plan.partition.count == 1, case .one(.marker(let index, let type)) = plan.partition[0] {
            partitionKey.clear()
            try appendMarker(values, index, type, name: plan.table.partitionKey[0].name)
            try KeyBuilder.checkKey(partitionKey.bytes)
            return try addPartition(plan, values, times, context, to: &batch)
        }
        let keys = try KeyBuilder.partitionKeys(plan.partition, plan.table, values, context)
        switch plan.target {
        case .rows(let sources), .range(let sources, _):
            guard keys.count > 1, !sources.allSatisfy(\.isOne) else { break }
            let rows = try KeyBuilder.clusterings(sources, plan.table, values, context)
            try KeyBuilder.checkProduct(keys.count, rows.count)
        case .statics, .partition: break
        }
        for key in keys {
            partitionKey.clear()
            partitionKey.append(key)
            try addPartition(plan, values, times, context, to: &batch)
        }
    }

    private mutating func appendMarker(
        _ values: BoundValues, _ index: Int, _ type: CQLType, name: String
    ) throws(StatementError) {
        if values.cells.isUnset(index) { throw .invalid("Invalid unset value for column \(name)") }
        try values.cells.withBytes(of: index) { bytes throws(StatementError) in
            guard let bytes else {
                throw .invalid("Invalid null value in condition for column \(name)")
            }
            try ValueCheck.check(bytes, type)
            guard CollectionOrder.matters(type) else { return partitionKey.append(bytes) }
            partitionKey.append(CollectionOrder.sorted(bytes, type))
        }
    }

    private func times(
        _ plan: WritePlan, _ values: BoundValues, _ options: WriteOptions,
        _ context: EvaluationContext
    ) throws(StatementError) -> WriteTimes {
        // A counter's next value must win over the one it was made from, whatever clients say.
        var timestamp =
            plan.table.isCounter
            ? options.serverTimestamp : options.timestamp ?? options.serverTimestamp
        if let expression = plan.timestamp {
            switch try expression.evaluate(values, context) {
            case .unset: break
            case .null: throw .invalid("Invalid null value of timestamp")
            case .bytes(let bytes):
                guard bytes.count == 8 else { throw .invalid("Invalid timestamp value") }
                timestamp = bytes.withUnsafeBytes { $0.big() }
            }
        }
        guard timestamp > .min else {
            throw .invalid(
                "Out of bound timestamp, must be in [\(Int64.min + 1), \(Int64.max)]")
        }
        var timeToLive = plan.table.defaultTimeToLive
        if let expression = plan.timeToLive {
            switch try expression.evaluate(values, context) {
            case .unset: break
            case .null: timeToLive = 0
            case .bytes(let bytes):
                guard bytes.count == 4 else { throw .invalid("Invalid TTL value") }
                timeToLive = Int64(bytes.withUnsafeBytes { $0.big(as: Int32.self) })
                guard timeToLive >= 0 else {
                    throw .invalid("A TTL must be greater or equal to 0, but was \(timeToLive)")
                }
                guard timeToLive <= StoreLimits.timeToLiveMax else {
                    throw .invalid(
                        "ttl is too large. requested (\(timeToLive)) maximum "
                            + "(\(StoreLimits.timeToLiveMax))"
                    )
                }
            }
        }
        var times = WriteTimes(timestamp: timestamp, now: options.now, timeToLive: timeToLive)
        if options.yieldsDeletions { times.deletionTimestamp -= 1 }
        return times
    }

    /// Whether `joinScattered` has something to do.
    var hasScattered: Bool { !scattered.isEmpty }

    /// Puts rows together that have become many parts; to be called when the batch was written.
    ///
    /// - Parameter batch: empty before; what it holds then must be written before any other write.
    mutating func joinScattered(into batch: inout WriteBatch) throws(StorageFailure) {
        let keys = Set(scattered)
        scattered.removeAll()
        for key in keys {
            let count = try database.value(key) { value in
                guard let value else { return 0 }
                key.withUnsafeBytes { batch.put($0, value) }
                return value.count
            }
            key.withUnsafeBytes { hot.joined($0, rowBytes: count) }
        }
    }

    /// Tells the sweeper's books what this write means to them.
    private mutating func note(_ plan: WritePlan, _ times: WriteTimes) {
        let table = plan.table
        if let watched = watch, watched.table == table.storageID, times.timestamp < watched.oldest {
            watch?.oldest = times.timestamp
        }
        let deletes =
            switch plan.target {
            case .partition, .range: true
            case .rows, .statics: plan.deletesRow || plan.deletesCells
            }
        guard deletes || times.expiry != 0 else { return }
        let end = UInt32(clamping: Int64(times.now) + table.graceSeconds)
        garbage[table.storageID, default: Garbage()].add(dueAt: max(end, times.expiry))
    }

    // MARK: One partition

    private mutating func addPartition(
        _ plan: WritePlan, _ values: BoundValues, _ times: WriteTimes,
        _ context: EvaluationContext, to batch: inout WriteBatch
    ) throws(StatementError) {
        let deletion = Deletion(timestamp: times.deletionTimestamp, localTime: times.now)
        switch plan.target {
        case .rows(let sources):
            if !plan.statics.isEmpty {
                try addRow(
                    plan.statics, nil, plan, values, times, context, isStatic: true, to: &batch)
            }
            guard plan.insertsRow || plan.deletesRow || !plan.regular.isEmpty else { return }
            if sources.allSatisfy(\.isOne) {
                try loadClustering(sources, plan, values, context)
                try addRow(
                    plan.regular, nil, plan, values, times, context, isStatic: false, to: &batch)
                return
            }
            for place in try KeyBuilder.places(sources, plan.table, values, context) {
                try addRow(
                    plan.regular, place, plan, values, times, context, isStatic: false, to: &batch)
            }
        case .statics:
            try addRow(plan.statics, nil, plan, values, times, context, isStatic: true, to: &batch)
        case .partition:
            startKey(plan.table, StorageKey.Kind.partitionDeletion)
            row.clear()
            Reconcile.append(deletion, to: &row)
            batch.merge(key.bytes, row.bytes)
            if !plan.table.views.isEmpty { views.note(plan.table, key.bytes, row.bytes) }
        case .range(let sources, let slice):
            for range in try KeyBuilder.ranges(sources, slice, plan.table, values, context) {
                startKey(plan.table, StorageKey.Kind.rangeDeletion)
                range.start.withUnsafeBytes { start in
                    range.end.withUnsafeBytes { end in
                        StorageKey.appendBounds(start: start, end: end, to: &key)
                    }
                }
                row.clear()
                Reconcile.append(deletion, to: &row)
                batch.merge(key.bytes, row.bytes)
                if !plan.table.views.isEmpty { views.note(plan.table, key.bytes, row.bytes) }
            }
        }
    }

    private mutating func startKey(_ table: Table, _ kind: UInt8) {
        key.clear()
        StorageKey.appendPartition(table: table.storageID, key: partitionKey.bytes, to: &key)
        key.append(kind)
    }

    /// The key's clustering part into `key` and, where it must be kept, the values into
    /// `clustering`.
    private mutating func loadClustering(
        _ sources: [ValueSource], _ plan: WritePlan, _ values: BoundValues,
        _ context: EvaluationContext
    ) throws(StatementError) {
        let table = plan.table
        startKey(table, StorageKey.Kind.row)
        clustering.clear()
        var length = 0
        for (source, column) in zip(sources, table.clustering) {
            guard case .one(let expression) = source else { continue }
            guard
                let bytes = try expression.evaluate(values, context).bytes(
                    unset: "Invalid unset value for column \(column.name)")
            else { throw .invalid("Invalid null value in condition for column \(column.name)") }
            length += bytes.count
            if table.isCompact, table.clustering.count == 1, bytes.isEmpty, !plan.isDelete {
                throw .invalid("Invalid empty or null value for column \(column.name)")
            }
            bytes.withUnsafeBytes { bytes in
                OrderedEncoding.append(
                    bytes, type: column.type, descending: column.descending, to: &key)
                if table.keepsClustering { CollectionBytes.appendPart(bytes, to: &clustering) }
            }
        }
        guard length <= StoreLimits.keyBytesMax else { throw KeyBuilder.keyTooLong(length) }
    }

    /// - Parameter place: `nil` when `key` holds the row's key already.
    private mutating func addRow(
        _ changes: [ColumnChanges], _ place: KeyBuilder.Place?, _ plan: WritePlan,
        _ values: BoundValues,
        _ times: WriteTimes, _ context: EvaluationContext, isStatic: Bool,
        to batch: inout WriteBatch
    ) throws(StatementError) {
        if isStatic {
            startKey(plan.table, StorageKey.Kind.staticRow)
            clustering.clear()
        } else if let place {
            startKey(plan.table, StorageKey.Kind.row)
            key.append(place.encoded)
            clustering.clear()
            clustering.append(place.kept)
        }
        let stored = plan.needsRead ? try self.stored(plan.table, isStatic, context) : nil
        row.clear()
        let mutation = RowMutation(
            values: values, context: context, times: times, stored: stored)
        // A row's deletion wins over what the same batch writes to it; one of a whole partition does not.
        let deleted = plan.table.hasClustering ? times.timestamp : times.deletionTimestamp
        try mutation.append(
            changes, marker: plan.insertsRow && !isStatic,
            deletion: plan.deletesRow && !isStatic
                ? Deletion(timestamp: deleted, localTime: times.now) : nil,
            clustering: clustering.bytes, to: &row)
        batch.merge(key.bytes, row.bytes)
        if !plan.table.views.isEmpty { views.note(plan.table, key.bytes, row.bytes) }
        let table = plan.table
        if !table.indexDefinitions.isEmpty {
            try indexes.entries(
                of: row.bytes, at: key.bytes, of: table, table.indexDefinitions
            ) { entry, start in batch.putIndex(entry, start) }
        }
        if hot.note(key.bytes, bytes: row.count) { scattered.append(Array(key.bytes)) }
    }

    /// The row at `key`, with what deletes it from outside.
    private func stored(
        _ table: Table, _ isStatic: Bool, _ context: EvaluationContext
    ) throws(StatementError) -> StoredRow? {
        do {
            var floor: Int64?
            if table.hasClustering {
                let view = RowView(table, now: context.nowSeconds)
                let place = try StorageKey.kindIndex(of: key.bytes).map {
                    kindIndex throws(StorageFailure) in
                    try PartitionReader.deletions(database, key.bytes, kindIndex: kindIndex, view)
                }
                floor =
                    isStatic
                    ? place?.partition?.timestamp
                    : place.flatMap { deletions in
                        StorageKey.kindIndex(of: key.bytes).flatMap {
                            deletions.floor(at: key.bytes.part($0 + 1..<key.count))
                        }
                    }
            }
            return try database.get(key.bytes) { bytes in
                bytes.map { StoredRow($0, of: table, floor: floor, now: context.nowSeconds) }
            }
        } catch {
            throw .readFailed(error.description)
        }
    }
}
