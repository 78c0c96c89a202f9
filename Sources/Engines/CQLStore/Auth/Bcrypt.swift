// Passwords as bcrypt keeps them: "$2a$10$" and 22 letters of salt and 31 of hash.
// Source: jBCrypt's format, which Cassandra stores in system_auth.roles.

import CHash

enum Bcrypt {
    /// Cassandra's default; takes a tenth of a second.
    static let cost: UInt32 = 10
    private static let letters = Array(
        "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    /// - Parameter salt: 16 random bytes.
    static func hash(_ password: String, salt: [UInt8]) -> String {
        let raw = digest(password, salt, cost)
        return "$2a$\(cost)$" + text(salt) + text(Array(raw.prefix(23)))
    }

    static func randomSalt() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        return (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// Whether it is the password; takes as long for a wrong one as for the right one.
    static func matches(_ password: String, _ hash: String) -> Bool {
        guard let parts = Parts(hash) else { return false }
        let found = digest(password, parts.salt, parts.cost).prefix(23)
        var difference: UInt8 = 0
        for (one, other) in zip(found, parts.digest) { difference |= one ^ other }
        return difference == 0
    }

    static func isHash(_ text: String) -> Bool { Parts(text) != nil }

    private struct Parts {
        var cost: UInt32
        var salt: [UInt8]
        var digest: [UInt8]

        init?(_ text: String) {
            let bytes = Array(text.utf8)
            guard bytes.count == 60, bytes.starts(with: Array("$2a$".utf8)),
                bytes[6] == UInt8(ascii: "$"),
                let cost = UInt32(String(decoding: bytes[4..<6], as: UTF8.self)),
                // Each step doubles the time: what Cassandra allows would take hours here.
                (4...16).contains(cost), let salt = Bcrypt.bytes(bytes[7..<29], count: 16),
                let digest = Bcrypt.bytes(bytes[29...], count: 23)
            else { return nil }
            self.cost = cost
            self.salt = salt
            self.digest = digest
        }
    }

    private static func digest(_ password: String, _ salt: [UInt8], _ cost: UInt32) -> [UInt8] {
        let key = Array(password.utf8) + [0]
        var out = [UInt8](repeating: 0, count: 24)
        chash_bcrypt(key, key.count, salt, cost, &out)
        return out
    }

    // MARK: Its own base 64

    private static func text(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        var (held, count): (UInt32, UInt32) = (0, 0)
        for byte in bytes {
            held = held << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                out.append(letters[Int(held >> count & 63)])
            }
        }
        if count > 0 { out.append(letters[Int(held << (6 - count) & 63)]) }
        return String(decoding: out, as: UTF8.self)
    }

    private static func bytes(_ text: ArraySlice<UInt8>, count wanted: Int) -> [UInt8]? {
        var out: [UInt8] = []
        var (held, count): (UInt32, UInt32) = (0, 0)
        for letter in text {
            guard let place = letters.firstIndex(of: letter) else { return nil }
            held = held << 6 | UInt32(place)
            count += 6
            if count >= 8 {
                count -= 8
                out.append(UInt8(truncatingIfNeeded: held >> count))
            }
        }
        return out.count == wanted ? out : nil
    }
}
