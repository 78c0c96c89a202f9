// One HTTP call to a registry, tried again while it makes sense, on each of its addresses.

import AsyncHTTPClient
import MillraceBase
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization

/// What a registry answered with.
struct RegistryAnswer: Sendable {
    var status: Int
    var body: JSONValue
}

/// The address that answered last; it is asked first.
private final class PreferredAddress: Sendable {
    private let value = Atomic(0)

    var index: Int {
        get { value.load(ordering: .relaxed) }
        set { value.store(newValue, ordering: .relaxed) }
    }
}

struct RegistryTransport: Sendable {
    /// Without trailing slashes; the first that answers is used.
    let bases: [String]
    private let http: HTTPClient
    private let credentials: RegistryCredentials
    private let patience: Duration
    /// Who is trusted, when it is not those whom the system trusts.
    private let tls: TLSConfiguration?
    private let preferred = PreferredAddress()

    /// The option that names a file with the certificates to trust.
    static let authority = "ssl.ca.location"
    static let contentType = "application/vnd.schemaregistry.v1+json"

    init(
        _ endpoint: Endpoint, credentials: RegistryCredentials?, http: HTTPClient,
        patience: Duration
    ) {
        self.patience = patience
        self.http = http
        let scheme = endpoint.scheme == "https" ? "https" : "http"
        let defaultPort = scheme == "https" ? 443 : 8081
        let path = endpoint.path.hasSuffix("/") ? String(endpoint.path.dropLast()) : endpoint.path
        let hosts = endpoint.hosts.isEmpty ? [.init("127.0.0.1")] : endpoint.hosts
        bases = hosts.map { host in
            let authority = Endpoint.Host(host.name, port: host.port ?? defaultPort).description
            return "\(scheme)://\(authority)\(path)"
        }
        tls = endpoint.options[Self.authority].map { path in
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .file(path)
            return configuration
        }
        self.credentials =
            credentials
            ?? endpoint.user.map { .basic(user: $0, password: endpoint.password ?? "") } ?? .none
    }

    /// - Parameter path: with its leading slash, encoded.
    func call(_ method: HTTPMethod, _ path: String, _ body: JSONValue? = nil)
        async throws(RegistryError) -> JSONValue
    {
        var failures = 0
        let end = ContinuousClock.now + patience
        while true {
            let index = (preferred.index + failures) % bases.count
            let base = bases[index]
            let isFirstRound = failures < bases.count - 1
            let reason: String
            do throws(TryError) {
                let wait =
                    isFirstRound ? RegistryLimits.firstTryWait : RegistryLimits.tryWait
                let limit = min(wait, end - .now)
                let answer = try await once(method, base + path, body, within: limit)
                if answer.status < 500, answer.status != 429 {
                    preferred.index = index
                    return try Self.checked(answer)
                }
                reason = "HTTP \(answer.status)" + Self.words(of: answer)
            } catch {
                switch error {
                case .failed(let why): reason = why
                case .final(let final): throw final
                }
            }
            failures += 1
            // Each address is tried once before the first wait.
            if failures < bases.count, .now < end { continue }
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
        _ method: HTTPMethod, _ url: String, _ body: JSONValue?, within limit: Duration
    ) async throws(TryError) -> RegistryAnswer {
        var request = HTTPClientRequest(url: url)
        request.method = method
        request.tlsConfiguration = tls
        request.headers.add(name: "accept", value: Self.contentType)
        // All members of an answer are wanted, also those that older clients do not know.
        request.headers.add(name: "confluent-accept-unknown-properties", value: "true")
        if let body {
            request.headers.add(name: "content-type", value: Self.contentType)
            request.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        var status = 0
        do {
            if let header = try await credentials.header() {
                request.headers.add(name: "authorization", value: header)
            }
            let response = try await http.execute(request, timeout: TimeAmount(limit))
            status = Int(response.status.code)
            let bytes = try await response.body.collect(upTo: RegistryLimits.answerBytesMax)
            if bytes.readableBytes == 0 { return RegistryAnswer(status: status, body: .null) }
            return RegistryAnswer(
                status: status, body: try JSONValue(parsing: bytes.readableBytesView))
        } catch is CancellationError {
            throw .final(.cancelled)
        } catch let error as JSONError {
            // Proxies answer in their own words.
            if status >= 400 { return RegistryAnswer(status: status, body: .null) }
            throw .final(.badAnswer("\(method.rawValue) \(url): HTTP \(status), \(error)"))
        } catch let error as HTTPClientError where error == .cancelled {
            throw .final(.cancelled)
        } catch {
            throw .failed("\(error)")
        }
    }

    private static func words(of answer: RegistryAnswer) -> String {
        answer.body["message"]?.string.map { " (\($0))" } ?? ""
    }

    private static func checked(_ answer: RegistryAnswer) throws(TryError) -> JSONValue {
        guard answer.status >= 400 else { return answer.body }
        let code = answer.body["error_code"]?.int ?? answer.status
        let message = answer.body["message"]?.string ?? "HTTP \(answer.status)"
        throw .final(.refused(code: code, message: message))
    }
}
