// Takes whole requests to where they are run: writes to the one lane, the rest to the read lanes.

import CQLProtocol
import MillraceBase
import NIOCore

/// Shared by all connections. Called on event loops; blocks nowhere.
final class Router: Sendable {
    let core: StoreCore
    private let writes: WriteLane
    private let reads: ReadLanes
    let logins: LoginLane
    let traces: TraceStorage

    init(core: StoreCore, writes: WriteLane, reads: ReadLanes, logins: LoginLane) {
        self.core = core
        self.logins = logins
        traces = TraceStorage(core: core, writes: writes)
        self.writes = writes
        self.reads = reads
    }

    /// - Parameter points: the connection's own; `nil` once the event loop has answered enough.
    func route(_ request: CQLRequest, _ reply: Reply, _ points: PointReader?) {
        trace(request, reply)
        switch request {
        case .execute(let id, let metadataID, let parameters):
            execute(id, metadataID, parameters, reply, points)
        case .query(let text, let parameters):
            later(reply) { [self] () throws(StatementError) in
                let compiled = try core.compile(
                    text, keyspace: parameters.keyspace ?? reply.outbox.keyspace,
                    core.context(notes: reply.notes))
                try run(compiled, parameters, nil, reply)
            }
        case .prepare(let text, let keyspace):
            later(reply) { [self] () throws(StatementError) in
                try prepare(text, keyspace ?? reply.outbox.keyspace, reply)
            }
        case .batch(let batch): self.batch(batch, reply)
        case .startup, .options, .authResponse, .register:
            reply.send(.failure(.protocolViolation("the request comes at the wrong time")))
        }
    }

    /// Runs on a read lane.
    private func later(
        _ reply: Reply, _ body: @escaping @Sendable () throws(StatementError) -> Void
    ) {
        let isTaken = reads.add { [self] in
            // No more answers are made for a client that does not read.
            guard !reply.outbox.park({ [self] in later(reply, body) }) else { return }
            do throws(StatementError) {
                try body()
            } catch {
                reply.send(.failure(error))
            }
        }
        if !isTaken { reply.send(.failure(.server("the store is shutting down"))) }
    }

    // MARK: Prepared statements

    private func prepare(
        _ text: String, _ keyspace: String?, _ reply: Reply
    ) throws(StatementError) {
        let (prepared, gone) = try core.prepare(
            text, keyspace: keyspace, core.context(notes: reply.notes))
        let compiled = try prepared.preparedAnew(core.schema, core.context())
        guard compiled.markers.count <= CQLLimits.valuesMax else {
            throw .invalid(
                "Too many markers(?). \(compiled.markers.count) markers exceed the allowed maximum "
                    + "of \(CQLLimits.valuesMax)")
        }
        if let warning = prepared.useWarning, reply.outbox.client.isNewToUseWarning() {
            reply.notes.warn(warning)
        }
        // A statement about roles may carry a password, which must not come to the disk.
        let isKept = if case .role = compiled.kind { false } else { true }
        if let gone, isKept {
            PreparedStorage(core: core, writes: writes).save(prepared, gone: gone)
        }
        reply.send(
            .success(
                .prepared(
                    PreparedResult(
                        id: prepared.id, resultMetadataID: compiled.resultID, bind: compiled.bind,
                        result: compiled.result))))
    }

    private func execute(
        _ id: [UInt8], _ metadataID: [UInt8]?, _ parameters: QueryParameters, _ reply: Reply,
        _ points: PointReader?
    ) {
        do throws(StatementError) {
            let prepared = try core.prepared(id)
            guard prepared.isCompiled(for: core.schema) else {
                // Compiling is no work for an event loop.
                return later(reply) { [self] () throws(StatementError) in
                    try execute(prepared, metadataID, parameters, reply, nil)
                }
            }
            try execute(prepared, metadataID, parameters, reply, points)
        } catch {
            reply.send(.failure(error))
        }
    }

