// What an HTTP answer means is decided without a socket.

import MillraceBase
import Testing

@testable import RandomUserClient

@Suite("HTTPAnswer")
struct HTTPAnswerTests {
    private func failure(_ answer: HTTPAnswer, asked: Int = 1) -> PageFailure? {
        do throws(PageFailure) {
            _ = try answer.records(asked: asked)
            return nil
        } catch { return error }
    }

    private func answer(
        _ status: Int = 200, _ body: String, retryAfter: String? = nil
    ) -> HTTPAnswer {
        HTTPAnswer(status: status, retryAfter: retryAfter, body: Array(body.utf8))
    }

    @Test func takesPeople() throws {
        let people = try answer(200, "{\"results\":[{\"a\":1},{}],\"info\":{}}").records(asked: 2)
        #expect(
            people == [
                SourceRecord(bytes: Array("{\"a\":1}".utf8)), SourceRecord(bytes: Array("{}".utf8)),
            ])
    }

    /// Goal: what may pass is tried again, with the wait that was asked for.
    @Test func honoursTooManyRequests() {
        let error = failure(answer(429, "{\"error\":\"Whoa\"}", retryAfter: "7"))
        #expect(error?.error == .rateLimited("it says \"Whoa\"", retryAfter: .seconds(7)))
        #expect(error?.mayPass == true)
        #expect(error?.retryAfter == .seconds(7))
    }

    @Test(arguments: [
        (200, "<html>busy</html>", "no JSON (17 bytes)"), (200, "", "no JSON (0 bytes)"),
        (200, "{\"results\":[{\"a\":", "half a body (17 bytes)"),
        (200, "{\"error\":\"Uh oh\"}", "it says \"Uh oh\""), (200, "{}", "JSON without results"),
        (200, "{\"results\":[{},{}]}", "2 records where 1 were asked for"),
        (200, "{\"results\":[{}]}{}", "half a body (18 bytes)"),
        (500, "oops", "HTTP 500"), (503, "{\"error\":\"down\"}", "it says \"down\""),
    ])
    func triesAgain(status: Int, body: String, why: String) {
        let error = failure(answer(status, body))
        #expect(error?.error == .badAnswer(why))
        #expect(error?.mayPass == true)
    }

    @Test(arguments: [301, 400, 403, 404])
    func givesUp(status: Int) {
        #expect(failure(answer(status, ""))?.mayPass == false)
    }

    /// Method: cut a good answer at every length; none passes.
    @Test func refusesEveryCut() {
        let whole = "{\"results\":[{\"a\":\"x\"}],\"info\":{\"page\":1}}"
        for length in 0..<whole.count {
            #expect(failure(answer(200, String(whole.prefix(length)))) != nil)
        }
        #expect(failure(answer(200, whole)) == nil)
    }

    @Test func asksForThePage() throws {
        let endpoint = try Endpoint.parse(
            "https://user:pw@randomuser.me/api/?nat=fr,de&results=9&format=csv")
        let address = HTTPPeopleAddress(endpoint)
        let url = address.url(of: PageRequest(seed: "a b&c", page: 2, count: 50, offset: 0))
        #expect(url == "https://randomuser.me/api/?nat=fr,de&results=50&page=2&seed=a%20b%26c")
        #expect(address.shown == "https://randomuser.me/api/")
    }
}
