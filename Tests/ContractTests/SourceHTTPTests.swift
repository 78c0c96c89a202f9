// The HTTP source against the embedded API, and against a server that misbehaves.

import AsyncHTTPClient
import Foundation
import Logging
import MillraceBase
import NIOCore
import NIOHTTP1
import RandomUser
import RandomUserClient
import Testing

@Suite("Source over HTTP")
struct SourceHTTPTests {
    private static let quick = Backoff(
        first: .milliseconds(1), longest: .milliseconds(5), triesMax: 4)

    /// Runs `body` with an embedded API on a free port.
    private func withServer(
        peopleMax: Int? = nil, window: Duration = .seconds(60),
        _ body: (Endpoint) async throws -> Void
    ) async throws {
        let server = try await RandomUserServer.start(
            RandomUserConfiguration(port: 0, peoplePerWindowMax: peopleMax, window: window),
            logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let host = Endpoint.Host("127.0.0.1", port: server.port)
            try await body(Endpoint(scheme: "http", hosts: [host], path: "/api/"))
            group.cancelAll()
        }
    }

    private func page(_ page: Int, _ count: Int, seed: String = "mill") -> PageRequest {
        PageRequest(seed: seed, page: page, count: count, offset: (page - 1) * count)
    }

    /// Goal: pages are people, the same for the same seed, others on other pages.
    @Test func fetchesPages() async throws {
        try await withServer { endpoint in
            let source = HTTPPeopleSource(endpoint)
            let first = try await source.fetch(page(1, 300))
            let second = try await source.fetch(page(2, 300))
            #expect(try await source.fetch(page(1, 300)) == first)
            let ids = Set(try (first + second).map { try PersonRecord.parse($0.bytes).id })
            #expect(ids.count == 600)
            #expect(try await source.count() == nil)
        }
    }

    /// Goal: the largest page there is.
    @Test func fetchesFiveThousand() async throws {
        try await withServer { endpoint in
            let source = HTTPPeopleSource(endpoint)
            let people = try await source.fetch(page(1, 5_000))
            #expect(people.count == 5_000)
        }
    }

