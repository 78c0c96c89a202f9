// From an HTTP request to an answer of the API, and back.

import Hummingbird
import Logging
import MillraceBase
import NIOCore

struct AirflowResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let api: AirflowAPI
    let logger: Logger

    func respond(to request: Request, context: Context) async throws -> Response {
        do throws(AirflowRefusal) {
            let parsed = try await Self.parsed(request)
            let answer = try await api.answer(parsed)
            let response = Self.response(answer)
            return parsed.method == .head ? response.createHeadResponse() : response
        } catch {
            logger.debug("refused", metadata: ["status": "\(error.status)"])
            return Self.response(AirflowAnswer(status: error.status, body: .json(error.json)))
        }
    }

    private static func parsed(_ request: Request) async throws(AirflowRefusal) -> AirflowRequest {
        guard let method = AirflowRequest.Method(rawValue: request.method.rawValue) else {
            throw .methodNotAllowed
        }
        // A page of another origin must not trigger anything in a person's browser.
        if method != .get, method != .head, let origin = request.headers[.origin],
            origin.split(separator: "/").last.map(String.init) != request.head.authority
        {
            throw AirflowRefusal(403, "Requests from other origins are refused")
        }
        let segments = request.uri.path.split(separator: "/").map { PercentCoding.decoded($0) }
        var body: JSONValue?
        if method == .post || method == .patch {
            guard
                let bytes = try? await request.body.collect(
                    upTo: OrchestratorLimits.requestBytesMax)
            else {
                throw AirflowRefusal(
                    413, "A body has at most \(OrchestratorLimits.requestBytesMax) bytes")
            }
            if bytes.readableBytes > 0 {
                do { body = try JSONValue(parsing: bytes.readableBytesView) } catch {
                    throw .invalid("body", error.description)
                }
            }
        }
        var parsed = AirflowRequest(
            method: method, path: segments, query: request.uri.query ?? "", body: body)
        parsed.wantsLines = request.headers[.accept]?.contains("ndjson") ?? false
        return parsed
    }

    private static func response(_ answer: AirflowAnswer) -> Response {
        let status = HTTPResponse.Status(code: answer.status)
        switch answer.body {
        case .none: return Response(status: status)
        case .json(let json):
            return Response(
                status: status, headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
        case .lines(let lines):
            let body = ResponseBody { writer in
                for await line in lines {
                    try await writer.write(ByteBuffer(bytes: line.bytes + [UInt8(ascii: "\n")]))
                }
                try await writer.finish(nil)
            }
            return Response(
                status: status, headers: [.contentType: "application/x-ndjson"], body: body)
        }
    }
}
