// Who a client is, once its listener has found out.

/// A principal as Kafka writes it: `User:alice`.
package struct KafkaPrincipal: Hashable, Sendable, CustomStringConvertible {
    /// `User` for all that authenticate here; ACLs may name others, which then match nobody.
    package var type: String
    package var name: String

    package init(type: String = "User", name: String) {
        self.type = type
        self.name = name
    }

    /// Reads `Type:name`; the name may hold colons. `nil` when there is no type or no name.
    package init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { return nil }
        let name = text[text.index(after: colon)...]
        guard !name.isEmpty else { return nil }
        self.init(type: String(text[..<colon]), name: String(name))
    }

    /// Everybody on a listener that asks for no name.
    package static let anonymous = KafkaPrincipal(name: "ANONYMOUS")

    package var description: String { "\(type):\(name)" }
}
