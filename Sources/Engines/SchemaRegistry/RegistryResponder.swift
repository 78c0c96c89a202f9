// HTTP to the API's values and back.

import HTTPTypes
import Hummingbird
import Logging
import MillraceBase
import NIOCore

enum RegistryResponder {
    typealias Responder = CallbackResponder<BasicRequestContext>

    private static let contentType = "application/vnd.schemaregistry.v1+json"

    static func make(_ api: RegistryAPI, logger: Logger) -> Responder {
        CallbackResponder { request, _ in
            do throws(APIError) {
                let answer = try await api.answer(try await Self.parsed(request))
                return response(200, answer.bytes)
            } catch {
                logger.debug(
                    "refused",
                    metadata: ["path": "\(request.uri.path)", "code": "\(error.code)"])
                let body: JSONValue = [
                    "error_code": JSONValue(error.code), "message": .string(error.message),
                ]
                return response(error.status, body.bytes)
            }
        }
    }

    private static func parsed(_ request: Request) async throws(APIError) -> RegistryRequest {
        guard let route = RegistryRoute(path: request.uri.path) else { throw .notFound }
        guard let method = RegistryRequest.Method(rawValue: request.method.rawValue) else {
            throw .methodNotAllowed
        }
        var parsed = RegistryRequest(
            method: method, route: route, query: query(request.uri.query ?? ""))
        guard method == .post || method == .put else { return parsed }
        do {
            let body = try await request.body.collect(
                upTo: RegistryServerLimits.requestBytesMax)
            parsed.body = Array(body.readableBytesView)
        } catch { throw .tooLarge }
        return parsed
    }

    private static func query(_ text: String) -> [String: String] {
        var query: [String: String] = [:]
        for part in text.split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = RegistryRoute.decoded(halves[0]) else { continue }
            let value = halves.count == 2 ? halves[1].replacing("+", with: " ") : ""
            query[name] = RegistryRoute.decoded(value) ?? String(value)
        }
        return query
    }

    private static func response(_ status: Int, _ bytes: [UInt8]) -> Response {
        Response(
            status: .init(code: status), headers: [.contentType: contentType],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
