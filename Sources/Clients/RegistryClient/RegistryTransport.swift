// One HTTP call to a registry, tried again while it makes sense.

import AsyncHTTPClient
import MillraceBase
import NIOCore
import NIOHTTP1

/// What a registry answered with.
struct RegistryAnswer: Sendable {
    var status: Int
    var body: JSONValue
}

struct RegistryTransport: Sendable {
    /// Without a trailing slash.
    let base: String
    private let http: HTTPClient
    private let authorization: String?
    private let patience: Duration

    static let contentType = "application/vnd.schemaregistry.v1+json"

    init(_ endpoint: Endpoint, http: HTTPClient, patience: Duration) {
        self.patience = patience
        let host = endpoint.hosts.first ?? .init("127.0.0.1")
        let scheme = endpoint.scheme == "https" ? "https" : "http"
        let defaultPort = scheme == "https" ? 443 : 8081
        let authority = Endpoint.Host(host.name, port: host.port ?? defaultPort).description
        let path = endpoint.path.hasSuffix("/") ? String(endpoint.path.dropLast()) : endpoint.path
        base = "\(scheme)://\(authority)\(path)"
        self.http = http
        authorization = endpoint.user.map { user in
            let plain = Array("\(user):\(endpoint.password ?? "")".utf8)
            return "Basic " + Base64.encoded(plain)
        }
    }

    /// - Parameter path: with its leading slash, encoded.
    func call(_ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil)
        async throws(RegistryError) -> JSONValue
    {
        var failures = 0
        let end = ContinuousClock.now + patience
        while true {
            let reason: String
            do throws(TryError) {
                let limit = min(RegistryLimits.tryWait, end - .now)
                let answer = try await once(method, path, body, within: limit)
                if answer.status < 500 { return try Self.checked(answer) }
                reason = "HTTP \(answer.status)"
            } catch {
                switch error {
                case .failed(let why): reason = why
                case .final(let final): throw final
                }
            }
            failures += 1
            guard let wait = RegistryLimits.backoff.wait(afterFailures: failures),
                .now + wait < end
            else {
                throw .unreachable(url: base, reason: reason)
            }
            do { try await Task.sleep(for: wait) } catch { throw .cancelled }
        }
    }

    private enum TryError: Error {
        case failed(String)
        case final(RegistryError)
    }

    private func once(
        _ method: HTTPMethod, _ path: String, _ body: JSONValue?, within limit: Duration
    ) async throws(TryError) -> RegistryAnswer {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        request.headers.add(name: "accept", value: Self.contentType)
        if let authorization { request.headers.add(name: "authorization", value: authorization) }
        if let body {
            request.headers.add(name: "content-type", value: Self.contentType)
            request.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        var status = 0
        do {
            let response = try await http.execute(request, timeout: TimeAmount(limit))
            status = Int(response.status.code)
            let bytes = try await response.body.collect(upTo: RegistryLimits.answerBytesMax)
            return RegistryAnswer(
                status: status, body: try JSONValue(parsing: bytes.readableBytesView))
        } catch is CancellationError {
            throw .final(.cancelled)
        } catch let error as JSONError {
            if status >= 500 { return RegistryAnswer(status: status, body: .null) }
            throw .final(.badAnswer("\(method.rawValue) \(path): HTTP \(status), \(error)"))
        } catch let error as HTTPClientError where error == .cancelled {
            throw .final(.cancelled)
        } catch {
            throw .failed("\(error)")
        }
    }

    private static func checked(_ answer: RegistryAnswer) throws(TryError) -> JSONValue {
        guard answer.status >= 400 else { return answer.body }
        let code = answer.body["error_code"]?.int ?? answer.status
        let message = answer.body["message"]?.string ?? "HTTP \(answer.status)"
        throw .final(.refused(code: code, message: message))
    }
}

/// RFC 4648, for the header of basic authentication.
enum Base64 {
    private static let letters = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encoded(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(0) { $0 << 8 | Int($1) }
            bits <<= 8 * (3 - group.count)
            for place in 0..<4 {
                let isPadding = place > group.count
                let letter = letters[bits >> (18 - 6 * place) & 63]
                out.append(isPadding ? UInt8(ascii: "=") : letter)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
