// Takes whole requests to where they are run: writes to the one lane, the rest to the read lanes.

import CQLProtocol
import MillraceBase
import NIOCore

/// Shared by all connections. Called on event loops; blocks nowhere.
final class Router: Sendable {
    let core: StoreCore
    private let writes: WriteLane
    private let reads: ReadLanes

    init(core: StoreCore, writes: WriteLane, reads: ReadLanes) {
        self.core = core
        self.writes = writes
        self.reads = reads
    }

    func route(_ request: CQLRequest, _ reply: Reply) {
        switch request {
        case .execute(let id, let metadataID, let parameters):
            execute(id, metadataID, parameters, reply)
        case .query(let text, let parameters):
            later(reply) { [self] () throws(StatementError) in
                let compiled = try core.compile(
                    text, keyspace: parameters.keyspace ?? reply.outbox.keyspace)
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
        let isTaken = reads.add {
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
        let prepared = try core.prepare(text, keyspace: keyspace)
        let compiled = try prepared.current(core.schema, core.context())
        reply.send(
            .success(
                .prepared(
                    PreparedResult(
                        id: prepared.id, resultMetadataID: compiled.resultID, bind: compiled.bind,
                        result: compiled.result))))
    }

    private func execute(
        _ id: [UInt8], _ metadataID: [UInt8]?, _ parameters: QueryParameters, _ reply: Reply
    ) {
        do throws(StatementError) {
            let compiled = try core.prepared(id).current(core.schema, core.context())
            if case .write = compiled.kind { return try run(compiled, parameters, nil, reply) }
            later(reply) { [self] () throws(StatementError) in
                try run(compiled, parameters, metadataID, reply)
            }
        } catch {
            reply.send(.failure(error))
        }
    }

    // MARK: Any statement

    private func run(
        _ compiled: Compiled, _ parameters: QueryParameters, _ metadataID: [UInt8]?,
        _ reply: Reply
    ) throws(StatementError) {
        let values = try Self.values(compiled, parameters)
        switch compiled.kind {
        case .write, .batch:
            try Self.check(parameters)
            writes.add(
                WriteJob(
                    work: .write(compiled, values), timestamp: parameters.timestampMicroseconds,
                    now: parameters.nowInSeconds, reply: reply))
        case .schema:
            writes.add(WriteJob(work: .schema(compiled), reply: reply))
        case .select(let plan):
            try compiled.checkCount(values)
            reply.send(.success(try select(plan, values, parameters, metadataID)))
        case .use(let name):
            _ = try core.schema.keyspace(name)
            reply.outbox.keyspace = name
            reply.send(.success(.setKeyspace(name)))
        case .describe(let describe):
            let describer = Describe(
                schema: core.schema, current: reply.outbox.keyspace,
                clusterName: core.identity.clusterName)
            reply.send(.success(try describer.run(describe, ReadOptions())))
        }
    }

    private func select(
        _ plan: SelectPlan, _ values: BoundValues, _ parameters: QueryParameters,
        _ metadataID: [UInt8]?
    ) throws(StatementError) -> CQLResult {
        let options = ReadOptions(
            pageSize: parameters.pageSize, pagingState: parameters.pagingState,
            skipsMetadata: parameters.skipsMetadata, knownMetadataID: metadataID)
        let run = try SelectRun(
            plan, values, options, core.context(now: parameters.nowInSeconds))
        guard plan.table.isVirtual else { return try run.read(core.database) }
        return try run.read(
            virtual: SystemTables(core: core, schema: core.schema).rows(of: plan.table))
    }

    private static func check(_ parameters: QueryParameters) throws(StatementError) {
        if parameters.consistency == .serial || parameters.consistency == .localSerial {
            throw .invalid("You must use conditional updates for serializable writes")
        }
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
        let hasText = request.entries.contains {
            if case .text = $0.statement { true } else { false }
        }
        // Parsing is no work for an event loop.
        guard hasText else {
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
                case .text(let text): try core.compile(text, keyspace: keyspace)
                case .prepared(let id):
                    try core.prepared(id).current(core.schema, core.context())
                }
            entries.append((compiled, BoundValues(cells: entry.values)))
        }
        guard !entries.isEmpty else { return reply.send(.success(.void)) }
        let kind: CQLBatch.Kind =
            switch request.kind {
            case .logged: .logged
            case .unlogged: .unlogged
            case .counter: .counter
            }
        writes.add(
            WriteJob(
                work: .batch(entries, kind), timestamp: request.timestampMicroseconds,
                now: request.nowInSeconds, reply: reply))
    }
}
