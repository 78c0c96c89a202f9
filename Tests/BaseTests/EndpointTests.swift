// URLs of stages: what parses, what is refused, what is shown.

import MillraceBase
import Testing

@Suite("Endpoint")
struct EndpointTests {
    /// Goal: each form of the architecture's table comes out in its parts.
    @Test func partsAreFound() throws {
        let several = try Endpoint.parse("kafka://a:9092,b:9093?linger.ms=5")
        #expect(several.hosts == [.init("a", port: 9092), .init("b", port: 9093)])
        #expect(several.options == ["linger.ms": "5"])
        #expect(several.authorities(defaultPort: 9092) == "a:9092,b:9093")

        let database = try Endpoint.parse("postgres://me:p%40ss@db.example:5433/people")
        #expect(database.user == "me")
        #expect(database.password == "p@ss")
        #expect(database.host == "db.example")
        #expect(database.port == 5433)
        #expect(database.path == "/people")

        #expect(try Endpoint.parse("sqlite:data/landing.sqlite").path == "data/landing.sqlite")
        #expect(try Endpoint.parse("embedded:").hosts.isEmpty)
        #expect(try Endpoint.parse("embedded:?port=0").port == 0)
        #expect(try Endpoint.parse("kafka://[::1]:9092").host == "::1")
    }

    /// Goal: no password is ever shown, and the secret text has it.
    @Test func passwordIsHidden() throws {
        let text = "postgres://me:secret@db/people?sslpassword=hush"
        let endpoint = try Endpoint.parse(text)
        #expect(!endpoint.description.contains("secret"))
        #expect(!endpoint.description.contains("hush"))
        #expect(endpoint.secretText == text)
    }

    /// Goal: what is no URL of a stage is refused, without repeating it.
    @Test(arguments: [
        "", "kafka", "://a", "kafka://", "kafka://a:x", "kafka://a:70000", "kafka://a,,b",
    ])
    func nonsenseIsRefused(text: String) {
        #expect(throws: EndpointError.self) { try Endpoint.parse(text) }
    }

    /// Goal: what is printed parses to the same again.
    @Test(arguments: [
        "embedded:?port=0", "kafka://a:1,b:2?x=y", "https://randomuser.me/api/", "file:a.ndjson",
    ])
    func roundTrip(text: String) throws {
        #expect(try Endpoint.parse(text).description == text)
    }
}