    /// Goal: options of the address go with each call.
    @Test func passesOptionsOn() async throws {
        try await withServer { endpoint in
            var endpoint = endpoint
            endpoint.options = ["nat": "fi", "inc": "nat,email"]
            let records = try await HTTPPeopleSource(endpoint).fetch(page(1, 20))
            #expect(
                records.allSatisfy {
                    String(decoding: $0.bytes, as: UTF8.self).hasSuffix("\"nat\":\"FI\"}")
                })
        }
    }

    /// Goal: the limit answers 429 with a wait, and the source waits it out.
    @Test func waitsForTheWindow() async throws {
        try await withServer(peopleMax: 100, window: .milliseconds(300)) { endpoint in
            let source = HTTPPeopleSource(endpoint, retrying: Self.quick)
            let first = try await source.fetch(page(1, 80))
            let second = try await source.fetch(page(2, 80))
            #expect(first.count + second.count == 160)
        }
    }

    @Test func answersAsTheAPI() async throws {
        try await withServer { endpoint in
            let start = "http://127.0.0.1:\(endpoint.port ?? 0)"
            func get(_ path: String) async throws -> (Int, HTTPHeaders, String) {
                let response = try await HTTPClient.shared.execute(
                    HTTPClientRequest(url: start + path), timeout: .seconds(10))
                let body = try await response.body.collect(upTo: 1 << 20)
                return (Int(response.status.code), response.headers, String(buffer: body))
            }
            let pinned = try await get("/api/1.4/?seed=a&inc=name")
            #expect(try await get("/api?seed=a&inc=name").2 == pinned.2)
            #expect(try await get("/api/1.9").0 == 404)
            #expect(try await get("/api/1.9").2 == "Not Found")
            #expect(pinned.1.first(name: "access-control-allow-origin") == "*")
            #expect(pinned.1.first(name: "cache-control") == "no-cache")
            let csv = try await get("/api/?format=csv&dl")
            #expect(csv.1.first(name: "content-type") == "text/csv; charset=utf-8")
            #expect(
                csv.1.first(name: "content-disposition") == "attachment; filename=\"download.csv\"")
        }
    }

    @Test func namesATakenPort() async throws {
        try await withServer { endpoint in
            let port = try #require(endpoint.port)
            await #expect(throws: RandomUserError.portTaken(port)) {
                _ = try await RandomUserServer.start(
                    RandomUserConfiguration(port: port), logger: Logger(label: "test"))
            }
        }
    }

    /// Goal: whatever may pass is tried again until it has passed.
    @Test func survivesMisdeeds() async throws {
        let good = SourceScratch.answer(1...3)
        let server = try await SourceMisbehavingServer(
            .answer(status: "500 Oops", headers: [], body: "<html>"), .hangUp,
            .good("no json"), .halfABody(String(good.prefix(100))), .good(String(good.dropLast(5))),
            .good("{\"error\":\"Uh oh\"}"),
            .answer(
                status: "429 Too Many", headers: ["retry-after: 0"], body: "{\"error\":\"Whoa\"}"),
            .good(good))
        let patient = Backoff(first: .milliseconds(1), longest: .milliseconds(2), triesMax: 10)
        let source = HTTPPeopleSource(server.endpoint, retrying: patient)
        let records = try await source.fetch(page(1, 3))
        #expect(records.map { $0.bytes } == (1...3).map { Array(SourceScratch.record($0).utf8) })
        #expect(server.calls >= 8)
        await server.close()
    }

    /// Goal: a server that drips or says nothing is left after the time-out.
    @Test func leavesASilentServer() async throws {
        let server = try await SourceMisbehavingServer(.silence, .good(SourceScratch.answer([1])))
        let source = HTTPPeopleSource(
            server.endpoint, retrying: Self.quick, requestTimeout: .milliseconds(200))
        #expect(try await source.fetch(page(1, 1)).count == 1)
        await server.close()
    }

    @Test func givesUpWithTheLastReason() async throws {
        let server = try await SourceMisbehavingServer(
            .answer(status: "503 Busy", headers: [], body: ""))
        let source = HTTPPeopleSource(server.endpoint, retrying: Self.quick)
        await #expect(throws: SourceError.badAnswer("HTTP 503")) {
            _ = try await source.fetch(page(1, 1))
        }
        #expect(server.calls == 4)
        await server.close()
    }

    /// Goal: a wait longer than our limit is told, not waited for.
    @Test func tellsOfALongWait() async throws {
        let server = try await SourceMisbehavingServer(
            .answer(status: "429 No", headers: ["retry-after: 3600"], body: "{\"error\":\"later\"}")
        )
        let source = HTTPPeopleSource(server.endpoint, retrying: Self.quick)
        await #expect(
            throws: SourceError.rateLimited("it says \"later\"", retryAfter: .seconds(3_600))
        ) { _ = try await source.fetch(page(1, 1)) }
        #expect(server.calls == 1)
        await server.close()
    }

    @Test func doesNotRepeatWhatCannotPass() async throws {
        let server = try await SourceMisbehavingServer(
            .answer(status: "404 No", headers: [], body: "Not Found"))
        let source = HTTPPeopleSource(server.endpoint, retrying: Self.quick)
        await #expect(throws: SourceError.badAnswer("HTTP 404")) {
            _ = try await source.fetch(page(1, 1))
        }
        #expect(server.calls == 1)
        await server.close()
    }

    @Test func namesAnAddressThatDoesNotAnswer() async throws {
        let endpoint = try Endpoint.parse("http://me:pw@127.0.0.1:1/api/")
        let source = HTTPPeopleSource(endpoint, retrying: Self.quick)
        let error = await #expect(throws: SourceError.self) {
            _ = try await source.fetch(page(1, 1))
        }
        guard case .unreachable("http://127.0.0.1:1/api/", _)? = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
    }

    @Test func cancellationIsNoFailure() async throws {
        let server = try await SourceMisbehavingServer(.silence)
        let source = HTTPPeopleSource(server.endpoint, retrying: Self.quick)
        let error = await withTaskGroup(of: SourceError?.self) { group in
            group.addTask {
                do throws(SourceError) {
                    _ = try await source.fetch(PageRequest(seed: "s", page: 1, count: 1, offset: 0))
                    return nil
                } catch { return error }
            }
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(error == .cancelled)
        await server.close()
    }

    @Test func refusesPagesTheAPIDoesNotHave() async throws {
        let source = HTTPPeopleSource(try Endpoint.parse("http://127.0.0.1:1/api/"))
        for request in [page(10_001, 1), page(1, 5_001), page(0, 1)] {
            await #expect(throws: SourceError.self) { _ = try await source.fetch(request) }
        }
    }
}
