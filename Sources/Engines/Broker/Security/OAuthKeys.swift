// The keys that tokens of OAUTHBEARER are checked with: from a setting, a file or a key set.
// Sources: RFC 7517 (JWK), sections 4 and 5; RFC 7518 (JWA), sections 3 and 6

import Foundation
import JWTKit
import MillraceBase

/// Keys that are read and whole: to put them into a collection cannot fail.
struct OAuthKeys: Sendable {
    /// One key with one algorithm. A token's own word about its algorithm chooses nothing, so that no
    /// token changes what the next one is checked with.
    private enum Verifier: Sendable {
        case rsa(Insecure.RSA.PublicKey, DigestAlgorithm)
        case rsaPSS(Insecure.RSA.PublicKey, DigestAlgorithm)
        case p256(ES256PublicKey)
        case p384(ES384PublicKey)
        case p521(ES512PublicKey)
        case edwards(EdDSA.PublicKey)
        case shared(Secret, DigestAlgorithm)
        case unsecured
    }

    /// Each under a name of its own.
    private var verifiers: [(id: JWKIdentifier, verifier: Verifier)] = []
    private var ids: Set<JWKIdentifier> = []
    /// Why keys of a set are not in use, one text for each.
    private(set) var leftOut: [String] = []

    /// - Parameter text: what the file or the address holds; empty for the other sources.
    init(_ source: OAuthConfiguration.Keys, _ text: String) throws(BrokerError) {
        switch source {
        case .keySetFile(let path): try addSet(text, from: path)
        case .keySetAddress(let address): try addSet(text, from: address.url)
        case .publicKeyFile(let path):
            if let key = try? Insecure.RSA.PublicKey(pem: text) {
                add(Self.verifiers(key, nil), nil)
            } else if let key = try? ES256PublicKey(pem: text) {
                add([.p256(key)], nil)
            } else {
                throw .security(path, because: "it is no public key of RSA or P-256 in PEM")
            }
        case .sharedSecret(let secret): try addShared(secret)
        case .unsecured: add([.unsecured], nil)
        }
    }

    func collection() async -> JWTKeyCollection {
        let keys = JWTKeyCollection()
        for (id, verifier) in verifiers {
            switch verifier {
            case .rsa(let key, let digest):
                await keys.add(rsa: key, digestAlgorithm: digest, kid: id)
            case .rsaPSS(let key, let digest):
                await keys.add(pss: key, digestAlgorithm: digest, kid: id)
            case .p256(let key): await keys.add(ecdsa: key, kid: id)
            case .p384(let key): await keys.add(ecdsa: key, kid: id)
            case .p521(let key): await keys.add(ecdsa: key, kid: id)
            case .edwards(let key): await keys.add(eddsa: key, kid: id)
            case .shared(let secret, let digest):
                await keys.add(
                    hmac: HMACKey(from: Array(secret.text.utf8)), digestAlgorithm: digest, kid: id)
            case .unsecured: await keys.addUnsecuredNone()
            }
        }
        return keys
    }

    /// The first has the key's own name if that is free: tokens that name it are checked with it first,
    /// then with all others.
    private mutating func add(_ some: [Verifier], _ id: String?) {
        for verifier in some {
            var free = JWKIdentifier(string: id ?? "millrace \(verifiers.count)")
            var count = verifiers.count
            while !ids.insert(free).inserted {
                free = JWKIdentifier(string: "\(id ?? "millrace") \(count)")
                count += 1
            }
            verifiers.append((free, verifier))
        }
    }

    private mutating func addShared(_ secret: Secret) throws(BrokerError) {
        let sizeBytes = secret.text.utf8.count
        guard sizeBytes >= 32 else {
            throw .security("the shared secret of tokens", because: "it is under 32 bytes")
        }
        // RFC 7518: a key is at least as long as the hash.
        let digests = [(DigestAlgorithm.sha256, 32), (.sha384, 48), (.sha512, 64)]
        add(digests.filter { sizeBytes >= $0.1 }.map { .shared(secret, $0.0) }, nil)
    }