    private func execute(
        _ prepared: PreparedStatement, _ metadataID: [UInt8]?, _ parameters: QueryParameters,
        _ reply: Reply, _ points: PointReader?
    ) throws(StatementError) {
        let compiled = try prepared.current(core.schema, core.context(notes: reply.notes))
        reply.notes.trace?.describe(.executing(prepared, compiled, parameters))
        if case .write = compiled.kind { return try run(compiled, parameters, nil, reply) }
        var parameters = parameters
        if reply.version < .v5 {
            guard prepared.isAsAnnounced(compiled) else {
                core.statements.remove(prepared)
                throw StatementError.unprepared(id: prepared.id)
            }
            if !prepared.mayOmitColumns { parameters.skipsMetadata = false }
        }
        if let points, try answerAtOnce(compiled, parameters, metadataID, reply, points) {
            return
        }
        later(reply) { [self, parameters] () throws(StatementError) in
            try run(compiled, parameters, metadataID, reply)
        }
    }

    /// Reads one row by its key where we are, on the event loop, when memory has it.
    private func answerAtOnce(
        _ compiled: Compiled, _ parameters: QueryParameters, _ metadataID: [UInt8]?,
        _ reply: Reply, _ points: PointReader
    ) throws(StatementError) -> Bool {
        guard let point = compiled.point, case .select(let plan) = compiled.kind,
            parameters.names.isEmpty, parameters.pagingState?.isEmpty ?? true,
            // A page of one row that is full has another one behind it.
            parameters.pageSize != 1 || !plan.table.hasClustering,
            parameters.consistency != .any, reply.notes.trace == nil,
            parameters.values.count == compiled.markers.count,
            metadataID.map({ $0.isEmpty || $0 == plan.metadataID }) ?? true, reply.outbox.hasRoom
        else { return false }
        try core.authorize(compiled, reply.outbox)
        let result = points.read(
            plan, point, parameters.values, now: core.seconds(parameters.nowInSeconds),
            skipsMetadata: parameters.skipsMetadata)
        guard let result else { return false }
        reply.send(.result(result))
        return true
    }

    // MARK: Any statement

    private func run(
        _ compiled: Compiled, _ parameters: QueryParameters, _ metadataID: [UInt8]?,
        _ reply: Reply
    ) throws(StatementError) {
        try core.authorize(compiled, reply.outbox)
        try ConsistencyCheck.check(
            compiled, parameters.consistency, serial: parameters.serialConsistency)
        let values = try Self.values(compiled, parameters)
        trace(compiled, reply)
        var reply = reply
        reply.terms = compiled.failureTerms(parameters.consistency)
        switch compiled.kind {
        case .write, .batch:
            writes.add(
                WriteJob(
                    work: .write(compiled, values), timestamp: parameters.timestampMicroseconds,
                    now: parameters.nowInSeconds, reply: reply))
        case .schema:
            writes.add(WriteJob(work: .schema(compiled), reply: reply))
        case .select(let plan):
            try compiled.checkCount(values)
            guard parameters.consistency != .any else {
                throw .invalid("ANY ConsistencyLevel is only supported for writes")
            }
            try select(plan, values, parameters, metadataID, reply)
        case .role(let role): try run(role, compiled.keyspace, reply)
        case .use(let name):
            _ = try core.schema.keyspace(name)
            reply.outbox.keyspace = name
            reply.send(.success(.setKeyspace(name)))
        case .describe(let describe):
            let describer = Describe(
                schema: core.schema, current: parameters.keyspace ?? reply.outbox.keyspace,
                identity: core.identity)
            let options = ReadOptions(
                pageSize: parameters.pageSize, pagingState: parameters.pagingState)
            reply.send(.success(try describer.run(describe, options)))
        }
    }

    private func run(
        _ role: CQLRoleStatement, _ keyspace: String?, _ reply: Reply
    ) throws(StatementError) {
        let editor = core.roleEditor(
            reply.outbox.user, keyspace: keyspace, core.context(notes: reply.notes))
        guard !role.isQuery else {
            return reply.send(.success(try RoleQueries(editor: editor).run(role)))
        }
        try editor.check(role)
        writes.add(
            WriteJob(work: .role(role.hashingPassword(), keyspace: keyspace), reply: reply))
    }

