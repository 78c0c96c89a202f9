// People from the randomuser.me API, or from whatever speaks as it does.

package import AsyncHTTPClient
package import MillraceBase
import NIOCore
import NIOHTTP1

/// Fetches pages over HTTP and retries what may pass: no connection, time-outs, HTTP 5xx and 429,
/// answers that are no JSON, cut short, or hold `{"error": …}`.
///
/// Source: `reference/randomuser.md` (parameters, limits, errors).
package final class HTTPPeopleSource: PeopleSource {
    /// One client for the whole process, never shut down. Unlike `HTTPClient.shared` it tells of a
    /// refused connection at once; trying again is our business.
    package static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.timeout.connect = .nanoseconds(SourceLimits.connectTimeout.inNanoseconds)
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(
            eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }()

    private let address: HTTPPeopleAddress
    private let http: HTTPClient
    private let retrying: Backoff
    private let requestTimeout: Duration

    /// - Parameters:
    ///   - endpoint: `https://randomuser.me/api/`; its options (`nat=fr,de`) go with each call,
    ///     those that a page decides (`results`, `page`, `seed`, `format`) are overruled.
    ///   - http: stays the caller's to shut down.
    package init(
        _ endpoint: Endpoint, http: HTTPClient = HTTPPeopleSource.client,
        retrying: Backoff = SourceLimits.retrying,
        requestTimeout: Duration = SourceLimits.requestTimeout
    ) {
        address = HTTPPeopleAddress(endpoint)
        self.http = http
        self.retrying = retrying
        self.requestTimeout = requestTimeout
    }

    /// There is no end of people.
    package func count() async throws(SourceError) -> Int? { nil }

    package func close() async {}

    package func fetch(_ request: PageRequest) async throws(SourceError) -> [SourceRecord] {
        guard (1...SourceLimits.pagesMax).contains(request.page),
            (1...SourceLimits.recordsPerPageMax).contains(request.count)
        else {
            throw .unusable(
                "page \(request.page) of \(request.count) records",
                because: "the API has pages 1 to \(SourceLimits.pagesMax) of at most "
                    + "\(SourceLimits.recordsPerPageMax)")
        }
        var failures = 0
        while true {
            let failure: PageFailure
            do throws(PageFailure) {
                return try await attempt(request)
            } catch {
                failure = error
            }
            failures += 1
            if Task.isCancelled { throw .cancelled }
            guard failure.mayPass, let wait = retrying.wait(afterFailures: failures) else {
                throw failure.error
            }
            let asked = failure.retryAfter ?? .zero
            guard asked <= SourceLimits.retryAfterMax else { throw failure.error }
            guard (try? await Task.sleep(for: max(wait, asked))) != nil else { throw .cancelled }
        }
    }

    /// One call. The time-out covers all of it, body included: a server may drip for ever.
    private func attempt(_ request: PageRequest) async throws(PageFailure) -> [SourceRecord] {
        let url = address.url(of: request)
        let outcome = await withTaskGroup(of: PageOutcome?.self) { group in
            group.addTask { await self.call(url) }
            group.addTask {
                try? await Task.sleep(for: self.requestTimeout)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        switch outcome {
        case .answer(let answer): return try answer.records(asked: request.count)
        case .noAnswer(let why):
            throw PageFailure(.unreachable(address.shown, because: why), mayPass: true)
        case nil:
            throw PageFailure(
                .unreachable(address.shown, because: "no whole answer in \(requestTimeout)"),
                mayPass: true)
        }
    }

    private func call(_ url: String) async -> PageOutcome {
        do {
            var request = HTTPClientRequest(url: url)
            request.headers.add(name: "accept", value: "application/json")
            request.headers.add(name: "user-agent", value: "millrace")
            let response = try await http.execute(
                request, timeout: .nanoseconds(requestTimeout.inNanoseconds))
            let body = try await response.body.collect(upTo: SourceLimits.answerBytesMax)
            return .answer(
                HTTPAnswer(
                    status: Int(response.status.code),
                    retryAfter: response.headers.first(name: "retry-after"),
                    body: Array(body.readableBytesView)))
        } catch {
            return .noAnswer(Self.words(for: error))
        }
    }

    /// What went wrong below HTTP, without the URL, whose user info may be a secret.
    private static func words(for error: any Error) -> String {
        if error is NIOTooManyBytesError {
            return "the answer has more than \(SourceLimits.answerBytesMax) bytes"
        }
        if let known = error as? HTTPClientError { return known.shortDescription }
        return String(String(describing: error).prefix(SourceLimits.errorCharactersMax))
    }
}

extension Duration {
    fileprivate var inNanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}

/// What one call brought.
private enum PageOutcome: Sendable {
    case answer(HTTPAnswer)
    case noAnswer(String)
}

/// The API's address, and how a page is asked for.
struct HTTPPeopleAddress: Sendable {
    /// Without user info and options.
    let shown: String
    private let start: String

    init(_ endpoint: Endpoint) {
        let path = endpoint.path.isEmpty ? "/api/" : endpoint.path
        let place = endpoint.hosts.first?.description ?? "localhost"
        shown = "\(endpoint.scheme)://\(place)\(path)"
        let own: Set<String> = ["results", "page", "seed", "format", "fmt", "noinfo", "callback"]
        let options = endpoint.options.filter { !own.contains($0.key) }
            .sorted { $0.key < $1.key }
            .map { Self.encoded($0.key) + "=" + Self.encoded($0.value) + "&" }
        start = shown + "?" + options.joined()
    }

    func url(of request: PageRequest) -> String {
        start + "results=\(request.count)&page=\(request.page)&seed=\(Self.encoded(request.seed))"
    }

    /// `/` and `,` may stand in a query; they are what `PercentCoding` leaves.
    private static func encoded(_ text: String) -> String { PercentCoding.encoded(text) }
}
