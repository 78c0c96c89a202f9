// Passwords as bcrypt keeps them: "$2a$10$" and 22 letters of salt and 31 of hash.
// Source: jBCrypt's format, which Cassandra stores in system_auth.roles.

import CCrypt
import Foundation

enum Bcrypt {
    /// Cassandra's default; takes a tenth of a second.
    static let cost: UInt32 = 10
    private static let letters = Array(
        "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    private static let saltLetters = 22
    /// bcrypt looks at no more of a password.
    private static let passwordBytesMax = 72

    /// - Parameter salt: 22 of bcrypt's letters.
    static func hash(_ password: String, salt: String) -> String {
        crypt(password, "$2a$\(cost)$\(salt)")
    }

    static func randomSalt() -> String {
        var random = SystemRandomNumberGenerator()
        var salt = (1..<saltLetters).map { _ in letters[Int.random(in: 0..<64, using: &random)] }
        // 16 bytes end within the last letter: its lower four bits are nothing.
        salt.append(letters[Int.random(in: 0..<4, using: &random) << 4])
        return String(decoding: salt, as: UTF8.self)
    }

    /// Whether it is the password; takes as long for a wrong one as for the right one.
    static func matches(_ password: String, _ hash: String) -> Bool {
        guard isHash(hash) else { return false }
        let found = Array(crypt(password, hash).utf8)
        let wanted = Array(hash.utf8)
        guard found.count == wanted.count else { return false }
        var difference: UInt8 = 0
        for (one, other) in zip(found, wanted) { difference |= one ^ other }
        return difference == 0
    }

    static func isHash(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 60, bytes.starts(with: Array("$2a$".utf8)),
            bytes[6] == UInt8(ascii: "$"),
            let cost = UInt32(String(decoding: bytes[4..<6], as: UTF8.self)),
            // Each step doubles the time: what Cassandra allows would take hours here.
            (4...16).contains(cost)
        else { return false }
        return bytes[7...].allSatisfy(letters.contains)
    }

    /// - Returns: the whole hash; what no password hashes to when libxcrypt refuses.
    private static func crypt(_ password: String, _ setting: String) -> String {
        // To C the password ends at a NUL, and what is behind it would not count.
        let bytes = Array(password.utf8.prefix(passwordBytesMax))
        guard !bytes.contains(0) else { return "" }
        let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        defer {
            // It holds the password.
            memset(data, 0, MemoryLayout<crypt_data>.size)
            data.deallocate()
        }
        memset(data, 0, MemoryLayout<crypt_data>.size)
        let key = (bytes + [0]).map(CChar.init(bitPattern:))
        guard let text = crypt_r(key, setting, data) else { return "" }
        return String(cString: text)
    }
}
