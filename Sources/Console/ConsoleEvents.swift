// Server-sent events: the state of the stack, as often as it changes.

import Hummingbird
import MillraceBase
import NIOCore
import ServiceLifecycle

enum ConsoleEvents {
    /// How often a listener gets a new state, at most.
    static let pause: Duration = .milliseconds(400)
    /// A line that says nothing is sent after this many equal states, so that proxies keep the
    /// connection and a listener that went away is noticed.
    private static let quietRoundsMax = 25

    /// Source: HTML Living Standard, section 9.2 (server-sent events).
    static func response(from watcher: ConsoleWatcher) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: .init { writer in
                // A listener that goes away shows as a failed write: that ends it like a shutdown.
                try? await send(from: watcher, to: &writer)
                try await writer.finish(nil)
            })
    }

    private static func send(
        from watcher: ConsoleWatcher, to writer: inout any ResponseBodyWriter
    ) async throws {
        var sent = JSONValue.null
        var quietRounds = 0
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            let state = await watcher.state()
            if watcher.isDifferent(state, from: sent) || quietRounds >= quietRoundsMax {
                try await writer.write(ByteBuffer(string: "event: state\ndata: \(state.text)\n\n"))
                sent = state
                quietRounds = 0
            } else {
                quietRounds += 1
            }
            try await Task.sleep(for: pause)
        }
    }
}
