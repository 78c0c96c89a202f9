// What a connection has to say: answers from all threads, sent together.

import CQLProtocol
import MillraceBase
import NIOCore
import Synchronization

/// Takes responses from any thread; one task on the event loop sends all that came meanwhile, so a
/// hundred answers cost one system call.
final class Outbox: Sendable {
    private struct State: Sendable {
        var writer = FrameWriter()
        var isScheduled = false
        var answered = 0
        var answeredBytes = 0
        var keyspace: String?
        var driver = ""
    }

    private let state = Mutex(State())
    private let loop: any EventLoop
    /// Called on the event loop: takes what is there and sends it.
    private let flush: @Sendable () -> Void

    init(loop: any EventLoop, flush: @escaping @Sendable () -> Void) {
        self.loop = loop
        self.flush = flush
    }

    /// The keyspace of names without one.
    var keyspace: String? {
        get { state.withLock { $0.keyspace } }
        set { state.withLock { $0.keyspace = newValue } }
    }

    /// Appends one answer.
    ///
    /// - Parameter requestBytes: of the request that is answered by it; `nil` for an event.
    func send(
        _ response: CQLResponse, stream: Int16, version: ProtocolVersion, requestBytes: Int?
    ) {
        let schedules = state.withLock { state in
            do {
                try state.writer.write(ResponseEnvelope(response), stream: stream, version: version)
            } catch {
                let failure = CQLServerError(.serverError, "the answer is too large: \(error)")
                try? state.writer.write(
                    ResponseEnvelope(.error(failure)), stream: stream, version: version)
            }
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

    /// Everything to be sent now, and how many requests that answers.
    func take() -> (bytes: ByteBuffer?, answered: Int, answeredBytes: Int) {
        state.withLock { state in
            state.isScheduled = false
            defer {
                state.answered = 0
                state.answeredBytes = 0
            }
            return (state.writer.flush(), state.answered, state.answeredBytes)
        }
    }
}

/// Where the answer to one request goes.
struct Reply: Sendable {
    let outbox: Outbox
    let stream: Int16
    let version: ProtocolVersion
    let requestBytes: Int

    func send(_ response: CQLResponse) {
        outbox.send(response, stream: stream, version: version, requestBytes: requestBytes)
    }

    func send(_ result: Result<CQLResult, StatementError>) {
        switch result {
        case .success(let result): send(.result(result))
        case .failure(let error): send(.error(error.wire))
        }
    }
}

extension StatementError {
    /// As it goes to the client.
    var wire: CQLServerError {
        switch self {
        case .server: CQLServerError(.serverError, message)
        case .protocolViolation: CQLServerError(.protocolError, message)
        case .badCredentials: CQLServerError(.badCredentials, message)
        case .overloaded: CQLServerError(.overloaded, message)
        case .syntax: CQLServerError(.syntaxError, message)
        case .unauthorized: CQLServerError(.unauthorized, message)
        case .invalid: CQLServerError(.invalid, message)
        case .configuration: CQLServerError(.configurationError, message)
        case .alreadyExists(let keyspace, let table):
            CQLServerError(
                .alreadyExists, message, .alreadyExists(keyspace: keyspace, table: table))
        case .unprepared(let id): CQLServerError(.unprepared, message, .unprepared(id: id))
        case .writeFailed:
            CQLServerError(
                .writeFailure, message,
                .writeFailure(
                    consistency: .one, received: 0, blockFor: 1, failures: .init(count: 1),
                    writeType: "SIMPLE"))
        case .readFailed:
            CQLServerError(
                .readFailure, message,
                .readFailure(
                    consistency: .one, received: 0, blockFor: 1, failures: .init(count: 1),
                    dataPresent: false))
        }
    }
}
