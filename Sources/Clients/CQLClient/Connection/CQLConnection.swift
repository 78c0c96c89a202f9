// One connection as the session sees it: safe to use from any task.

import CQLProtocol
import NIOCore
import Synchronization

/// A connection that is past its handshake.
final class CQLConnection: Sendable {
    let host: String
    /// The pool's number of the node at the other end.
    let node: Int
    let version: ProtocolVersion
    private let channel: any Channel
    private let handler: NIOLoopBound<ConnectionHandler>
    /// What is to be handed to the event loop; whoever finds it empty wakes the loop.
    private let inbox = Mutex<[Submission]>([])

    private enum Submission: Sendable {
        case request(PendingRequest)
        case cancel(PendingRequest)
    }

    init(
        channel: any Channel, handler: NIOLoopBound<ConnectionHandler>, host: String,
        node: Int, version: ProtocolVersion
    ) {
        self.channel = channel
        self.handler = handler
        self.host = host
        self.node = node
        self.version = version
    }

    /// The port of the server that was dialed.
    var remotePort: Int? { channel.remoteAddress?.port }

    var isActive: Bool { channel.isActive }

    /// Calls back when the connection is gone.
    func whenClosed(_ body: @escaping @Sendable () -> Void) {
        channel.closeFuture.whenComplete { _ in body() }
    }

    /// - Throws: the server's error as `.server`; `.cancelled` when the task is.
    func send(
        _ request: RequestEnvelope, timeout: Duration
    ) async throws(CQLError) -> ResponseEnvelope {
        let pending = PendingRequest(request, timeout: timeout)
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                pending.start(continuation)
                submit(.request(pending))
            }
        } onCancel: {
            pending.isCancelled.store(true, ordering: .releasing)
            submit(.cancel(pending))
        }
        return try answer.get()
    }

    /// For the client's own questions: calls back on the event loop.
    func send(
        _ request: RequestEnvelope, timeout: Duration,
        _ answered: @escaping @Sendable (PendingRequest.Answer) -> Void
    ) {
        let pending = PendingRequest(request, timeout: timeout)
        pending.start(answered)
        submit(.request(pending))
    }

    /// Calls back on the event loop for each event, from the next REGISTER on.
    func onEvent(_ body: @escaping @Sendable (CQLEvent) -> Void) {
        channel.eventLoop.execute { [handler] in handler.value.onEvent = body }
    }

    /// Writes rows until there are none left or something went wrong.
    ///
    /// - Returns: what went wrong here; the rows not written were given back to `work`.
    func run(
        _ work: BulkWrite, statement: PreparedStatement, consistency: Consistency,
        inFlightMax: Int, timeout: Duration
    ) async -> CQLError? {
        let state = statement.state
        return await withCheckedContinuation { continuation in
            channel.eventLoop.execute { [handler, version, node] in
                let run = BulkRun(
                    work, node: node, statement: state, consistency: consistency, version: version,
                    inFlightMax: inFlightMax, timeout: timeout
                ) { continuation.resume(returning: $0) }
                handler.value.submit(run)
            }
        }
    }

    func closeSoon() { channel.eventLoop.execute { [handler] in handler.value.shutDown() } }

    func close() async {
        closeSoon()
        // The channel's own error is of no interest: it is gone either way.
        _ = try? await channel.closeFuture.get()
    }

    private func submit(_ submission: Submission) {
        let isFirst = inbox.withLock { inbox in
            inbox.append(submission)
            return inbox.count == 1
        }
        guard isFirst else { return }
        channel.eventLoop.execute { self.deliver() }
    }

    /// On the event loop.
    private func deliver() {
        let submissions = inbox.withLock { inbox in
            defer { inbox.removeAll(keepingCapacity: true) }
            return inbox
        }
        for submission in submissions {
            switch submission {
            case .request(let request): handler.value.submit(request)
            case .cancel(let request): handler.value.cancel(request)
            }
        }
    }
}
