// One request to the API: its address, login and errors.

import AsyncHTTPClient
import MillraceBase
import NIOCore
import NIOHTTP1
import Synchronization

/// Sends requests, logs in when the URL has a user, and turns refusals into errors.
final class AirflowTransport: Sendable {
    /// `http://127.0.0.1:8080`, without a slash at its end; `nil` for a URL of something else.
    private let base: String?
    /// Without its password.
    private let shownAddress: String
    private let user: String?
    private let password: String
    private let http: HTTPClient
    private let token = Mutex<String?>(nil)

    init(_ endpoint: Endpoint, http: HTTPClient) {
        // `airflow+http://` marks a real Airflow in a stage's URL.
        let scheme = endpoint.scheme.replacing("airflow+", with: "")
        var path = endpoint.path
        while path.hasSuffix("/") { path.removeLast() }
        let isWeb = scheme == "http" || scheme == "https"
        base = isWeb ? endpoint.hosts.first.map { "\(scheme)://\($0)\(path)" } : nil
        shownAddress = endpoint.description
        user = endpoint.user
        password = endpoint.password ?? ""
        self.http = http
    }

    /// - Parameters:
    ///   - path: after `/api/v2`, with encoded segments.
    ///   - body: an object, for POST and PATCH.
    func call(
        _ method: HTTPMethod, _ path: String, body: JSONValue? = nil
    ) async throws(AirflowError) -> JSONValue {
        let path = "/api/v2" + path
        return try await Self.json(try await send(method, path, body), path)
    }

    /// The answer's body, read by the caller as it comes.
    func open(_ path: String) async throws(AirflowError) -> HTTPClientResponse.Body {
        let path = "/api/v2" + path
        let response = try await send(.GET, path, nil, AirflowClientLimits.waitTime)
        if response.status.code >= 300 { _ = try await Self.json(response, path) }
        return response.body
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue?,
        _ time: Duration = AirflowClientLimits.answerTime
    ) async throws(AirflowError) -> HTTPClientResponse {
        if user != nil, token.withLock({ $0 }) == nil { try await logIn() }
        let response = try await execute(method, path, body, time)
        guard response.status == .unauthorized, user != nil else { return response }
        // The token was for some hours only.
        try await logIn()
        return try await execute(method, path, body, time)
    }

    private func logIn() async throws(AirflowError) {
        token.withLock { $0 = nil }
        let path = "/auth/token"
        let login: JSONValue = [
            "username": .string(user ?? ""), "password": .string(password),
        ]
        let response = try await execute(.POST, path, login, AirflowClientLimits.answerTime)
        guard let text = try await Self.json(response, path)["access_token"]?.string else {
            throw AirflowError(.badAnswer, "access_token is missing", path: path)
        }
        token.withLock { $0 = text }
    }

    private func execute(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue?, _ time: Duration
    ) async throws(AirflowError) -> HTTPClientResponse {
        guard let base else {
            let why = "\(shownAddress) is no http:// address"
            throw AirflowError(.unreachable, why, path: path)
        }
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        request.headers.add(name: "accept", value: "application/json")
        if let token = token.withLock({ $0 }) {
            request.headers.add(name: "authorization", value: "Bearer \(token)")
        }
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        do {
            return try await http.execute(request, timeout: .nanoseconds(time.microseconds * 1_000))
        } catch {
            throw AirflowError(.unreachable, "\(shownAddress): \(error)", path: path)
        }
    }

    private static func json(
        _ response: HTTPClientResponse, _ path: String
    ) async throws(AirflowError) -> JSONValue {
        let bytes: ByteBuffer
        do {
            bytes = try await response.body.collect(upTo: AirflowClientLimits.answerBytesMax)
        } catch {
            throw AirflowError(.unreachable, "the answer broke off: \(error)", path: path)
        }
        let json = try? JSONValue(parsing: bytes.readableBytesView)
        let status = Int(response.status.code)
        guard (200..<300).contains(status) else {
            let text = String(buffer: bytes).prefix(AirflowClientLimits.shownCharactersMax)
            throw AirflowError(status: status, answer: json, text: String(text), path: path)
        }
        if bytes.readableBytes == 0 { return .null }
        guard let json else { throw AirflowError(.badAnswer, "it is no JSON", path: path) }
        return json
    }
}
