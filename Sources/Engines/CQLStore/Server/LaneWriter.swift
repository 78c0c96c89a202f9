// Runs groups of writes against the database.

import CQLProtocol
import Foundation
import Logging

/// The state of the write lane's thread.
struct LaneWriter: ~Copyable {
    typealias Answer = (reply: Reply, result: Result<CQLResult, StatementError>)

    let core: StoreCore
    private let sync: CommitlogSync
    private let logger: Logger
    private var editor: SchemaEditor
    var record: StoreRecord
    var executor: WriteExecutor
    var batch: WriteBatch
    /// Jobs whose rows are in `batch`, with what they are told once it is written.
    private var waiting: [(reply: Reply, answer: CQLResult)] = []
    private var answers: [Answer] = []
    private var purge = LanePurge()
    private var lastReopen: Int64 = 0

    init(
        _ core: StoreCore, record: StoreRecord, sync: CommitlogSync, logger: Logger
    ) throws(StorageFailure) {
        self.core = core
        self.record = record
        editor = SchemaEditor(
            nextStorageID: record.nextStorageID, dataCenter: core.identity.dataCenter,
            masksColumns: core.masksColumns)
        self.sync = sync
        self.logger = logger
        executor = WriteExecutor(core.database)
        batch = try core.database.read { WriteBatch($0) }
    }

    /// - Returns: what each job is to be answered, once it is durable.
    mutating func run(_ jobs: [WriteJob]) -> [Answer] {
        answers.removeAll(keepingCapacity: true)
        answers.reserveCapacity(jobs.count)
        let context = core.context()
        for job in jobs {
            do throws(StatementError) {
                var own = job.now.map { core.context(now: $0) } ?? context
                own.notes = job.reply.notes
                try run(job, core.schema, own)
            } catch {
                answers.append((job.reply, .failure(error)))
            }
        }
        commit()
        removeStaleEntries()
        if !executor.garbage.isEmpty {
            core.garbage.add(executor.garbage)
            executor.garbage.removeAll(keepingCapacity: true)
        }
        return answers
    }

    /// Removes what the sweeper found, as far as it may still go.
    mutating func run(_ order: PurgeOrder) -> PurgeResult {
        guard !core.health.isBroken, let table = core.schema.table(storageID: order.storageID)
        else { return PurgeResult() }
        defer { batch.clear() }
        if !order.deletions.isEmpty { executor.forgetDeletions() }
        do throws(StorageFailure) {
            let oldest = executor.watch.flatMap { $0.table == order.storageID ? $0.oldest : nil }
            let result = try purge.add(
                order, table, now: order.now ?? core.context().nowSeconds, oldestWrite: oldest,
                core.database, to: &batch)
            // Needs no sync: what is not removed yet is only removed later.
            if batch.count > 0 { try core.database.write(batch, synced: false) }
            if order.watches { executor.watch = (order.storageID, .max) }
            return result
        } catch {
            fail(error)
            return PurgeResult()
        }
    }

    private mutating func run(
        _ job: WriteJob, _ schema: Schema, _ context: EvaluationContext
    ) throws(StatementError) {
        if core.health.isBroken { try reopen() }
        switch job.work {
        case .write(let compiled, let values):
            let current = try compiled.current(schema, context)
            try current.checkCount(values)
            switch current.kind {
            case .write(let plan):
                try write(plan, values, job, context)
            case .batch(let plan):
                var job = job
                if let expression = plan.timestamp {
                    switch try expression.evaluate(values, context) {
                    case .unset: break
                    case .null: throw .invalid("Invalid null value of timestamp")
                    case .bytes(let bytes):
                        guard bytes.count == 8 else { throw .invalid("Invalid timestamp value") }
                        job.timestamp = bytes.withUnsafeBytes { $0.big() }
                    }
                }
                try write(plan.plans.map { ($0, values) }, plan.kind, job, context)
            case .select, .schema, .use, .describe, .role: throw .invalid("not a write")
            }
        case .batch(let entries, let kind):
            var plans: [(plan: WritePlan, values: BoundValues)] = []
            plans.reserveCapacity(entries.count)
            for entry in entries {
                let current = try entry.compiled.current(schema, context)
                try current.checkCount(entry.values)
                guard case .write(let plan) = current.kind else {
                    throw .invalid(
                        "Invalid statement in batch: only UPDATE, INSERT and DELETE statements are "
                            + "allowed."
                    )
                }
                plans.append((plan, entry.values))
            }
            try BatchCompiler.check(kind, plans.map(\.plan))
            try write(plans, kind, job, context)
        case .schema(let compiled): try change(compiled, job)
        case .role(let statement, let keyspace): try change(statement, keyspace, job, context)
        }
    }

    // MARK: Rows

