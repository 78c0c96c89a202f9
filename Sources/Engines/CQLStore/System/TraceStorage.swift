// Writes traces into `system_traces`, where clients look for them.

import CQLProtocol
import MillraceBase
import Synchronization

/// Begins traces and, once their request is answered, writes their rows as any client could.
///
/// Bounded: rows expire after a day, a trace has a limit of steps, and while too many traces wait for
/// the write lane further ones are not written.
final class TraceStorage: Sendable {
    private let core: StoreCore
    private let writes: WriteLane
    private let waiting = Atomic<Int>(0)
    private let statements = Mutex<Statements?>(nil)

    private struct Statements: Sendable {
        var session: Compiled
        var event: Compiled
    }

    init(core: StoreCore, writes: WriteLane) {
        self.core = core
        self.writes = writes
    }

    func begin(_ client: ClientRecord) -> TraceRecorder {
        let now = core.context().nowMilliseconds
        return TraceRecorder(
            id: core.ids.next(milliseconds: now), startedMilliseconds: now, client: client.address
        ) { [self] in write($0) }
    }

    private func write(_ trace: TraceRecorder) {
        guard waiting.load(ordering: .relaxed) < StoreLimits.tracesWaitingMax else { return }
        let entries: [(compiled: Compiled, values: BoundValues)]
        do throws(StatementError) {
            entries = try rows(of: trace)
        } catch {
            return
        }
        waiting.add(1, ordering: .relaxed)
        let notes = StatementNotes(whenAnswered: { [self] in
            waiting.subtract(1, ordering: .relaxed)
        })
        writes.add(
            WriteJob(work: .batch(entries, .unlogged), reply: .nobody(notes)))
    }

    private func rows(
        of trace: TraceRecorder
    ) throws(StatementError) -> [(compiled: Compiled, values: BoundValues)] {
        let compiled = try compile()
        let (session, steps) = trace.content
        let address = core.identity.address.bytes
        let port = Int32(7000).bigBytes
        let parameters = session.parameters.flatMap { [Array($0.key.utf8), Array($0.value.utf8)] }
        let elapsed = Int32(clamping: trace.elapsedMicroseconds)
        var values = CellList()
        values.append(trace.id.bytes)
        values.append(trace.client.bytes)
        values.append(Array("QUERY".utf8))
        values.append(address)
        values.append(port)
        values.append(elapsed.bigBytes)
        values.append(CollectionBuilder.bytes(of: parameters, type: .map(.text, .text)))
        values.append(Array(session.request.utf8))
        values.append(trace.startedMilliseconds.bigBytes)
        var rows = [(compiled: compiled.session, values: BoundValues(cells: values))]
        for step in steps {
            var values = CellList()
            values.append(trace.id.bytes)
            values.append(core.ids.next(milliseconds: trace.startedMilliseconds).bytes)
            values.append(Array(step.activity.utf8))
            values.append(address)
            values.append(port)
            values.append(Int32(clamping: step.elapsedMicroseconds).bigBytes)
            values.append(Array(step.thread.utf8))
            rows.append((compiled.event, BoundValues(cells: values)))
        }
        return rows
    }

    private func compile() throws(StatementError) -> Statements {
        if let known = statements.withLock({ $0 }) { return known }
        let timeToLive = "USING TTL \(StoreLimits.traceTimeToLiveSeconds)"
        let context = core.context()
        let made = Statements(
            session: try core.compile(
                "INSERT INTO system_traces.sessions (session_id, client, command, coordinator, "
                    + "coordinator_port, duration, parameters, request, started_at) "
                    + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \(timeToLive)",
                keyspace: nil, context),
            event: try core.compile(
                "INSERT INTO system_traces.events (session_id, event_id, activity, source, "
                    + "source_port, source_elapsed, thread) VALUES (?, ?, ?, ?, ?, ?, ?) "
                    + timeToLive,
                keyspace: nil, context))
        statements.withLock { $0 = made }
        return made
    }
}
