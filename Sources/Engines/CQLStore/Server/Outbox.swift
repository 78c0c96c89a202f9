// What a connection has to say: answers from all threads, sent together.

import CQLProtocol
import MillraceBase
import NIOCore
import Synchronization

/// Takes responses from any thread; one task on the event loop sends all that came meanwhile, so a
/// hundred answers cost one system call.
///
/// Bounded: while too many bytes wait for the client, what would make more is parked (`park`).
final class Outbox: Sendable {
    private struct State: Sendable {
        var writer = FrameWriter()
        var isScheduled = false
        var isClosed = false
        var answered = 0
        var answeredBytes = 0
        /// Bytes that are in the writer, and bytes given to the channel but not sent.
        var unsentBytes = 0
        /// Work that would make more answers.
        var parked: [@Sendable () -> Void] = []
    }

    /// Everything to be sent now.
    struct Taken {
        var bytes: ByteBuffer?
        /// How many requests that answers, and how many bytes they had.
        var answered: Int
        var answeredBytes: Int
        /// Of `bytes`, as they were counted: to be given to `sent`.
        var answerBytes: Int
    }

    let client: ClientRecord
    private let state = Mutex(State())
    private let loop: (any EventLoop)?
    private let budget: ByteBudget?
    /// Called on the event loop: takes what is there and sends it.
    private let flush: @Sendable () -> Void

    init(
        loop: any EventLoop, client: ClientRecord, budget: ByteBudget,
        flush: @escaping @Sendable () -> Void
    ) {
        self.loop = loop
        self.client = client
        self.budget = budget
        self.flush = flush
    }

    /// One that says nothing: for work of the store itself.
    init() {
        loop = nil
        client = ClientRecord()
        budget = nil
        flush = {}
    }

    /// The keyspace of names without one.
    var keyspace: String? {
        get { client.current.keyspace }
        set { client.change { $0.keyspace = newValue } }
    }

    /// Answers that wait to be sent.
    var answersWaiting: Int { state.withLock { $0.answered } }
    /// Whether `park` would not keep work back.
    var hasRoom: Bool { state.withLock { isOpen($0) } }
    var hasUnsent: Bool { state.withLock { $0.unsentBytes > 0 } }
    /// Nobody waits for an answer any more.
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Appends one answer.
    ///
    /// - Parameter requestBytes: of the request that is answered by it; `nil` for an event.
    func send(
        _ response: CQLResponse, stream: Int16, version: ProtocolVersion, requestBytes: Int?,
        notes: StatementNotes? = nil
    ) {
        guard let loop else { return }
        let warnings = notes?.warnings ?? []
        let tracingID = notes?.trace?.id
        let schedules = state.withLock { state in
            guard !state.isClosed else { return false }
            let before = state.writer.pendingBytes
            do {
                try state.writer.write(
                    ResponseEnvelope(response, tracingID: tracingID, warnings: warnings),
                    stream: stream, version: version)
            } catch {
                let failure = CQLServerError(.serverError, "the answer is too large: \(error)")
                try? state.writer.write(
                    ResponseEnvelope(.error(failure)), stream: stream, version: version)
            }
            let bytes = state.writer.pendingBytes - before
            state.unsentBytes += bytes
            budget?.take(bytes)
            if let requestBytes {
                state.answered += 1
                state.answeredBytes += requestBytes
            }
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if schedules { loop.execute(flush) }
    }

    /// Switches to compression or segments behind what was written before.
    func change(_ body: (inout FrameWriter) -> Void) {
        state.withLock { body(&$0.writer) }
    }

    func take() -> Taken {
        state.withLock { state in
            state.isScheduled = false
            defer {
                state.answered = 0
                state.answeredBytes = 0
            }
            let count = state.writer.pendingBytes
            return Taken(
                bytes: state.writer.flush(), answered: state.answered,
                answeredBytes: state.answeredBytes, answerBytes: count)
        }
    }

    // MARK: Clients that read slowly

    /// Keeps the work back while the client has too much to read, or all clients together have and
    /// this one has not read everything.
    ///
    /// - Parameter work: called once, later, when it was kept.
    func park(_ work: @escaping @Sendable () -> Void) -> Bool {
        guard budget != nil else { return false }
        return state.withLock { state in
            // Nobody reads the answer any more.
            guard !state.isClosed else { return true }
            guard !isOpen(state) else { return false }
            state.parked.append(work)
            return true
        }
    }

    /// Whether the client may be answered at once.
    private func isOpen(_ state: State) -> Bool {
        state.unsentBytes < StoreLimits.answerBytesWaitingMax
            && (state.unsentBytes == 0 || !(budget?.isFull ?? false))
    }

    /// So many bytes were sent, or never will be.
    func sent(_ count: Int) {
        budget?.give(count)
        let freed = state.withLock { state -> [@Sendable () -> Void] in
            guard !state.isClosed else { return [] }
            state.unsentBytes -= count
            guard !state.parked.isEmpty,
                state.unsentBytes == 0
                    || state.unsentBytes < StoreLimits.answerBytesWaitingMax / 2
                        && !(budget?.isFull ?? false)
            else { return [] }
            defer { state.parked = [] }
            return state.parked
        }
        for work in freed { work() }
    }

    /// The connection is gone. What was given to the channel comes back by `sent`.
    func close() {
        let inWriter = state.withLock { state in
            guard !state.isClosed else { return 0 }
            state.isClosed = true
            state.parked = []
            defer { state.writer = FrameWriter() }
            return state.writer.pendingBytes
        }
        budget?.give(inWriter)
    }
}
