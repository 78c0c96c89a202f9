// Paths of the registry's API, with their parameters. Source: reference/kafka.md C1.

enum RegistryPath {
    static func subject(_ subject: String, _ rest: String = "", _ query: [String: String?] = [:])
        -> String
    {
        "/subjects/\(encoded(subject))\(rest)" + parameters(query)
    }

    static func config(_ subject: String?, _ query: [String: String?] = [:]) -> String {
        "/config" + (subject.map { "/\(encoded($0))" } ?? "") + parameters(query)
    }

    static func mode(_ subject: String?, _ query: [String: String?] = [:]) -> String {
        "/mode" + (subject.map { "/\(encoded($0))" } ?? "") + parameters(query)
    }

    /// Those without a value are left out; sorted, so that equal calls are equal.
    static func parameters(_ query: [String: String?]) -> String {
        list(query.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    static func list(_ query: [(String, String?)]) -> String {
        let parts = query.compactMap { name, value in
            value.map { "\(encoded(name))=\(encoded($0))" }
        }
        return parts.isEmpty ? "" : "?" + parts.joined(separator: "&")
    }

    /// RFC 3986: everything but unreserved characters, so that a slash stays inside its segment.
    static func encoded(_ segment: String) -> String {
        var out = ""
        for byte in segment.utf8 {
            let isLetter = (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
            if isLetter || "-._~".utf8.contains(byte) {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                out += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return out
    }
}

extension Bool {
    /// A parameter that is only written when it is on.
    var parameter: String? { self ? "true" : nil }
}
