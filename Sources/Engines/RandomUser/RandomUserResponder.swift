// From an HTTP request to an answer of the API.

import Hummingbird
import MillraceBase
import NIOCore

/// Serves `/api`, `/api/` and `/api/1.4`; all else is the API's 404. Older versions of the API are
/// not served: their shapes differ, and asking for one says so by 404.
struct RandomUserResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let window: PeopleWindow
    let clock: WallClock

    func respond(to request: Request, context: Context) async throws -> Response {
        guard request.method == .get || request.method == .head else {
            return plain(.methodNotAllowed, "Method Not Allowed")
        }
        let path = request.uri.path.split(separator: "/")
        guard path == ["api"] || path == ["api", "1.4"] else {
            return plain(.notFound, "Not Found")
        }
        let now = clock.milliseconds()
        let query = RandomUserQuery(request.uri.query ?? "", drawSeed: Self.drawSeed)
        if let refusal = window.take(query.results, now: now) { return refused(refusal) }
        let answer = await PeopleAnswer.made(for: query, now: now)
        var response = made(.ok, answer.contentType, answer.body)
        if let name = answer.fileName {
            response.headers[.contentDisposition] = "attachment; filename=\"\(name)\""
        }
        return request.method == .head ? response.createHeadResponse() : response
    }

    private static func drawSeed() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private func refused(_ refusal: PeopleWindow.Refusal) -> Response {
        let body: JSONValue = [
            "error": .string(
                "Whoa, ease up there cowboy. You've requested \(refusal.people) users in the last "
                    + "minute. Help us keep this service free and spare some bandwidth for other "
                    + "users please :)")
        ]
        var response = made(.tooManyRequests, "application/json; charset=utf-8", body.bytes)
        response.headers[.retryAfter] = String(refusal.seconds)
        return response
    }

    private func plain(_ status: HTTPResponse.Status, _ text: String) -> Response {
        made(status, "text/plain; charset=utf-8", Array(text.utf8))
    }

    private func made(
        _ status: HTTPResponse.Status, _ contentType: String, _ body: [UInt8]
    ) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = contentType
        headers[.cacheControl] = "no-cache"
        headers[.accessControlAllowOrigin] = "*"
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}
