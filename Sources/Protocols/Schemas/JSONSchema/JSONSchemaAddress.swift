// Addresses of schemas: how one that is relative to another becomes absolute.
// Source: RFC 3986, "Reference Resolution".

enum JSONSchemaAddress {
    /// What a schema without an address is called.
    static let unnamed = "mem://input"

    /// - Returns: the absolute address, with its fragment if `reference` has one.
    static func resolved(_ reference: String, against base: String) -> String {
        if isAbsolute(reference) { return reference }
        let base = withoutFragment(base)
        if reference.isEmpty { return base }
        if reference.hasPrefix("#") { return base + reference }
        let root = authority(of: base)
        if reference.hasPrefix("/") { return root + normalized(reference) }
        let path = base.dropFirst(root.count)
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        return root + normalized(folder + reference)
    }

    static func withoutFragment(_ address: String) -> String {
        address.firstIndex(of: "#").map { String(address[..<$0]) } ?? address
    }

    static func fragment(_ address: String) -> String {
        address.firstIndex(of: "#").map { String(address[address.index(after: $0)...]) } ?? ""
    }

    /// It has a scheme: letters, digits and signs before the first colon.
    private static func isAbsolute(_ address: String) -> Bool {
        guard let colon = address.firstIndex(of: ":"), address.first?.isLetter == true else {
            return false
        }
        return address[..<colon].allSatisfy {
            $0.isLetter || $0.isNumber || $0 == "+" || $0 == "-" || $0 == "."
        }
    }

    /// "scheme://host", or "scheme:" where there is no host.
    private static func authority(of address: String) -> String {
        guard let colon = address.firstIndex(of: ":") else { return "" }
        let rest = address[address.index(after: colon)...]
        guard rest.hasPrefix("//") else { return String(address[...colon]) }
        let host = rest.dropFirst(2)
        return String(address[..<(host.firstIndex(of: "/") ?? address.endIndex)])
    }

    /// Without "." and "..".
    private static func normalized(_ path: some StringProtocol) -> String {
        let hash = path.firstIndex(of: "#") ?? path.endIndex
        var parts: [Substring] = []
        for part in String(path[..<hash]).split(separator: "/", omittingEmptySubsequences: false) {
            if part == ".." {
                if parts.count > 1 { parts.removeLast() }
            } else if part != "." {
                parts.append(part)
            }
        }
        return parts.joined(separator: "/") + path[hash...]
    }

    /// The names in a JSON pointer, which is a fragment: RFC 6901, and percent signs of a URL.
    static func names(in pointer: some StringProtocol) -> [String] {
        pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            .map { unescaped($0) }
    }

    private static func unescaped(_ part: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        var rest = Array(part.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else if byte == UInt8(ascii: "~"), let mark = rest.first, mark | 1 == 0x31 {
                bytes.append(mark == 0x30 ? UInt8(ascii: "~") : UInt8(ascii: "/"))
                rest = rest.dropFirst()
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
