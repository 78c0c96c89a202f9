// Runs groups of writes against the database.

import CQLProtocol
import Foundation
import Logging

/// The state of the write lane's thread.
struct LaneWriter: ~Copyable {
    typealias Answer = (reply: Reply, result: Result<CQLResult, StatementError>)

    private let core: StoreCore
    private let sync: CommitlogSync
    private let logger: Logger
    private var editor: SchemaEditor
    private var record: StoreRecord
    private var executor: WriteExecutor
    private var batch: WriteBatch
    /// Jobs whose rows are in `batch`, with what they are told once it is written.
    private var waiting: [(reply: Reply, answer: CQLResult)] = []
    private var answers: [Answer] = []
    /// The database has refused a write and must be opened again.
    private var isBroken = false
    private var lastReopen: Int64 = 0

    init(
        _ core: StoreCore, record: StoreRecord, sync: CommitlogSync, logger: Logger
    ) throws(StorageFailure) {
        self.core = core
        self.record = record
        editor = SchemaEditor(nextStorageID: record.nextStorageID)
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
                try run(job, core.schema, job.now.map { core.context(now: $0) } ?? context)
            } catch {
                answers.append((job.reply, .failure(error)))
            }
        }
        commit()
        return answers
    }

    private mutating func run(
        _ job: WriteJob, _ schema: Schema, _ context: EvaluationContext
    ) throws(StatementError) {
        if isBroken { try reopen() }
        switch job.work {
        case .write(let compiled, let values):
            let current = try compiled.current(schema, context)
            try current.checkCount(values)
            switch current.kind {
            case .write(let plan):
                try write(plan, values, job, context)
            case .batch(let plan):
                var job = job
                if let expression = plan.timestamp,
                    case .bytes(let bytes) = try expression.evaluate(values, context),
                    bytes.count == 8
                {
                    job.timestamp = bytes.withUnsafeBytes { $0.big() }
                }
                try write(plan.plans.map { ($0, values) }, plan.kind, job, context)
            case .select, .schema, .use, .describe: throw .invalid("not a write")
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
        }
    }

    // MARK: Rows

    /// The way of a single write without conditions.
    private mutating func write(
        _ plan: WritePlan, _ values: BoundValues, _ job: WriteJob, _ context: EvaluationContext
    ) throws(StatementError) {
        guard !plan.isConditional, !plan.needsRead else {
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
        var options = WriteOptions(
            timestamp: job.timestamp, serverTimestamp: core.nextTimestamp(),
            now: context.nowSeconds)
        var answer = CQLResult.void
        if writes.contains(where: \.plan.isConditional) {
            commit()
            let (checked, newest) = try ConditionalWrite(
                database: core.database, context: context
            ).check(writes)
            answer = checked.result
            guard checked.applied else { return answers.append((job.reply, .success(answer))) }
            // The outcome must win over what it was decided on, whatever its timestamp is.
            options.timestamp = max(options.serverTimestamp, newest == .max ? newest : newest + 1)
        }
        if writes.contains(where: \.plan.needsRead) { commit() }
        batch.mark()
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
        } catch {
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
    }

    // MARK: Schema

    private mutating func change(_ compiled: Compiled, _ job: WriteJob) throws(StatementError) {
        commit()
        let schema = core.schema
        guard
            let edit = try editor.apply(compiled.statement, to: schema, current: compiled.keyspace)
        else { return answers.append((job.reply, .success(.void))) }
        record.nextStorageID = editor.nextStorageID
        record.schemaVersion = edit.schema.version
        SchemaLoader.save(edit, record, to: &batch)
        do throws(StorageFailure) {
            try core.database.write(batch, synced: true)
            batch.clear()
        } catch {
            batch.clear()
            fail(error)
            throw .server("the schema could not be written: \(error.text)")
        }
        core.publish(edit.schema)
        guard !edit.isSilent else { return answers.append((job.reply, .success(.void))) }
        // Clients hear of it no later than the one who asked for it.
        core.events.send(.schemaChange(edit.change))
        answers.append((job.reply, .success(.schemaChange(edit.change))))
    }

    // MARK: A disk that fails

    private mutating func fail(_ failure: StorageFailure) {
        isBroken = true
        logger.error("the disk refused a write", metadata: ["why": "\(failure.description)"])
    }

    /// RocksDB refuses all writes after a failed one until it is opened again.
    private mutating func reopen() throws(StatementError) {
        let now = core.context().nowMilliseconds
        guard now - lastReopen >= StoreLimits.reopenPauseMilliseconds else {
            throw .writeFailed("the disk refused an earlier write; trying again soon")
        }
        lastReopen = now
        // Opening closes first: with the disk still full, reads would be lost as well.
        guard core.database.freeBytes >= StoreLimits.reopenFreeBytesMin else {
            throw .writeFailed("the disk is full: the write was not done")
        }
        do throws(StorageFailure) {
            try core.database.reopen()
            batch = try core.database.read { WriteBatch($0) }
            isBroken = false
            logger.notice("the store is open again after a disk error")
        } catch {
            throw .writeFailed(error.text)
        }
    }
}
