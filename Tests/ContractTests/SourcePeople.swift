// What the tests of the source share: a scratch folder, and a server that misbehaves on purpose.

import Foundation
import MillraceBase
import NIOCore
import NIOPosix
import RandomUserClient
import Synchronization

enum SourceScratch {
    /// A folder of its own for each call; the test removes it.
    static func folder() throws -> URL {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "millrace-source-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }

    /// A record of our own making, good enough for `PersonRecord`.
    static func record(_ number: Int, mail: String? = nil) -> String {
        let digits = String(number)
        let uuid =
            "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
        return """
            {"gender":"female","name":{"title":"Ms","first":"Ada\(number)","last":"Field"},\
            "location":{"street":{"number":\(number),"name":"Mill Lane"},"city":"Salem",\
            "state":"Ohio","country":"United States","postcode":\(10_000 + number)},\
            "email":"\(mail ?? "ada\(number)@example.com")","login":{"uuid":"\(uuid)",\
            "username":"ada\(number)","password":"secret","salt":"salt"},\
            "dob":{"date":"1981-02-03T04:05:06.789Z","age":45},\
            "registered":{"date":"2012-11-10T09:08:07.006Z","age":14},"phone":"1","cell":"2",\
            "id":{"name":"","value":null},"picture":{"medium":"https://example.com/1.jpg"},\
            "nat":"US"}
            """
    }

    static func answer(_ numbers: some Sequence<Int>) -> String {
        let records = numbers.map { record($0) }.joined(separator: ",")
        return "{\"results\":[\(records)],\"info\":{\"seed\":\"x\",\"page\":1}}"
    }
}

/// One answer of a server that misbehaves.
enum SourceMisdeed: Sendable {
    case answer(status: String, headers: [String], body: String)
    /// Says more bytes are coming than it sends, then closes.
    case halfABody(String)
    /// Takes the call and never answers.
    case silence
    /// Closes at once.
    case hangUp

    static func good(_ body: String) -> Self { .answer(status: "200 OK", headers: [], body: body) }
}

/// Speaks just enough HTTP/1.1 to go wrong: each connection gets the next misdeed, the last one for
/// ever.
final class SourceMisbehavingServer: Sendable {
    private final class Script: Sendable {
        private let rest: Mutex<[SourceMisdeed]>
        private let count = Mutex(0)

        init(_ script: [SourceMisdeed]) { rest = Mutex(script) }

        func next() -> SourceMisdeed {
            count.withLock { $0 += 1 }
            return rest.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
        }

        var calls: Int { count.withLock { $0 } }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let script: Script
        private var seen = ""

        init(_ script: Script) { self.script = script }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            seen += String(buffer: unwrapInboundIn(data))
            guard seen.contains("\r\n\r\n") else { return }
            seen = ""
            switch script.next() {
            case .answer(let status, let headers, let body):
                let lines = headers.map { $0 + "\r\n" }.joined()
                send(
                    "HTTP/1.1 \(status)\r\ncontent-length: \(body.utf8.count)\r\n\(lines)"
                        + "connection: close\r\n\r\n\(body)", context)
            case .halfABody(let body):
                send("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n\(body)", context)
            case .silence: break
            case .hangUp: context.close(promise: nil)
            }
        }

        private func send(_ text: String, _ context: ChannelHandlerContext) {
            let channel = context.channel
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)))
                .whenComplete { _ in channel.close(promise: nil) }
        }
    }

    private let channel: any Channel
    private let script: Script

    init(_ misdeeds: SourceMisdeed...) async throws {
        let script = Script(misdeeds)
        self.script = script
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// How many calls came.
    var calls: Int { script.calls }

    var endpoint: Endpoint {
        Endpoint(
            scheme: "http", hosts: [.init("127.0.0.1", port: channel.localAddress?.port)],
            path: "/api/")
    }

    func close() async { try? await channel.close() }
}