    /// The way of a single write without conditions.
    private mutating func write(
        _ plan: WritePlan, _ values: BoundValues, _ job: WriteJob, _ context: EvaluationContext
    ) throws(StatementError) {
        guard !RoleRows.isTable(plan.table) else {
            commit()
            try save(try RoleRows.apply(plan, values, context, to: core.auth))
            return answers.append((job.reply, .success(.void)))
        }
        guard !plan.table.isVirtual else {
            try core.compactions.request(plan, values, context, core.schema, core.database)
            return answers.append((job.reply, .success(.void)))
        }
        guard !plan.isConditional, !plan.needsRead, plan.table.views.isEmpty else {
            return try write([(plan, values)], .logged, job, context)
        }
        let options = WriteOptions(
            timestamp: job.timestamp, serverTimestamp: core.nextTimestamp(),
            now: context.nowSeconds)
        batch.mark()
        do throws(StatementError) {
            try executor.add(plan, values, options, context, to: &batch)
        } catch {
            batch.backToMark()
            throw error
        }
        batch.forgetMark()
        waiting.append((job.reply, .void))
    }

    private mutating func write(
        _ writes: [(plan: WritePlan, values: BoundValues)], _ kind: CQLBatch.Kind,
        _ job: WriteJob, _ context: EvaluationContext
    ) throws(StatementError) {
        guard !writes.contains(where: \.plan.table.isVirtual) else {
            throw .invalid("Batches are not supported by virtual tables")
        }
        var options = WriteOptions(
            timestamp: job.timestamp, serverTimestamp: core.nextTimestamp(),
            now: context.nowSeconds)
        var answer = CQLResult.void
        if writes.contains(where: \.plan.isConditional) {
            commit()
            let (checked, newest) = try ConditionalWrite(
                database: core.database, context: context, isBatch: job.isBatch
            ).check(writes)
            answer = checked.result
            guard checked.applied else { return answers.append((job.reply, .success(answer))) }
            // The outcome must win over what it was decided on, whatever its timestamp is.
            options.timestamp = max(
                options.serverTimestamp, newest > .max - 2 ? .max : newest + 2)
            options.yieldsDeletions = job.isBatch
        }
        let hasViews = writes.contains { !$0.plan.table.views.isEmpty }
        if hasViews || writes.contains(where: \.plan.needsRead) { commit() }
        batch.mark()
        let bytesBefore = batch.byteCount
        do throws(StatementError) {
            for (plan, values) in writes {
                try executor.add(plan, values, options, context, to: &batch)
                if plan.table.isCounter, writes.count > 1 {
                    // The next increment must see this one: counter batches are not isolated.
                    try writeOut()
                    batch.mark()
                    options.serverTimestamp = core.nextTimestamp()
                }
            }
            if job.isBatch {
                try BatchGuard(context: context).check(
                    writes, kind, bytes: batch.byteCount - bytesBefore)
            }
            if hasViews { try executor.finishViews(core.schema, context, to: &batch) }
        } catch {
            executor.forgetViews()
            batch.backToMark()
            throw error
        }
        batch.forgetMark()
        waiting.append((job.reply, answer))
    }

    private mutating func writeOut() throws(StatementError) {
        do throws(StorageFailure) {
            try core.database.write(batch, synced: sync == .batch)
            batch.clear()
        } catch {
            fail(error)
            throw .writeFailed(error.text)
        }
    }

    /// Writes the batch out; those who wait for it get the outcome.
    private mutating func commit() {
        guard !waiting.isEmpty else { return }
        do throws(StorageFailure) {
            try core.database.write(batch, synced: sync == .batch)
            for (reply, answer) in waiting { answers.append((reply, .success(answer))) }
        } catch {
            let failure = StatementError.writeFailed(error.text)
            for (reply, _) in waiting { answers.append((reply, .failure(failure))) }
            fail(error)
        }
        batch.clear()
        waiting.removeAll(keepingCapacity: true)
        if executor.hasScattered { joinScattered() }
    }

    /// Needs no sync: without it the rows are only slower to read.
    private mutating func joinScattered() {
        guard !core.health.isBroken else { return }
        do throws(StorageFailure) {
            try executor.joinScattered(into: &batch)
            try core.database.write(batch, synced: false)
        } catch {
            fail(error)
        }
        batch.clear()
    }

    // MARK: Indexes

    /// Notes that an index holds all rows. One that is gone meanwhile is left alone.
    mutating func finish(_ build: IndexBuild) -> StatementError? {
        guard let edit = SchemaEditor.markBuilt(build, core.schema) else { return nil }
        defer { batch.clear() }
        SchemaLoader.save(edit, record, to: &batch)
        do throws(StorageFailure) {
            // The entries came before it in the same log.
            try core.database.write(batch, synced: true)
        } catch {
            fail(error)
            return .server("the index could not be built: \(error.text)")
        }
        core.publish(edit.schema)
        return nil
    }

    /// Removes entries that readers found stale. Needs no sync: what stays is found again.
    private mutating func removeStaleEntries() {
        let stale = core.database.staleEntries.take()
        guard !stale.isEmpty, !core.health.isBroken else { return }
        do throws(StorageFailure) {
            try StaleEntryRemover(database: core.database)
                .add(stale, core.schema, to: &batch)
            if batch.count > 0 { try core.database.write(batch, synced: false) }
        } catch {
            fail(error)
        }
        batch.clear()
    }

