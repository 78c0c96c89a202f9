// The server's side of SCRAM: two tokens in, two out.
// Source: RFC 5802 sections 5 and 7; Kafka's refusals do not say whether the user or the password was wrong

import Foundation

struct ScramExchange {
    private struct First {
        var user: String
        /// `nil` for somebody unknown, who is asked all the same and then refused.
        var credential: ScramCredential?
        /// The GS2 header, which the last token repeats.
        var header: String
        /// The client's first message without header, and the server's first: what is signed.
        var signed: String
        var nonce: String
    }

    let hash: ScramHash
    private let serverNonce: String
    private var first: First?

    init(_ hash: ScramHash, serverNonce: String) {
        self.hash = hash
        self.serverNonce = serverNonce
    }

    mutating func received(_ token: [UInt8], _ users: SaslUsers) -> SaslStep {
        guard let text = String(validating: token, as: UTF8.self) else { return malformed }
        guard let first else { return begin(text, users) }
        return end(text, first)
    }

    private var malformed: SaslStep { .refused("Invalid SASL/SCRAM message") }

    /// One text for a wrong name and a wrong password.
    private var wrong: SaslStep {
        .refused(
            "Authentication failed during authentication due to invalid credentials with SASL "
                + "mechanism \(hash.mechanism.rawValue)")
    }

    // MARK: First: n,[a=id],n=user,r=nonce[,extensions]

    private mutating func begin(_ text: String, _ users: SaslUsers) -> SaslStep {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        // `p=` would bind the exchange to a TLS channel, which is not announced here.
        guard parts.count >= 4, parts[0] == "n" || parts[0] == "y",
            parts[1].isEmpty || parts[1].hasPrefix("a="),
            parts[2].hasPrefix("n="), parts[3].hasPrefix("r=")
        else { return malformed }
        let nonce = parts[3].dropFirst(2)
        guard let user = Self.decodedName(parts[2].dropFirst(2)), !user.isEmpty, !nonce.isEmpty,
            let authorization = Self.decodedName(parts[1].dropFirst(2))
        else { return malformed }
        guard authorization.isEmpty || authorization == user else {
            return .refused(
                "Authentication failed: Client requested an authorization id that is different "
                    + "from username")
        }
        // Delegation tokens are not served.
        guard !parts.dropFirst(4).contains("tokenauth=true") else { return wrong }
        let credential = users.scramCredential(user, hash.mechanism)
        let salt = Data(credential?.salt ?? users.salt(user)).base64EncodedString()
        let iterations = credential?.iterations ?? Limits.scramIterations.lowerBound
        let whole = String(nonce) + serverNonce
        let answer = "r=\(whole),s=\(salt),i=\(iterations)"
        first = First(
            user: user, credential: credential, header: parts[0] + "," + parts[1] + ",",
            signed: parts.dropFirst(2).joined(separator: ",") + "," + answer, nonce: whole)
        return .challenge(Array(answer.utf8))
    }

    /// `=2C` is a comma and `=3D` an equals sign; any other `=` is an error.
    static func decodedName(_ text: some StringProtocol) -> String? {
        var out = ""
        var rest = Substring(text)
        while let character = rest.popFirst() {
            guard character == "=" else {
                out.append(character)
                continue
            }
            switch rest.prefix(2) {
            case "2C": out.append(",")
            case "3D": out.append("=")
            default: return nil
            }
            rest = rest.dropFirst(2)
        }
        return out.utf8.count <= Limits.saslUserNameBytesMax ? out : nil
    }

    // MARK: Last: c=header,r=nonce[,extensions],p=proof

    private func end(_ text: String, _ first: First) -> SaslStep {
        guard let mark = text.range(of: ",p=", options: .backwards) else { return malformed }
        let unproved = String(text[..<mark.lowerBound])
        let parts = unproved.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].hasPrefix("c="), parts[1].hasPrefix("r="),
            let proof = Data(base64Encoded: String(text[mark.upperBound...]))
        else { return malformed }
        let header = Data(first.header.utf8).base64EncodedString()
        // librdkafka before 2.6 repeats its own half in front; Kafka lets that pass. The proof covers
        // what was sent, so nothing is lost.
        guard parts[0].dropFirst(2) == header, parts[1].hasSuffix(first.nonce) else {
            return .refused("Invalid client nonce in the final client message.")
        }
        let signed = Array((first.signed + "," + unproved).utf8)
        let credential =
            first.credential
            ?? ScramCredential(
                salt: [], storedKey: [UInt8](repeating: 0, count: hash.sizeBytes),
                serverKey: [], iterations: 0)
        let signature = hash.authenticationCode(signed, key: credential.storedKey)
        guard proof.count == signature.count else { return wrong }
        let clientKey = zip(proof, signature).map { $0 ^ $1 }
        let isRight = ConstantTime.areEqual(hash.hash(clientKey), credential.storedKey)
        guard isRight, first.credential != nil else { return wrong }
        let answer = hash.authenticationCode(signed, key: credential.serverKey)
        return .proved(
            user: first.user,
            final: Array(("v=" + Data(answer).base64EncodedString()).utf8),
            tokenMilliseconds: nil)
    }
}
