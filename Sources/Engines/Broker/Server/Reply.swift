// The way back to the connection a request came from.

import KafkaProtocol
import MillraceBase
import NIOCore

/// Answers one request, once, from any thread.
struct Reply: Sendable {
    let header: RequestHeader
    /// The client's address, for group members: `/127.0.0.1`.
    let clientHost: String
    private let number: UInt64
    private let connection: NIOLoopBound<ConnectionHandler>
    let eventLoop: any EventLoop

    init(
        _ header: RequestHeader, number: UInt64, clientHost: String,
        connection: NIOLoopBound<ConnectionHandler>, eventLoop: any EventLoop
    ) {
        self.header = header
        self.number = number
        self.clientHost = clientHost
        self.connection = connection
        self.eventLoop = eventLoop
    }

    /// Writes the answer on this thread and hands its bytes to the connection.
    func send<Request: KafkaRequest>(_ request: Request.Type, _ response: Request.Response) {
        do throws(WireError) {
            let pieces = try request.responseFrame(
                response, version: header.apiVersion, correlationID: header.correlationID)
            send(pieces)
        } catch {
            // An answer too long for its protocol; the client will ask again on a new connection.
            close()
        }
    }

    /// - Parameter pieces: empty for a request that is not answered.
    func send(_ pieces: [ByteBuffer]) {
        onConnection { $0.answered(number, pieces) }
    }

    /// Ends the connection: the request is no request, or cannot be answered.
    func close() { onConnection { $0.close() } }

    private func onConnection(_ body: @escaping @Sendable (ConnectionHandler) -> Void) {
        if eventLoop.inEventLoop {
            body(connection.value)
        } else {
            eventLoop.execute { [connection] in body(connection.value) }
        }
    }
}