    // MARK: Key sets

    private struct KeySet: Decodable {
        var keys: [Member]
    }

    /// One key of a set; what cannot be read spoils no other.
    private struct Member: Decodable {
        private enum CodingKeys: String, CodingKey {
            case id = "kid"
            case use
        }

        var id: String?
        var use: String?
        var key: JWK?

        init(from decoder: any Decoder) {
            let container = try? decoder.container(keyedBy: CodingKeys.self)
            id = try? container?.decodeIfPresent(String.self, forKey: .id)
            use = try? container?.decodeIfPresent(String.self, forKey: .use)
            key = try? JWK(from: decoder)
        }
    }

    private mutating func addSet(_ text: String, from place: String) throws(BrokerError) {
        guard let set = try? JSONDecoder().decode(KeySet.self, from: Data(text.utf8)) else {
            throw .security(place, because: "it is no JSON Web Key Set")
        }
        for (index, member) in set.keys.enumerated() {
            let some = Self.verifiers(member)
            if some.isEmpty {
                leftOut.append(
                    "key \(index + 1) (\(member.id?.prefix(80) ?? "unnamed")) of \(place)")
            }
            add(some, member.id)
        }
        guard !verifiers.isEmpty else {
            throw .security(place, because: "it is a JSON Web Key Set without keys for signatures")
        }
    }

    /// - Returns: none if the key is for something else, of a kind that is not known, or broken.
    private static func verifiers(_ member: Member) -> [Verifier] {
        guard let key = member.key, member.use ?? "sig" == "sig" else { return [] }
        if key.keyType == .rsa {
            guard let modulus = key.modulus, let exponent = key.exponent,
                let part = try? Insecure.RSA.PublicKey(modulus: modulus, exponent: exponent)
            else { return [] }
            return verifiers(part, key.algorithm)
        }
        guard let x = key.x else { return [] }
        if key.keyType == .octetKeyPair {
            guard (key.algorithm ?? .eddsa) == .eddsa, key.curve?.rawValue == "Ed25519",
                let part = try? EdDSA.PublicKey(x: x, curve: .ed25519)
            else { return [] }
            return [.edwards(part)]
        }
        guard let y = key.y else { return [] }
        return curve(key, (x, y)).map { [$0] } ?? []
    }

    /// The algorithm of a curve is known without being named.
    private static func curve(_ key: JWK, _ point: (String, String)) -> Verifier? {
        let names = ["P-256": JWK.Algorithm.es256, "P-384": .es384, "P-521": .es512]
        let ofCurve = key.curve.flatMap { names[$0.rawValue] }
        guard let algorithm = key.algorithm ?? ofCurve, ofCurve ?? algorithm == algorithm else {
            return nil
        }
        if algorithm == .es256 {
            return (try? ES256PublicKey(parameters: point)).map { .p256($0) }
        }
        if algorithm == .es384 {
            return (try? ES384PublicKey(parameters: point)).map { .p384($0) }
        }
        guard algorithm == .es512 else { return nil }
        return (try? ES512PublicKey(parameters: point)).map { .p521($0) }
    }

    /// - Parameter algorithm: `nil`: the key is for all of RSA's.
    private static func verifiers(
        _ key: Insecure.RSA.PublicKey, _ algorithm: JWK.Algorithm?
    ) -> [Verifier] {
        let all: [(JWK.Algorithm, Verifier)] = [
            (.rs256, .rsa(key, .sha256)), (.rs384, .rsa(key, .sha384)),
            (.rs512, .rsa(key, .sha512)), (.ps256, .rsaPSS(key, .sha256)),
            (.ps384, .rsaPSS(key, .sha384)), (.ps512, .rsaPSS(key, .sha512)),
        ]
        return all.filter { algorithm == nil || algorithm == $0.0 }.map(\.1)
    }
}
