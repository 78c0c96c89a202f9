// The types of bodies the registry takes and gives. Source: Confluent's rest/Versions.

import Foundation

enum MediaType: String, Sendable, CaseIterable {
    case standard = "application/vnd.schemaregistry.v1+json"
    case general = "application/vnd.schemaregistry+json"
    case json = "application/json"

    /// What a client wants to read.
    ///
    /// - Parameter header: `Accept`; the highest `q` wins, and of equals our own order.
    static func answer(accepted header: String?) throws(APIError) -> MediaType {
        guard let header, !header.isEmpty else { return .standard }
        var best: (type: MediaType, weight: Double)?
        for range in header.split(separator: ",") {
            let (name, weight) = parsed(range)
            guard weight > 0 else { continue }
            for type in allCases where matches(name, type) && weight > best?.weight ?? 0 {
                best = (type, weight)
                break
            }
        }
        guard let best else { throw .notAcceptable }
        return best.type
    }

    /// - Parameter header: `Content-Type`; none is taken as JSON.
    static func check(body header: String?) throws(APIError) {
        guard let header, !header.isEmpty else { return }
        let name = parsed(header[...]).name
        let isKnown = allCases.contains { $0.rawValue == name }
        guard isKnown || name == "application/octet-stream" else { throw .unsupportedMediaType }
    }

    /// The text of a body as UTF-8, whichever of Unicode's encodings it came in.
    static func utf8(_ body: [UInt8], header: String?) -> [UInt8] {
        let charset = header?.lowercased().split(separator: ";").dropFirst().lazy
            .map { $0.filter { !$0.isWhitespace && $0 != "\"" } }
            .first { $0.hasPrefix("charset=") }?.dropFirst(8)
        let encoding: String.Encoding? =
            switch charset {
            case "utf-16": .utf16
            case "utf-16le": .utf16LittleEndian
            case "utf-16be": .utf16BigEndian
            default: nil  // UTF-8, and all that JSON may not be in.
            }
        guard let encoding, let text = String(bytes: body, encoding: encoding) else { return body }
        return Array(text.utf8)
    }

    private static func matches(_ name: String, _ type: MediaType) -> Bool {
        // "*" and "*/anything" are no ranges of RFC 9110, but are taken for "*/*".
        name == "*" || name.hasPrefix("*/") || name == "application/*" || name == type.rawValue
    }

    private static func parsed(_ range: Substring) -> (name: String, weight: Double) {
        let parts = range.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
        let weight = parts.dropFirst().first { $0.hasPrefix("q=") }
            .flatMap { Double($0.dropFirst(2)) }
        return (parts.first ?? "", weight ?? 1)
    }
}
