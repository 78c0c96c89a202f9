// What the console is started with: where it listens, what it looks at, who answers its questions.

package import MillraceBase
package import MillraceLanding
package import StreamPlan

package struct ConsoleConfiguration: Sendable {
    package var host: String
    /// 0 takes a free one.
    package var port: Int
    /// The other stages, by their setting's name (`kafka`, `store`, …), as a client dials them.
    package var addresses: [String: Endpoint] = [:]
    /// What the console itself dials where the address asks who one is; never shown.
    package var insideKafka: Endpoint?
    /// What the stages did since the stack started.
    package var snapshot: @Sendable () -> StageProgress.Snapshot = { .init() }
    /// The streaming queries, whichever runner runs them.
    package var queries: @Sendable () async -> [StreamQueryStatus] = { [] }
    /// Counts of the landing and the people landed last; `nil` when it cannot be asked.
    package var landing: @Sendable () async -> (counts: LandingCounts, latest: [LandedPerson])? = {
        nil
    }
    /// Which of these ids can be read from the store.
    package var stored: @Sendable ([String]) async -> Set<String> = { _ in [] }
    /// Calls that only the stack itself can answer, served beside the console's own.
    package var routes: [ConsoleRoute] = []

    package init(host: String = "127.0.0.1", port: Int = 9021) {
        self.host = host
        self.port = port
    }
}

/// One JSON call of the console's HTTP API.
package struct ConsoleRoute: Sendable {
    package enum Method: String, Sendable { case get = "GET", post = "POST" }

    package var method: Method
    /// Segments in braces are parameters: `/api/queries/{name}`.
    package var path: String
    package var answer: @Sendable (ConsoleRequest) async throws(ConsoleRefusal) -> JSONValue

    package init(
        _ method: Method, _ path: String,
        answer: @escaping @Sendable (ConsoleRequest) async throws(ConsoleRefusal) -> JSONValue
    ) {
        self.method = method
        self.path = path
        self.answer = answer
    }
}

package struct ConsoleRequest: Sendable {
    /// Segments of the path that stood in braces, percent-decoded.
    package var parameters: [String: String] = [:]
    /// What stands after `?`, percent-decoded.
    package var query: [String: String] = [:]
    /// `nil` for a request without a body.
    package var body: JSONValue?
}

/// An answer other than 200: `{"detail": …}` with the status.
package struct ConsoleRefusal: Error, Sendable {
    package var status: Int
    package var detail: String

    package init(_ status: Int, _ detail: String) {
        self.status = status
        self.detail = detail
    }
}

package enum ConsoleError: Error, Sendable, Equatable, CustomStringConvertible {
    case portTaken(Int)
    case cannotListen(String)

    package var description: String {
        switch self {
        case .portTaken(let port): "the port \(port) is taken"
        case .cannotListen(let why): "cannot listen: \(why)"
        }
    }
}
