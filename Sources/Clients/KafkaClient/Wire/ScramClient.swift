// The client's side of SCRAM, as a value: what to send, given what came.
// Source: RFC 5802, section 3; RFC 7677

import Crypto
import Foundation

enum ScramHash: String, Sendable {
    case sha256 = "SCRAM-SHA-256"
    case sha512 = "SCRAM-SHA-512"

    func hash(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .sha256: Array(SHA256.hash(data: bytes))
        case .sha512: Array(SHA512.hash(data: bytes))
        }
    }

    func authenticate(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        let key = SymmetricKey(data: key)
        return switch self {
        case .sha256: Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
        case .sha512: Array(HMAC<SHA512>.authenticationCode(for: bytes, using: key))
        }
    }

    /// Hi() of the RFC: PBKDF2 with one block.
    func salted(_ password: String, salt: [UInt8], iterations: Int) -> [UInt8] {
        let key = Array(password.utf8)
        var round = authenticate(salt + [0, 0, 0, 1], key: key)
        var sum = round
        for _ in 1..<max(iterations, 1) {
            round = authenticate(round, key: key)
            for index in sum.indices { sum[index] ^= round[index] }
        }
        return sum
    }
}

struct ScramClient {
    let hash: ScramHash
    let user: String
    let password: String
    let nonce: String
    private var expectedSignature: [UInt8] = []

    init(_ hash: ScramHash, user: String, password: String, nonce: String) {
        self.hash = hash
        self.user = user
        self.password = password
        self.nonce = nonce
    }

    private var firstBare: String {
        let escaped = user.replacingOccurrences(of: "=", with: "=3D")
            .replacingOccurrences(of: ",", with: "=2C")
        return "n=\(escaped),r=\(nonce)"
    }

    var first: String { "n,,\(firstBare)" }

    /// - Returns: the final message, which carries the proof.
    mutating func answer(_ serverFirst: String) throws(KafkaError) -> String {
        let fields = Self.fields(serverFirst)
        guard let theirNonce = fields["r"], theirNonce.hasPrefix(nonce),
            theirNonce.count > nonce.count,
            let salt = fields["s"].flatMap({ Data(base64Encoded: $0) }),
            let iterations = fields["i"].flatMap({ Int($0) }),
            (WireLimits.scramIterationsMin...WireLimits.scramIterationsMax).contains(iterations)
        else { throw .authentication("the broker's SCRAM challenge is not one") }
        let salted = hash.salted(password, salt: Array(salt), iterations: iterations)
        let clientKey = hash.authenticate(Array("Client Key".utf8), key: salted)
        let withoutProof = "c=biws,r=\(theirNonce)"
        let message = Array("\(firstBare),\(serverFirst),\(withoutProof)".utf8)
        let signature = hash.authenticate(message, key: hash.hash(clientKey))
        let proof = zip(clientKey, signature).map { $0 ^ $1 }
        let serverKey = hash.authenticate(Array("Server Key".utf8), key: salted)
        expectedSignature = hash.authenticate(message, key: serverKey)
        return "\(withoutProof),p=\(Data(proof).base64EncodedString())"
    }

    /// Makes sure that the broker knows the password too.
    func verify(_ serverFinal: String) throws(KafkaError) {
        let fields = Self.fields(serverFinal)
        if let error = fields["e"] { throw .authentication("the broker refuses: \(error)") }
        guard let text = fields["v"], let signature = Data(base64Encoded: text),
            Array(signature) == expectedSignature, !expectedSignature.isEmpty
        else { throw .authentication("the broker does not prove that it knows the password") }
    }

    private static func fields(_ text: String) -> [String: String] {
        var found: [String: String] = [:]
        for part in text.split(separator: ",") where part.dropFirst().first == "=" {
            found[String(part.prefix(1))] = String(part.dropFirst(2))
        }
        return found
    }
}
