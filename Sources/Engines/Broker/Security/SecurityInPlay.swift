// What a running broker knows for security: its listeners, its users, its limits of connections.

import Crypto
import Foundation
import Logging
import MillraceBase
import Synchronization

/// Made before the first connection, shared by all.
final class SecurityInPlay: Sendable {
    let listeners: [ListenerInPlay]
    let connections: ConnectionCount
    /// Checks tokens of OAUTHBEARER; `nil` when none is accepted.
    let tokens: OAuthTokens?
    private let sasl: SaslConfiguration
    /// What the salts of users that do not exist are made of.
    private let saltKey = SymmetricKey(size: .bits256)

    /// Reads certificates and token keys. Blocks.
    ///
    /// - Parameter keySet: the text of token keys that were fetched.
    init(_ configuration: BrokerConfiguration, keySet: String? = nil) throws(BrokerError) {
        let names = configuration.listeners.map(\.name)
        guard Set(names).count == names.count else {
            throw .security("listeners", because: "two have one name")
        }
        var listeners: [ListenerInPlay] = []
        for listener in configuration.listeners { listeners.append(try ListenerInPlay(listener)) }
        self.listeners = listeners
        for listener in configuration.listeners where listener.securityProtocol.usesSASL {
            guard !listener.saslMechanisms.isEmpty else {
                throw .security("listener \(listener.name)", because: "it has no SASL mechanism")
            }
            guard !listener.saslMechanisms.contains(.oauthBearer) || configuration.sasl.oauth != nil
            else {
                throw .security(
                    "listener \(listener.name)", because: "OAUTHBEARER has no key to check tokens")
            }
        }
        sasl = configuration.sasl
        tokens = try configuration.sasl.oauth.map { oauth throws(BrokerError) in
            try OAuthTokens(oauth, keySet: keySet)
        }
        connections = ConnectionCount(configuration.limits)
    }

    /// Kafka's `listeners`.
    var listenersText: String { listeners.map(\.listenerText).joined(separator: ",") }
    /// Kafka's `advertised.listeners`.
    var advertisedText: String { listeners.map(\.advertisedText).joined(separator: ",") }

    /// - Returns: the machine of a new connection; `nil` for a listener without SASL.
    func machine(for listener: Listener, metadata: MetadataLog) -> SaslMachine? {
        guard listener.securityProtocol.usesSASL else { return nil }
        let plain = listener.plainUsers ?? sasl.plainUsers
        let saltKey = saltKey
        let users = SaslUsers(
            plainPassword: { plain[$0] },
            scramCredential: { user, mechanism in
                mechanism.scramNumber.flatMap {
                    metadata.image.scramCredentials[user]?[$0]
                }
            },
            nonce: { ScramRandom.nonce() },
            salt: { Array(HMAC<SHA256>.authenticationCode(for: Array($0.utf8), using: saltKey)) })
        return SaslMachine(
            mechanisms: listener.saslMechanisms, users: users,
            lifetimeMillisecondsMax: sasl.reauthenticationMilliseconds)
    }

    /// Looks for changed certificates and keys until cancelled, and takes them.
    func run(logger: Logger) async {
        if let tokens { Self.logLeftOut(tokens, logger) }
        // Beside the files, because an answer may be long in coming.
        async let fetches: Void = runFetches(logger: logger)
        await runFiles(logger: logger)
        await fetches
    }

    private static func logLeftOut(_ tokens: OAuthTokens, _ logger: Logger) {
        for key in tokens.leftOut {
            logger.warning(
                "a key of tokens is not used: it is broken, of an unknown kind or not for signatures",
                metadata: ["key": "\(key)"])
        }
    }

    private func runFetches(logger: Logger) async {
        guard let tokens, tokens.areFetched else { return }
        while !Task.isCancelled {
            // Thrown when cancelled, which ends the loop.
            try? await Task.sleep(for: .seconds(Limits.certificateLookSeconds))
            do throws(BrokerError) {
                guard try await tokens.fetchIfDue() else { continue }
                logger.notice("new keys for tokens are in use")
                Self.logLeftOut(tokens, logger)
            } catch {
                logger.warning(
                    "the old keys for tokens stay in use", metadata: ["reason": "\(error)"])
            }
        }
    }

    private func runFiles(logger: Logger) async {
        let tls = listeners.filter { $0.tls != nil }
        guard !tls.isEmpty || tokens != nil else { return }
        while !Task.isCancelled {
            // Thrown when cancelled, which ends the loop.
            try? await Task.sleep(for: .seconds(Limits.certificateLookSeconds))
            for listener in tls {
                do throws(BrokerError) {
                    guard try listener.tls?.reloadIfChanged() == true else { continue }
                    logger.notice(
                        "a new certificate is in use",
                        metadata: ["listener": "\(listener.configuration.name)"])
                } catch {
                    logger.warning(
                        "the old certificate stays in use", metadata: ["reason": "\(error)"])
                }
            }
            do throws(BrokerError) {
                if let tokens, try tokens.reloadIfChanged() {
                    logger.notice("new keys for tokens are in use")
                    Self.logLeftOut(tokens, logger)
                }
            } catch {
                logger.warning(
                    "the old keys for tokens stay in use", metadata: ["reason": "\(error)"])
            }
        }
    }
}

/// Counts connections, of all and of each address.
final class ConnectionCount: Sendable {
    private struct State {
        var all = 0
        var byAddress: [String: Int] = [:]
    }

    private let limits: ConnectionLimits
    private let state = Mutex(State())

    init(_ limits: ConnectionLimits) { self.limits = limits }

    /// - Returns: false when there are too many already; `ended` is not called then.
    func began(_ address: String) -> Bool {
        state.withLock { state in
            let ofAddress = state.byAddress[address, default: 0]
            guard state.all < limits.connectionsMax, ofAddress < limits.connectionsPerAddressMax
            else { return false }
            state.all += 1
            state.byAddress[address] = ofAddress + 1
            return true
        }
    }

    func ended(_ address: String) {
        state.withLock { state in
            state.all -= 1
            let left = state.byAddress[address, default: 1] - 1
            state.byAddress[address] = left > 0 ? left : nil
        }
    }
}

/// Random texts and bytes of SCRAM.
enum ScramRandom {
    static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// 24 printable characters without commas.
    static func nonce() -> String { Data(bytes(18)).base64EncodedString() }
}
