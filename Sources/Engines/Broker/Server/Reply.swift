// The way back to the connection a request came from.

import KafkaProtocol
import MillraceBase
import NIOCore

/// Answers one request, once, from any thread. Says too who asked, and by which listener.
struct Reply: Sendable {
    let header: RequestHeader
    /// Who the client is and how it came; the same for all requests until it authenticates anew.
    let session: ClientSession
    private let number: UInt64
    private let connection: NIOLoopBound<ConnectionHandler>
    let eventLoop: any EventLoop
    /// How long the client is told to wait, and is not heard: it is over its quota. 0: not at all.
    private(set) var throttleMilliseconds: Int32 = 0

    init(
        _ header: RequestHeader, number: UInt64, session: ClientSession,
        connection: NIOLoopBound<ConnectionHandler>, eventLoop: any EventLoop
    ) {
        self.header = header
        self.number = number
        self.session = session
        self.connection = connection
        self.eventLoop = eventLoop
    }

    var principal: KafkaPrincipal { session.principal }
    var listenerName: String { session.listenerName }
    /// The client's address as group members show it: `/127.0.0.1`.
    var clientHost: String { "/" + session.address }
    /// The client's address as ACLs name it: `127.0.0.1`.
    var clientAddress: String { session.address }

    /// Writes the answer on this thread and hands its bytes to the connection.
    func send<Request: KafkaRequest>(_ request: Request.Type, _ response: Request.Response) {
        do throws(WireError) {
            let response = throttleMilliseconds > 0 ? withThrottle(response) : response
            let pieces = try request.responseFrame(
                response, version: header.apiVersion, correlationID: header.correlationID)
            send(pieces)
        } catch {
            // An answer too long for its protocol; the client will ask again on a new connection.
            close()
        }
    }

    /// The same request's answer, after which the client has to wait for so long at least.
    func throttled(_ milliseconds: Int32) -> Reply {
        var other = self
        other.throttleMilliseconds = max(throttleMilliseconds, milliseconds)
        return other
    }

    /// - Parameter pieces: empty for a request that is not answered.
    func send(_ pieces: [ByteBuffer]) { send(parts: pieces.map { .bytes($0) }) }

    /// The same with parts of files in it.
    func send(parts pieces: [AnswerPiece]) {
        onConnection { [throttleMilliseconds] in
            if throttleMilliseconds > 0 { $0.mute(throttleMilliseconds) }
            $0.answered(number, pieces)
        }
    }

    /// Ends the connection: the request is no request, or cannot be answered.
    func close() { onConnection { $0.close() } }

    func onConnection(_ body: @escaping @Sendable (ConnectionHandler) -> Void) {
        if eventLoop.inEventLoop {
            body(connection.value)
        } else {
            eventLoop.execute { [connection] in body(connection.value) }
        }
    }
}
