// Which path gets which answer.

import HTTPTypes
import Hummingbird
import MillraceBase
import NIOCore

struct ConsoleRouter: Sendable {
    let configuration: ConsoleConfiguration
    let watcher: ConsoleWatcher

    /// A body larger than this is refused: no call of ours needs more.
    private static let bodyBytesMax = 1 << 20

    var router: Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        router.get("/") { _, _ in Self.page }
        router.get("/events") { [watcher] _, _ in ConsoleEvents.response(from: watcher) }
        router.get("/health") { [watcher] _, _ in
            let health = await watcher.health()
            let isWell = health["status"]?.string == "healthy"
            return Self.json(health, status: isWell ? .ok : .serviceUnavailable)
        }
        router.get("/metrics") { [configuration] _, _ in
            Self.text(
                MetricsText.of(configuration.snapshot()),
                type: "text/plain; version=0.0.4; charset=utf-8")
        }
        router.get("/api/state") { [watcher] _, _ in Self.json(await watcher.state()) }
        for route in configuration.routes { add(route, to: router) }
        return router
    }

    private func add(_ route: ConsoleRoute, to router: Router<BasicRequestContext>) {
        let method: HTTPRequest.Method =
            switch route.method {
            case .get: .get
            case .post: .post
            }
        let names = route.path.split(separator: "/").filter { $0.hasPrefix("{") }
            .map { String($0.dropFirst().dropLast()) }
        router.on(RouterPath(route.path), method: method) {
            (request: Request, context: BasicRequestContext) async throws -> Response in
            guard Self.isOwn(request) else {
                return Self.json(
                    ["detail": "another site's page may not change anything here"],
                    status: .forbidden)
            }
            var asked = ConsoleRequest()
            for name in names {
                asked.parameters[name] = context.parameters.get(name).map {
                    PercentCoding.decoded($0)
                }
            }
            for (name, value) in request.uri.queryParameters {
                asked.query[String(name)] = String(value)
            }
            let body = try await request.body.collect(upTo: Self.bodyBytesMax)
            if body.readableBytes > 0 {
                guard let value = try? JSONValue(parsing: body.readableBytesView) else {
                    return Self.json(["detail": "the body is not JSON"], status: .badRequest)
                }
                asked.body = value
            }
            do throws(ConsoleRefusal) {
                return Self.json(try await route.answer(asked))
            } catch {
                return Self.json(
                    ["detail": .string(error.detail)], status: .init(code: error.status))
            }
        }
    }

    /// A browser names the page that a changing call comes from; only our own may make one.
    private static func isOwn(_ request: Request) -> Bool {
        guard request.method != .get, let origin = request.headers[.origin] else { return true }
        return origin == "http://" + (request.head.authority ?? "")
    }

    private static var page: Response {
        var response = text(Page.text, type: "text/html; charset=utf-8")
        response.headers[.contentSecurityPolicy] = Page.contentSecurityPolicy
        response.headers[.cacheControl] = "no-cache"
        return response
    }

    private static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
        var response = text(value.text, type: "application/json")
        response.status = status
        return response
    }

    private static func text(_ text: String, type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
