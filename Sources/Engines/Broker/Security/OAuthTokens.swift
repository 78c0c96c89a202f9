// Whether a token of OAUTHBEARER is to be believed: its signature, its time, whom it is from and for.
// Sources: RFC 7519 (JWT), RFC 7515 (JWS), RFC 7517 (JWK); Kafka's OAuthBearerUnsecuredValidator settings

import Foundation
import JWTKit
import MillraceBase
import Synchronization

/// Shared by all connections. Keys come from a file, a setting or the address of a key set; what
/// fetches from there is not in this module.
final class OAuthTokens: Sendable {
    private struct InPlay {
        var text: String
        var keys: OAuthKeys
        /// Made when the first token comes: only asynchronous code may do so.
        var collection: JWTKeyCollection?
    }

    private let configuration: OAuthConfiguration
    private let clock: WallClock
    private let inPlay: Mutex<InPlay>

    /// Reads the keys. Blocks.
    ///
    /// - Parameter keySet: the text that was fetched, if they are at an address.
    init(
        _ configuration: OAuthConfiguration, keySet: String? = nil, clock: WallClock = .system
    ) throws(BrokerError) {
        self.configuration = configuration
        self.clock = clock
        let text: String
        if let keySet { text = keySet } else { text = try Self.text(configuration.keys) }
        fetched = Mutex(Fetched(atMilliseconds: clock.milliseconds()))
        let keys = try OAuthKeys(configuration.keys, text)
        inPlay = Mutex(InPlay(text: text, keys: keys))
    }

    /// The keys of the set in use that are not used, one text for each.
    var leftOut: [String] { inPlay.withLock { $0.keys.leftOut } }

    private struct Fetched {
        /// When it was last tried, milliseconds since 1970.
        var atMilliseconds: Int64
        var hasFailed = false
        /// Whether a token came since then that no key fits.
        var isMissed = false
    }

    private let fetched: Mutex<Fetched>

    /// Reads the file of keys again. Blocks.
    /// - Returns: whether there are new ones.
    func reloadIfChanged() throws(BrokerError) -> Bool {
        if case .keySetAddress = configuration.keys { return false }
        return try take(Self.text(configuration.keys))
    }

    /// Whether keys are fetched, so that `fetchIfDue` is to be called now and then.
    var areFetched: Bool {
        if case .keySetAddress = configuration.keys { true } else { false }
    }

    /// Fetches the key set again if it is time: regularly, after a failure, and when a token came that
    /// no key of it fits, as after a change of keys.
    /// - Returns: whether there are new keys.
    func fetchIfDue() async throws(BrokerError) -> Bool {
        guard case .keySetAddress(let address) = configuration.keys else { return false }
        let now = clock.milliseconds()
        let isDue = fetched.withLock { state in
            let age = now - state.atMilliseconds
            let isHurried = state.hasFailed || state.isMissed
            let wait = min(address.refreshMilliseconds, Limits.keySetFetchMillisecondsMin)
            guard age >= (isHurried ? wait : address.refreshMilliseconds) else { return false }
            // A failure is what it stays until the text is here and good.
            state = Fetched(atMilliseconds: now, hasFailed: true)
            return true
        }
        guard isDue else { return false }
        let isNew = try take(await address.text())
        fetched.withLock { $0.hasFailed = false }
        return isNew
    }

    /// Only a text with keys that can be used takes the place of the one in use.
    private func take(_ text: String) throws(BrokerError) -> Bool {
        guard text != inPlay.withLock({ $0.text }) else { return false }
        let keys = try OAuthKeys(configuration.keys, text)
        inPlay.withLock { $0 = InPlay(text: text, keys: keys) }
        return true
    }

    /// - Returns: who the token is for, or why it is not believed.
    func check(_ token: String) async -> Result<OAuthIdentity, OAuthFault> {
        let claims: OAuthClaims
        do {
            claims = try await collection().verify(token, as: OAuthClaims.self, iteratingKeys: true)
        } catch {
            fetched.withLock { $0.isMissed = true }
            // The library's texts may hold parts of the token.
            return .failure(OAuthFault(because: "its signature or form is wrong"))
        }
        return claims.identity(configuration, nowMilliseconds: clock.milliseconds())
    }

    private func collection() async -> JWTKeyCollection {
        let known = inPlay.withLock { $0 }
        if let collection = known.collection { return collection }
        let collection = await known.keys.collection()
        // Others may have been taken meanwhile.
        inPlay.withLock { if $0.text == known.text { $0.collection = collection } }
        return collection
    }

    private static func text(_ keys: OAuthConfiguration.Keys) throws(BrokerError) -> String {
        switch keys {
        case .keySetFile(let path), .publicKeyFile(let path):
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                throw .security(path, because: "there is no such file that can be read")
            }
            return text
        case .keySetAddress, .sharedSecret, .unsecured:
            return ""
        }
    }
}

/// The claims that count, and any that may hold the name.
private struct OAuthClaims: JWTPayload {
    private struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Claims that are texts.
    var texts: [String: String] = [:]
    var audiences: [String] = []
    /// Seconds since 1970, whole or not.
    var expiry: Double?
    var notBefore: Double?

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        for key in container.allKeys {
            if let text = try? container.decode(String.self, forKey: key) {
                texts[key.stringValue] = text
            }
        }
        if let many = try? container.decode([String].self, forKey: Name("aud")) {
            audiences = many
        } else {
            audiences = texts["aud"].map { [$0] } ?? []
        }
        expiry = try container.decodeIfPresent(Double.self, forKey: Name("exp"))
        notBefore = try container.decodeIfPresent(Double.self, forKey: Name("nbf"))
    }

    /// Tokens are only read here.
    func encode(to encoder: any Encoder) throws {
        throw EncodingError.invalidValue(
            self, .init(codingPath: [], debugDescription: "claims are only read"))
    }

    /// All but the signature is looked at in `identity`, with the clock of the broker.
    func verify(using algorithm: some JWTAlgorithm) async throws {}

    func identity(
        _ configuration: OAuthConfiguration, nowMilliseconds: Int64
    ) -> Result<OAuthIdentity, OAuthFault> {
        func refused(_ because: String) -> Result<OAuthIdentity, OAuthFault> {
            .failure(OAuthFault(because: because))
        }
        let now = Double(nowMilliseconds) / 1_000
        // RFC 7628 leaves no token without an end; nor does Kafka.
        guard let expiry, expiry.isFinite else { return refused("it has no end (exp)") }
        guard expiry > now else { return refused("it has expired") }
        if let notBefore, notBefore > now + Double(Limits.tokenClockSkewSeconds) {
            return refused("it is not valid yet (nbf)")
        }
        if let issuer = configuration.issuer, texts["iss"] != issuer {
            return refused("it is from another issuer")
        }
        let wanted = configuration.audiences
        guard wanted.isEmpty || wanted.contains(where: audiences.contains) else {
            return refused("it is for another audience")
        }
        guard let user = texts[configuration.principalClaim], !user.isEmpty else {
            return refused("it has no claim \"\(configuration.principalClaim)\"")
        }
        let left = min((expiry - now) * 1_000, Double(Limits.sessionLifetimeMillisecondsMax))
        return .success(OAuthIdentity(user: user, leftMilliseconds: Int64(left)))
    }
}