    // MARK: Schema

    private mutating func change(_ compiled: Compiled, _ job: WriteJob) throws(StatementError) {
        commit()
        executor.forgetDeletions()
        let schema = core.schema
        // As precise as clients' own timestamps: what was written before a drop is older than it.
        editor.nowMicroseconds = Int64(Date().timeIntervalSince1970 * 1_000_000)
        guard
            let edit = try editor.apply(compiled.statement, to: schema, current: compiled.keyspace)
        else { return answers.append((job.reply, .success(.void))) }
        record.nextStorageID = editor.nextStorageID
        record.schemaVersion = edit.schema.version
        let auth = AuthEdit.following(
            edit, compiled.statement, current: compiled.keyspace,
            core.access(job.reply.outbox.user))
        SchemaLoader.save(edit, record, to: &batch)
        auth?.save(to: &batch)
        do throws(StorageFailure) {
            try core.database.write(batch, synced: true)
            batch.clear()
        } catch {
            batch.clear()
            fail(error)
            throw .server("the schema could not be written: \(error.text)")
        }
        core.publish(edit.schema)
        if let auth { core.publish(auth.state) }
        for text in edit.warnings { job.reply.notes.warn(text) }
        // A drop holds without this; only the room comes back later.
        for storage in edit.droppedStorage { try? core.database.dropFiles(storageID: storage) }
        guard !edit.isSilent else { return answers.append((job.reply, .success(.void))) }
        // Clients hear of it no later than the one who asked for it.
        core.events.send(.schemaChange(edit.change))
        let answer = CQLResult.schemaChange(edit.change)
        if let build = edit.indexToBuild,
            core.indexBuilds.add(IndexBuildJob(build: build, waiting: (job.reply, answer)))
        {
            return
        }
        if let build = edit.viewToBuild,
            core.viewBuilds.queue.add(
                ViewBuildJob(
                    build: build, waiting: (job.reply, answer),
                    answerBy: core.context().nowMilliseconds
                        + Int64(StoreLimits.indexBuildWaitSeconds) * 1000))
        {
            return
        }
        answers.append((job.reply, .success(answer)))
    }

    private mutating func change(
        _ statement: CQLRoleStatement, _ keyspace: String?, _ job: WriteJob,
        _ context: EvaluationContext
    ) throws(StatementError) {
        commit()
        let editor = core.roleEditor(job.reply.outbox.user, keyspace: keyspace, context)
        if let edit = try editor.apply(statement) { try save(edit) }
        answers.append((job.reply, .success(.void)))
    }

    private mutating func save(_ edit: AuthEdit) throws(StatementError) {
        edit.save(to: &batch)
        do throws(StorageFailure) {
            try core.database.write(batch, synced: true)
            batch.clear()
        } catch {
            batch.clear()
            fail(error)
            throw .server("the roles could not be written: \(error.text)")
        }
        core.publish(edit.state)
    }

    // MARK: A disk that fails

    mutating func fail(_ failure: StorageFailure) {
        executor.forgetDeletions()
        core.health.fail(failure.text)
        logger.error("the disk refused a write", metadata: ["why": "\(failure.description)"])
    }

    /// Tries to open the store again after a failure. Called now and then while there is nothing to
    /// write: reads must not wait for a write.
    mutating func recover() {
        guard core.health.isBroken else { return }
        try? reopen()
    }

    /// RocksDB refuses all writes after a failed one until it is opened again.
    private mutating func reopen() throws(StatementError) {
        let now = core.context().nowMilliseconds
        guard now - lastReopen >= StoreLimits.reopenPauseMilliseconds else {
            throw .writeFailed("the disk refused an earlier write; trying again soon")
        }
        lastReopen = now
        executor.forgetDeletions()
        // Opening closes first, and writes what the log holds into tables.
        guard
            core.database.freeBytes >= StoreLimits.reopenFreeBytesMin + core.database.logBytes
        else { throw .writeFailed("the disk is full: the write was not done") }
        do throws(StorageFailure) {
            try core.database.reopen()
            batch = try core.database.read { WriteBatch($0) }
        } catch {
            throw .writeFailed(error.text)
        }
        try reloadSchema()
        core.health.recover()
        logger.notice("the store is open again after a disk error")
    }

    /// A change that failed may be in the log all the same: then it holds.
    private mutating func reloadSchema() throws(StatementError) {
        do throws(CQLStoreError) {
            let (record, schema) = try SchemaLoader.load(
                core.database, path: core.database.path, clusterName: self.record.clusterName)
            guard
                record.schemaVersion != self.record.schemaVersion
                    || schema.version != core.schema.version
            else { return }
            self.record = record
            editor = SchemaEditor(
                nextStorageID: record.nextStorageID, dataCenter: core.identity.dataCenter,
                masksColumns: core.masksColumns)
            core.publish(schema)
        } catch {
            throw .writeFailed(error.description)
        }
    }
}
