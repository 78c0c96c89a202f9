// Names and passwords for basic authentication, from a file of properties.

import Foundation

/// Lines of `name: password` or `name=password`; after the password roles may follow, each with a
/// comma before it, which mean nothing here. `MD5:` and 32 digits stand for a password.
/// Source: Jetty's PropertyFileLoginModule, which Confluent's registry reads such a file with.
package struct RegistryUsers: Sendable, Equatable, CustomStringConvertible {
    private var passwords: [String: String]

    package init(_ passwords: [String: String]) { self.passwords = passwords }

    /// - Throws: `.users` with the line's number, never with what stands there.
    package init(file path: String) throws(RegistryServerError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .users("\(path) cannot be read")
        }
        guard data.count <= RegistryServerLimits.usersFileBytesMax else {
            throw .users("\(path) has more than \(RegistryServerLimits.usersFileBytesMax) bytes")
        }
        try self.init(parsing: String(decoding: data, as: UTF8.self), from: path)
    }

    /// - Parameter source: what a message calls it.
    package init(parsing text: String, from source: String) throws(RegistryServerError) {
        passwords = [:]
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix("!") { continue }
            guard let mark = line.firstIndex(where: { $0 == ":" || $0 == "=" }),
                mark != line.startIndex
            else { throw .users("\(source), line \(index + 1): no \"name: password\"") }
            let name = line[..<mark].trimmingCharacters(in: .whitespaces)
            let rest = line[line.index(after: mark)...].split(
                separator: ",", omittingEmptySubsequences: false)
            passwords[name] = rest[0].trimmingCharacters(in: .whitespaces)
        }
        guard !passwords.isEmpty else { throw .users("\(source) names nobody") }
    }

    package var description: String { "\(passwords.count) users" }

    /// One whose password is known, for our own calls; `nil` when all are digests.
    package var anyone: (name: String, password: String)? {
        passwords.filter { !$0.value.hasPrefix("MD5:") }.min { $0.key < $1.key }
            .map { ($0.key, $0.value) }
    }

    /// - Parameter header: `Basic` and base64 of `name:password`.
    func allows(_ header: String?) -> Bool {
        guard let header, header.lowercased().hasPrefix("basic "),
            let data = Data(
                base64Encoded: header.dropFirst(6).trimmingCharacters(in: .whitespaces)),
            let text = String(validating: data, as: UTF8.self),
            let colon = text.firstIndex(of: ":")
        else { return false }
        let given = String(text[text.index(after: colon)...])
        // An unknown name takes as long as a wrong password.
        let kept = passwords[String(text[..<colon])]
        let isSame = Self.isSame(given, as: kept ?? "")
        return kept != nil && isSame
    }

    private static func isSame(_ given: String, as kept: String) -> Bool {
        var expected = Array(kept.utf8)
        var actual = Array(given.utf8)
        if kept.hasPrefix("MD5:") {
            expected = Array(kept.dropFirst(4).lowercased().utf8)
            actual = Array(MD5.hexadecimal(actual).utf8)
        }
        // Every byte is looked at, so that the time says nothing about the first wrong one.
        var difference = expected.count ^ actual.count
        for index in 0..<max(expected.count, 1) {
            let left = index < expected.count ? expected[index] : 0
            let right = index < actual.count ? actual[index] : 0
            difference |= Int(left ^ right)
        }
        return difference == 0
    }
}
