// The requests of one connection: which may run, and which answer goes out next.

import KafkaProtocol
import NIOCore

/// A request whose header was read.
struct IncomingRequest: Sendable {
    var header: RequestHeader
    var key: ApiKey
    /// The bytes behind the header.
    var body: ByteBuffer
    var sizeBytes: Int
}

/// Keeps a connection's requests in order, as a value.
///
/// Kafka works on one request of a connection at a time. So do we, but for Produce: those that follow
/// each other run together, so that five batches in flight share a flush; their logs keep the order.
///
/// Invariants: answers go out in the order of the requests; while anything but Produce runs, it runs
/// alone.
struct RequestQueue {
    private struct Running {
        var number: UInt64
        var isProduce: Bool
        var sizeBytes: Int
        /// `nil` until it is answered.
        var answer: [AnswerPiece]?
    }

    private var waiting: [IncomingRequest] = []
    private var running: [Running] = []
    private var nextNumber: UInt64 = 0

    var count: Int { waiting.count + running.count }
    var isEmpty: Bool { waiting.isEmpty && running.isEmpty }

    mutating func received(_ request: IncomingRequest) { waiting.append(request) }

    /// The API of the request that would be started next.
    var nextKey: ApiKey? { waiting.first?.key }

    /// - Returns: the request to be started now and the number to answer it by; `nil` when none may.
    mutating func start() -> (request: IncomingRequest, number: UInt64)? {
        guard let request = waiting.first else { return nil }
        let isProduce = request.key == .produce
        let mayJoin =
            isProduce && running.count < Limits.producesRunningPerConnectionMax
            && running.allSatisfy(\.isProduce)
        guard running.isEmpty || mayJoin else { return nil }
        waiting.removeFirst()
        nextNumber += 1
        running.append(
            Running(number: nextNumber, isProduce: isProduce, sizeBytes: request.sizeBytes))
        return (request, nextNumber)
    }

    /// - Parameter pieces: what goes out; empty for a request that is not answered.
    mutating func answered(_ number: UInt64, _ pieces: [AnswerPiece]) {
        guard let position = running.firstIndex(where: { $0.number == number }) else { return }
        precondition(running[position].answer == nil, "a request was answered twice")
        running[position].answer = pieces
    }

    /// - Returns: the next answer to go out and its request's size; `nil` when it is not there yet.
    mutating func takeAnswer() -> (pieces: [AnswerPiece], sizeBytes: Int)? {
        guard let first = running.first, let answer = first.answer else { return nil }
        running.removeFirst()
        return (answer, first.sizeBytes)
    }

    /// Bytes of all requests that have not been answered; to be given back when a connection ends.
    var sizeBytes: Int {
        waiting.reduce(0) { $0 + $1.sizeBytes } + running.reduce(0) { $0 + $1.sizeBytes }
    }
}
