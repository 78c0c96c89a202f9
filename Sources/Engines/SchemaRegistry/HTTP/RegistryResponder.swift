// HTTP to the API's values and back: paths, types, names and passwords, errors.

import HTTPTypes
import Hummingbird
import Logging
import MillraceBase
import NIOCore

struct RegistryResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let api: RegistryAPI
    let users: RegistryUsers?
    let logger: Logger

    func respond(to request: Request, context: Context) async throws -> Response {
        var type = MediaType.standard
        var response: Response
        do throws(APIError) {
            type = try MediaType.answer(accepted: request.headers[.accept])
            if request.method == .options { return try options(request) }
            let answer = try await api.answer(try await parsed(request))
            response = Self.response(answer, type)
        } catch {
            logger.debug(
                "refused",
                metadata: ["path": "\(request.uri.path)", "code": "\(error.code)"])
            response = Self.response(error, type)
        }
        response.headers.append(contentsOf: Self.always)
        if request.method == .head { response = response.createHeadResponse() }
        return response
    }

    private func options(_ request: Request) throws(APIError) -> Response {
        if let users, !users.allows(request.headers[.authorization]) { throw .unauthorized }
        let path = RegistryPath(path: request.uri.path, query: "")
        guard let route = path.flatMap({ RegistryRoute(segments: $0.segments) }) else {
            throw .notFound
        }
        let names = route.methods.map(\.rawValue) + (route.methods.contains(.get) ? ["HEAD"] : [])
        return Response(
            status: .ok, headers: [.allow: (names + ["OPTIONS"]).joined(separator: ", ")])
    }

    /// Confluent's registry says the same by default: no answer may be kept by anybody between.
    private static let always: HTTPFields = {
        var headers: HTTPFields = [.cacheControl: "no-cache, no-store, must-revalidate"]
        for (name, value) in [
            ("X-XSS-Protection", "1; mode=block"), ("X-Content-Type-Options", "nosniff"),
        ] {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return headers
    }()

    private func parsed(_ request: Request) async throws(APIError) -> RegistryRequest {
        if let users, !users.allows(request.headers[.authorization]) { throw .unauthorized }
        let path = RegistryPath(path: request.uri.path, query: request.uri.query ?? "")
        guard let path, let route = RegistryRoute(segments: path.segments) else { throw .notFound }
        let name = request.method == .head ? "GET" : request.method.rawValue
        guard let method = RegistryRequest.Method(rawValue: name) else { throw .methodNotAllowed }
        var parsed = RegistryRequest(method: method, route: route, query: path.query)
        parsed.acceptsUnknown =
            request.headers[Self.acceptUnknown]?.lowercased() == "true"
        if method == .get { return parsed }
        // A page of another origin must not change anything in a person's browser.
        if let origin = request.headers[.origin],
            origin.split(separator: "/").last.map(String.init) != request.head.authority
        {
            throw .foreignOrigin
        }
        guard method != .delete else { return parsed }
        try MediaType.check(body: request.headers[.contentType])
        do {
            let body = try await request.body.collect(upTo: RegistryServerLimits.requestBytesMax)
            parsed.body = MediaType.utf8(
                Array(body.readableBytesView), header: request.headers[.contentType])
        } catch { throw .schemaTooLarge }
        return parsed
    }

    /// Confluent's clients of today send it; they know all members.
    private static let acceptUnknown =
        HTTPField.Name("Confluent-Accept-Unknown-Properties")
        ?? .accept

    private static func response(_ answer: RegistryAnswer, _ type: MediaType) -> Response {
        if case .none = answer { return Response(status: .noContent) }
        return Response(
            status: .ok, headers: [.contentType: type.rawValue],
            body: .init(byteBuffer: ByteBuffer(bytes: answer.bytes)))
    }

    private static func response(_ error: APIError, _ type: MediaType) -> Response {
        let body: JSONValue = [
            "error_code": JSONValue(error.code), "message": .string(error.message),
        ]
        var headers: HTTPFields = [.contentType: type.rawValue]
        if error.status == 401 { headers[.wwwAuthenticate] = "Basic realm=\"SchemaRegistry\"" }
        return Response(
            status: .init(code: error.status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: body.bytes)))
    }
}
