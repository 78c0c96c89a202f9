// Key sets that are fetched: when they are taken, and that a failure leaves the old one.

import MillraceBase
import Synchronization
import Testing

@testable import MillraceBroker

@Suite("Fetched key sets")
struct KeySetFetchTests {
    private struct Unreachable: Error {}

    private static func keySet(_ id: String) -> String { KeySetTests.set(KeySetTests.rsa(id)) }

    /// What is served; `nil`: nothing is.
    private final class Served: Sendable {
        let text = Mutex<String?>(KeySetFetchTests.keySet("a"))
    }

    private static func tokens(
        _ served: Served, refreshMilliseconds: Int64
    ) throws(BrokerError) -> OAuthTokens {
        var address = KeySetAddress(url: "http://keys.example/") { _ in
            guard let text = served.text.withLock({ $0 }) else { throw Unreachable() }
            return text
        }
        address.refreshMilliseconds = refreshMilliseconds
        return try OAuthTokens(
            OAuthConfiguration(keys: .keySetAddress(address)), keySet: keySet("a"),
            clock: .fixed(1_000))
    }

    @Test func aNewSetIsTakenAndABadOneIsNot() async throws {
        let served = Served()
        let tokens = try Self.tokens(served, refreshMilliseconds: 0)
        #expect(tokens.areFetched)
        #expect(try await !tokens.fetchIfDue())
        served.text.withLock { $0 = Self.keySet("b") }
        #expect(try await tokens.fetchIfDue())
        #expect(try await !tokens.fetchIfDue())
        let broken = #"{"keys":[{"kty":"RSA","kid":"c","n":"AQAB","e":"AQAB"}]}"#
        for bad in ["no set", #"{"keys":[]}"#, broken, nil] {
            served.text.withLock { $0 = bad }
            await #expect(throws: BrokerError.self) { try await tokens.fetchIfDue() }
            #expect(await KeySetTests.isBelieved(KeySetFixture.rs256, by: tokens))
        }
        served.text.withLock { $0 = Self.keySet("b") }
        #expect(try await !tokens.fetchIfDue())
    }

    /// Goal: a set that was served once and withdrawn before the next login is not used after it.
    @Test func aSetThatIsTakenBackIsGone() async throws {
        let served = Served()
        let tokens = try Self.tokens(served, refreshMilliseconds: 0)
        #expect(await KeySetTests.isBelieved(KeySetFixture.rs256, by: tokens))
        served.text.withLock { $0 = KeySetTests.set("{\(KeySetFixture.curve)}") }
        #expect(try await tokens.fetchIfDue())
        served.text.withLock { $0 = Self.keySet("a") }
        #expect(try await tokens.fetchIfDue())
        #expect(await KeySetTests.isBelieved(KeySetFixture.rs256, by: tokens))
        #expect(await !KeySetTests.isBelieved(KeySetFixture.es256, by: tokens))
    }

    /// Goal: nothing is asked for before its time.
    @Test func aSetRestsUntilItsTime() async throws {
        let served = Served()
        served.text.withLock { $0 = Self.keySet("b") }
        let tokens = try Self.tokens(served, refreshMilliseconds: 1)
        #expect(try await !tokens.fetchIfDue())
    }

    @Test(arguments: ["ftp://a/b", "nothing", "file:relative", "https://"])
    func otherAddressesAreRefused(url: String) {
        let text = "listeners=SASL_PLAINTEXT://:0\nsasl.oauthbearer.jwks.endpoint.url=\(url)"
        #expect(throws: BrokerError.self) { try StartSettingTests.configuration(text) }
    }

    @Test func aFileStaysAFile() throws {
        let text =
            "listeners=SASL_PLAINTEXT://:0\nsasl.oauthbearer.jwks.endpoint.url=file:///k.json"
        guard
            case .keySetFile("/k.json") = try StartSettingTests.configuration(text).sasl.oauth?.keys
        else {
            Issue.record("another source of keys")
            return
        }
    }
}
