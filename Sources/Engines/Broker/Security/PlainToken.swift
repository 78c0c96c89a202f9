// SASL PLAIN: a name and a password in one token.
// Source: RFC 4616; words of the refusals as Kafka's PlainSaslServer gives them, which tools search for

import Crypto

enum PlainToken {
    /// The token is `[authorization id] NUL user NUL password`.
    static func step(_ token: [UInt8], _ users: SaslUsers) -> SaslStep {
        let parts = token.split(separator: 0, omittingEmptySubsequences: false)
        guard parts.count == 3, token.count <= 4 * Limits.saslUserNameBytesMax,
            let authorization = String(validating: parts[0], as: UTF8.self),
            let user = String(validating: parts[1], as: UTF8.self)
        else { return .refused("Invalid SASL/PLAIN response: expected 3 tokens") }
        guard !user.isEmpty else {
            return .refused("Authentication failed: username not specified")
        }
        guard !parts[2].isEmpty else {
            return .refused("Authentication failed: password not specified")
        }
        guard authorization.isEmpty || authorization == user else {
            return .refused(
                "Authentication failed: Client requested an authorization id that is different "
                    + "from username")
        }
        let known = users.plainPassword(user)
        // Digests have one length and are compared in constant time; somebody unknown takes as long.
        let given = SHA256.hash(data: Array(parts[2]))
        let right = SHA256.hash(data: Array((known?.text ?? "").utf8))
        guard given == right, known != nil else {
            return .refused("Authentication failed: Invalid username or password")
        }
        return .proved(user: user, final: [], tokenMilliseconds: nil)
    }
}
