// The console's HTTP API, called by commands in other terminals.

import AirflowClient
import AsyncHTTPClient
import Foundation
import MillraceBase
import NIOCore
import NIOHTTP1

/// JSON calls to a stack's console.
struct ConsoleConnection: Sendable {
    let endpoint: Endpoint

    private static let answerBytesMax = 64 << 20
    private static let timeout: TimeAmount = .seconds(60)

    /// - Parameters:
    ///   - given: what the person typed, named in a refusal; the path without it.
    ///   - next: what to type after a refusal.
    func get(
        _ path: String, given: String? = nil, next: String = "millrace status"
    ) async throws -> JSONValue {
        try await call(.GET, path, body: nil, given: given ?? path, next: next)
    }

    func post(
        _ path: String, _ body: JSONValue, given: String? = nil, next: String = "millrace status"
    ) async throws -> JSONValue {
        try await call(.POST, path, body: body, given: given ?? path, next: next)
    }

    private func call(
        _ method: HTTPMethod, _ path: String, body: JSONValue?, given: String, next: String
    ) async throws -> JSONValue {
        let address = endpoint.authorities(defaultPort: 9021)
        var request = HTTPClientRequest(url: "http://\(address)\(path)")
        request.method = method
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        let status: Int
        let bytes: ByteBuffer
        do {
            // Unlike the shared client it says at once that nobody listens any more.
            let answer = try await AirflowConnection.http.execute(request, timeout: Self.timeout)
            status = Int(answer.status.code)
            bytes = try await answer.body.collect(upTo: Self.answerBytesMax)
        } catch {
            throw Failure(
                "the console does not answer", at: endpoint.description, because: "\(error)",
                next: "millrace status")
        }
        let value = try? JSONValue(parsing: bytes.readableBytesView)
        guard status < 300, let value else {
            throw Failure(
                "the stack refuses", at: given,
                because: value?["detail"]?.string ?? "HTTP \(status)", next: next)
        }
        return value
    }
}
