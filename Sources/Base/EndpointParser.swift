// How the text of a URL becomes an `Endpoint`.

/// Why a text is no stage's URL. Never repeats the text, which may hold a password.
public struct EndpointError: Error, Equatable, Sendable, CustomStringConvertible {
    public var description: String
}

extension Endpoint {
    /// Parses a stage's URL.
    ///
    /// - Throws: `EndpointError` for a missing scheme, an empty host, a port outside 0…65535.
    public static func parse(_ text: String) throws(EndpointError) -> Endpoint {
        guard let colon = text.firstIndex(of: ":") else {
            throw EndpointError(description: "there is no scheme: a URL starts like \"kafka://\"")
        }
        let scheme = text[..<colon].lowercased()
        let isName = scheme.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "+") }
        guard let first = scheme.first, first.isLetter, isName else {
            throw EndpointError(description: "the part before the colon is no scheme")
        }
        var rest = text[text.index(after: colon)...]
        var endpoint = Endpoint(scheme: scheme)
        if let mark = rest.firstIndex(of: "?") {
            endpoint.options = options(in: rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        guard rest.hasPrefix("//") else {
            endpoint.path = String(rest)
            return try checked(endpoint)
        }
        rest = rest.dropFirst(2)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        endpoint.path = String(rest[slash...])
        var authority = rest[..<slash]
        if let at = authority.lastIndex(of: "@") {
            let info = authority[..<at].split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            endpoint.user = PercentCoding.decoded(info[0])
            if info.count == 2 { endpoint.password = PercentCoding.decoded(info[1]) }
            authority = authority[authority.index(after: at)...]
        }
        for part in authority.split(separator: ",", omittingEmptySubsequences: false) {
            endpoint.hosts.append(try host(part))
        }
        return try checked(endpoint)
    }

    private static func checked(_ endpoint: Endpoint) throws(EndpointError) -> Endpoint {
        if let given = endpoint.options["port"],
            Int(given).map({ (0...65_535).contains($0) }) != true
        {
            throw EndpointError(
                description: "the port \"\(given)\" is not a number from 0 to 65535")
        }
        return endpoint
    }

    private static func host(_ text: Substring) throws(EndpointError) -> Host {
        var name = text
        var port: Int?
        let bracket = text.lastIndex(of: "]") ?? text.startIndex
        if let colon = text[bracket...].lastIndex(of: ":") {
            let digits = text[text.index(after: colon)...]
            guard let number = Int(digits), (0...65_535).contains(number) else {
                throw EndpointError(
                    description: "the port \"\(digits)\" is not a number from 0 to 65535")
            }
            port = number
            name = text[..<colon]
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        guard !name.isEmpty, !name.contains(where: \.isWhitespace) else {
            throw EndpointError(description: "a host name is missing after \"//\"")
        }
        return Host(String(name), port: port)
    }

    private static func options(in query: Substring) -> [String: String] {
        var options: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            options[PercentCoding.decoded(parts[0])] =
                parts.count == 2 ? PercentCoding.decoded(parts[1]) : ""
        }
        return options
    }
}

/// Percent-encoding of URL parts (RFC 3986, section 2.1).
public enum PercentCoding {
    public static func decoded(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        var rest = Substring(text).utf8
        while let byte = rest.popFirst() {
            let pair = rest.prefix(2)
            if byte == UInt8(ascii: "%"), pair.count == 2,
                let value = UInt8(String(decoding: pair, as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    public static func encoded(_ text: String) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/,".utf8)
        var out = ""
        for byte in text.utf8 {
            if plain.contains(byte) {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                out += digits.count == 1 ? "%0" + digits : "%" + digits
            }
        }
        return out
    }
}