    private func select(
        _ plan: SelectPlan, _ values: BoundValues, _ parameters: QueryParameters,
        _ metadataID: [UInt8]?, _ reply: Reply
    ) throws(StatementError) {
        let options = ReadOptions(
            pageSize: parameters.pageSize, pagingState: parameters.pagingState,
            skipsMetadata: parameters.skipsMetadata, knownMetadataID: metadataID)
        let context = core.context(now: parameters.nowInSeconds, notes: reply.notes)
        try plan.nearest?.check(parameters.consistency, context)
        let run = try SelectRun(
            core.shown(plan, to: reply.outbox.user), values, options, context)
        guard plan.table.isVirtual else { return try go(on: run, reply) }
        let rows = SystemTables(core: core, schema: core.schema).rows(of: plan.table)
        send(try run.read(virtual: rows), reply)
    }

    private func send(_ result: CQLResult, _ reply: Reply) {
        trace(result, reply)
        reply.send(.success(result))
    }

    /// One turn of a SELECT; a long one goes to the end of the queue and on from where it was.
    private func go(on run: SelectRun, _ reply: Reply) throws(StatementError) {
        if let result = try run.read(core.database) { return send(result, reply) }
        guard !reply.outbox.isClosed else { return }
        later(reply) { [self] () throws(StatementError) in try go(on: run, reply) }
    }

    /// Values by position; those bound by name are put in the markers' order.
    private static func values(
        _ compiled: Compiled, _ parameters: QueryParameters
    ) throws(StatementError) -> BoundValues {
        guard !parameters.names.isEmpty else { return BoundValues(cells: parameters.values) }
        var ordered = CellList()
        for marker in compiled.markers {
            guard let index = parameters.names.firstIndex(of: marker.name) else {
                // A marker without a value is unset, as in Cassandra.
                ordered.appendUnset()
                continue
            }
            if parameters.values.isUnset(index) {
                ordered.appendUnset()
            } else {
                parameters.values.withBytes(of: index) { bytes in
                    if let bytes { ordered.append(bytes) } else { ordered.appendNull() }
                }
            }
        }
        return BoundValues(cells: ordered)
    }

    // MARK: Batches

    private func batch(_ request: BatchRequest, _ reply: Reply) {
        let schema = core.schema
        let isToCompile = request.entries.contains { entry in
            switch entry.statement {
            case .text: true
            case .prepared(let id): core.statements.find(id)?.isCompiled(for: schema) == false
            }
        }
        // Parsing and compiling are no work for an event loop.
        guard isToCompile else {
            do throws(StatementError) {
                try submit(request, reply)
            } catch {
                reply.send(.failure(error))
            }
            return
        }
        later(reply) { [self] () throws(StatementError) in try submit(request, reply) }
    }

    private func submit(_ request: BatchRequest, _ reply: Reply) throws(StatementError) {
        let keyspace = request.keyspace ?? reply.outbox.keyspace
        var entries: [(compiled: Compiled, values: BoundValues)] = []
        entries.reserveCapacity(request.entries.count)
        for entry in request.entries {
            let compiled =
                switch entry.statement {
                case .text(let text):
                    try core.compile(
                        text, keyspace: keyspace, core.context(notes: reply.notes))
                case .prepared(let id):
                    try core.prepared(id).current(
                        core.schema, core.context(notes: reply.notes))
                }
            try core.authorize(compiled, reply.outbox)
            entries.append((compiled, BoundValues(cells: entry.values)))
        }
        guard !entries.isEmpty else { return reply.send(.success(.void)) }
        let plans = entries.compactMap { entry -> WritePlan? in
            if case .write(let plan) = entry.compiled.kind { plan } else { nil }
        }
        try ConsistencyCheck.check(
            plans, request.consistency, serial: request.serialConsistency)
        let kind: CQLBatch.Kind =
            switch request.kind {
            case .logged: .logged
            case .unlogged: .unlogged
            case .counter: .counter
            }
        var reply = reply
        reply.terms = FailureTerms(request.consistency, plans, kind)
        writes.add(
            WriteJob(
                work: .batch(entries, kind), timestamp: request.timestampMicroseconds,
                now: request.nowInSeconds, reply: reply))
    }
}
