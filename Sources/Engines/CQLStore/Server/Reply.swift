// Where the answer to one request goes, and how errors of statements look on the wire.

import CQLProtocol

struct Reply: Sendable {
    let outbox: Outbox
    let stream: Int16
    let version: ProtocolVersion
    let requestBytes: Int
    /// What is told beside the result.
    let notes: StatementNotes
    /// What a failure says of the request.
    var terms = FailureTerms()

    /// For work of the store itself: no client is told how it went.
    static func nobody(_ notes: StatementNotes = StatementNotes()) -> Reply {
        Reply(outbox: Outbox(), stream: -1, version: .latest, requestBytes: 0, notes: notes)
    }

    func send(_ response: CQLResponse) {
        // The rows of the trace are on their way before the client can ask for them.
        notes.end()
        outbox.send(
            response, stream: stream, version: version, requestBytes: requestBytes, notes: notes)
    }

    func send(_ result: Result<CQLResult, StatementError>) {
        switch result {
        case .success(let result): send(.result(result))
        case .failure(let error): send(.error(error.wire(terms)))
        }
    }
}

/// What the errors of failed reads and writes say beside their text. Drivers decide by it whether a
/// write may be tried again: not one of kind COUNTER, for example.
struct FailureTerms: Sendable {
    var consistency: Consistency
    /// SIMPLE, BATCH, UNLOGGED_BATCH, COUNTER, CAS.
    var writeType: String

    init(_ consistency: Consistency = .one, _ writeType: String = "SIMPLE") {
        self.consistency = consistency
        self.writeType = writeType
    }

    /// Of a batch.
    init(_ consistency: Consistency, _ plans: [WritePlan], _ kind: CQLBatch.Kind) {
        self.consistency = consistency
        if plans.contains(where: \.isConditional) {
            writeType = "CAS"
        } else if plans.contains(where: \.table.isCounter) {
            writeType = "COUNTER"
        } else {
            switch kind {
            case .logged: writeType = "BATCH"
            case .unlogged: writeType = "UNLOGGED_BATCH"
            case .counter: writeType = "COUNTER"
            }
        }
    }
}

extension Compiled {
    func failureTerms(_ consistency: Consistency) -> FailureTerms {
        switch kind {
        case .write(let plan):
            FailureTerms(
                consistency,
                plan.isConditional ? "CAS" : plan.table.isCounter ? "COUNTER" : "SIMPLE")
        case .batch(let batch): FailureTerms(consistency, batch.plans, batch.kind)
        case .select, .schema, .use, .describe, .role: FailureTerms(consistency, "SIMPLE")
        }
    }
}

extension StatementError {
    var wire: CQLServerError { wire(FailureTerms()) }

    /// As it goes to the client.
    func wire(_ terms: FailureTerms) -> CQLServerError {
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
                    consistency: terms.consistency, received: 0, blockFor: 1,
                    failures: Self.thisNode, writeType: terms.writeType))
        case .readFailed:
            CQLServerError(
                .readFailure, message,
                .readFailure(
                    consistency: terms.consistency, received: 0, blockFor: 1,
                    failures: Self.thisNode, dataPresent: false))
        case .tooManyTombstones:
            CQLServerError(
                .readFailure, message,
                .readFailure(
                    consistency: .one, received: 0, blockFor: 1,
                    // READ_TOO_MANY_TOMBSTONES of Cassandra's RequestFailureReason.
                    failures: .init(
                        count: 1, reasons: [.init(address: NodeIdentity.loopback, code: 1)]),
                    dataPresent: false))
        case .functionFailed(let keyspace, let function, let arguments, _):
            CQLServerError(
                .functionFailure, message,
                .functionFailure(
                    keyspace: keyspace, function: function, argumentTypes: arguments))
        }
    }

    /// The one replica that there is, with the reason "unknown".
    private static let thisNode = CQLServerError.Failures(
        count: 1, reasons: [.init(address: NodeIdentity.loopback, code: 0)])
}
