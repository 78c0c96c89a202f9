// Key sets: which keys of them are used, and for which tokens.

import MillraceBase
import Testing

@testable import MillraceBroker

@Suite("Key sets")
struct KeySetTests {
    static func set(_ keys: String...) -> String {
        #"{"keys":[\#(keys.joined(separator: ","))]}"#
    }

    /// The key of the fixture under any name, with more members.
    static func rsa(_ id: String?, _ more: String = "") -> String {
        let id = id.map { #","kid":"\#($0)""# } ?? ""
        return #"{"kty":"RSA","n":"\#(KeySetFixture.modulus)","e":"AQAB"\#(id)\#(more)}"#
    }

    static func isBelieved(_ token: String, by tokens: OAuthTokens) async -> Bool {
        guard case .success(let identity) = await tokens.check(token) else { return false }
        return identity.user == "ann"
    }

    private static func tokens(_ set: String) throws(BrokerError) -> OAuthTokens {
        let address = KeySetAddress(url: "http://keys.example/") { _ in set }
        return try OAuthTokens(
            OAuthConfiguration(keys: .keySetAddress(address)), keySet: set, clock: .fixed(1_000))
    }

    /// Goal: what a token says about its algorithm changes nothing for the tokens after it.
    @Test(arguments: ["k", "other", nil])
    func aForgedTokenLocksNobodyOut(id: String?) async throws {
        let tokens = try Self.tokens(Self.set(Self.rsa(id)))
        #expect(tokens.leftOut.isEmpty)
        for _ in 0..<2 {
            #expect(await !Self.isBelieved(KeySetFixture.forged, by: tokens))
            for token in [KeySetFixture.rs256, KeySetFixture.rs384, KeySetFixture.ps256] {
                #expect(await Self.isBelieved(token, by: tokens))
            }
        }
    }

    @Test func aKeyWithAnAlgorithmIsForThatAlone() async throws {
        let tokens = try Self.tokens(Self.set(Self.rsa("k", #","alg":"RS384","use":"sig""#)))
        #expect(await Self.isBelieved(KeySetFixture.rs384, by: tokens))
        #expect(await !Self.isBelieved(KeySetFixture.rs256, by: tokens))
    }

    /// Goal: keys of other kinds, without a name or of one name spoil no good ones.
    @Test func keysThatCannotBeUsedAreLeftOut() async throws {
        let bad = [
            "17", #"{"kty":"oct","kid":"s","k":"AAAA"}"#,
            #"{"kty":"RSA","kid":"k","n":"AQAB","e":"AQAB"}"#, #"{"kty":"RSA","kid":"k"}"#,
            #"{"kty":"EC","kid":"k","crv":"P-256","x":"AQ","y":"AQ"}"#,
            #"{"kty":"EC","kid":"k","crv":"secp256k1","x":"AQ","y":"AQ"}"#,
            Self.rsa("k", #","use":"enc""#), Self.rsa("k", #","alg":"RSA-OAEP-256""#),
        ]
        let good = [Self.rsa("k"), "{\(KeySetFixture.curve)}"]
        let all = (bad + good).joined(separator: ",")
        let tokens = try Self.tokens(Self.set(all))
        #expect(tokens.leftOut.count == bad.count)
        for token in [KeySetFixture.rs256, KeySetFixture.es256] {
            #expect(await Self.isBelieved(token, by: tokens))
        }
        for key in bad {
            #expect(throws: BrokerError.self) { try Self.tokens(Self.set(key)) }
        }
    }

    @Test func keysOfOneNameAreAllTried() async throws {
        let curve = #"{"kid":"k",\#(KeySetFixture.curve)}"#
        let tokens = try Self.tokens(Self.set(curve, Self.rsa("k")))
        #expect(await Self.isBelieved(KeySetFixture.rs256, by: tokens))
        #expect(await Self.isBelieved(KeySetFixture.es256, by: tokens))
    }
}
