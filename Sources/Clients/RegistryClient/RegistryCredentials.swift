// How a client says who it is.

public enum RegistryCredentials: Sendable {
    case none
    case basic(user: String, password: String)
    case bearer(String)
    /// Asked before each try, so that it can hand out a new token when the old one ends. What it
    /// throws ends the call as unreachable.
    case bearerProvider(@Sendable () async throws -> String)

    /// The value of the header `Authorization`.
    func header() async throws -> String? {
        switch self {
        case .none: nil
        case .basic(let user, let password):
            "Basic " + Base64.encoded(Array("\(user):\(password)".utf8))
        case .bearer(let token): "Bearer \(token)"
        case .bearerProvider(let token): "Bearer \(try await token())"
        }
    }
}

/// RFC 4648, for the header of basic authentication.
enum Base64 {
    private static let letters = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encoded(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(0) { $0 << 8 | Int($1) }
            bits <<= 8 * (3 - group.count)
            for place in 0..<4 {
                let isPadding = place > group.count
                let letter = letters[bits >> (18 - 6 * place) & 63]
                out.append(isPadding ? UInt8(ascii: "=") : letter)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
