// The hash functions of SCRAM, and what is derived from a password with them.
// Sources: RFC 5802 section 3, RFC 7677 (SHA-256)

import Crypto

enum ScramHash: Sendable, Equatable {
    case sha256, sha512

    var mechanism: SaslMechanism {
        switch self {
        case .sha256: .scramSHA256
        case .sha512: .scramSHA512
        }
    }

    /// Bytes of a hash, of keys and of proofs.
    var sizeBytes: Int {
        switch self {
        case .sha256: 32
        case .sha512: 64
        }
    }

    func hash(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .sha256: Array(SHA256.hash(data: bytes))
        case .sha512: Array(SHA512.hash(data: bytes))
        }
    }

    func authenticationCode(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        let key = SymmetricKey(data: key)
        return switch self {
        case .sha256: Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
        case .sha512: Array(HMAC<SHA512>.authenticationCode(for: bytes, using: key))
        }
    }

    /// RFC 5802's `Hi`. Takes a few milliseconds for thousands of iterations.
    func salted(_ password: [UInt8], salt: [UInt8], iterations: Int32) -> [UInt8] {
        var round = authenticationCode(salt + [0, 0, 0, 1], key: password)
        var result = round
        for _ in 1..<max(iterations, 1) {
            round = authenticationCode(round, key: password)
            for position in result.indices { result[position] ^= round[position] }
        }
        return result
    }

    /// What a server keeps of a salted password.
    func credential(
        saltedPassword: [UInt8], salt: [UInt8], iterations: Int32
    ) -> ScramCredential {
        let clientKey = authenticationCode(Array("Client Key".utf8), key: saltedPassword)
        return ScramCredential(
            salt: salt, storedKey: hash(clientKey),
            serverKey: authenticationCode(Array("Server Key".utf8), key: saltedPassword),
            iterations: iterations)
    }
}

enum ConstantTime {
    /// Whether both are equal; takes as long for a difference in the first byte as in the last.
    static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        guard one.count == other.count else { return false }
        var difference: UInt8 = 0
        for position in one.indices { difference |= one[position] ^ other[position] }
        return difference == 0
    }
}
