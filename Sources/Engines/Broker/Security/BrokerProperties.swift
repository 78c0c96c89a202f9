// The broker's settings under Kafka's own names, from a URL's options or a file like server.properties.

import Foundation

/// What a setting is called, and what it says. One list for reading, help and documentation.
package struct BrokerProperty: Sendable {
    package var name: String
    package var help: String

    package static let all =
        security + StartSetting.all.map { BrokerProperty($0.name, $0.documentation) }

    private static let security: [BrokerProperty] = [
        .init(
            "listeners",
            "SASL_SSL://0.0.0.0:9093,PLAINTEXT://127.0.0.1:9092; before :// a listener's name, or what it demands"
        ),
        .init(
            "advertised.listeners", "what clients of a listener dial: SASL_SSL://kafka.example:9093"
        ),
        .init(
            "listener.security.protocol.map", "what names demand: OUTSIDE:SASL_SSL,INSIDE:PLAINTEXT"
        ),
        .init("ssl.certificate.location", "PEM file: the server's certificate and those above it"),
        .init("ssl.key.location", "PEM file: its private key"),
        .init("ssl.keystore.location", "PEM file with both, instead of the two above"),
        .init("ssl.key.password.file", "a file with the password of the key"),
        .init("ssl.ca.location", "PEM file: whom clients' certificates must be from"),
        .init("ssl.truststore.location", "the same, by Kafka's name"),
        .init("ssl.client.auth", "none, requested or required"),
        .init(
            "ssl.principal.mapping.rules",
            "how a certificate's subject becomes a user: DEFAULT or RULE:…"),
        .init(
            "sasl.enabled.mechanisms",
            "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER; all by default"),
        .init(
            "sasl.users.file", "a file with a line name:password for each user of PLAIN and SCRAM"),
        .init(
            "sasl.oauthbearer.jwks.location",
            "a file with the JSON Web Key Set that tokens are signed by"),
        .init(
            "sasl.oauthbearer.jwks.endpoint.url",
            "http:, https: or file: URL of that set, fetched at the start and again"),
        .init(
            "sasl.oauthbearer.jwks.endpoint.refresh.ms",
            "time between fetches of the set; 3600000 by default"),
        .init(
            "sasl.oauthbearer.public.key.location",
            "PEM file: the public key (RSA, P-256) they are signed by"),
        .init("sasl.oauthbearer.secret.file", "a file with the secret of HS256, HS384 and HS512"),
        .init(
            "sasl.oauthbearer.unsecured", "true: believe tokens without a signature; for tests only"
        ),
        .init("sasl.oauthbearer.expected.issuer", "the claim iss that tokens must have"),
        .init("sasl.oauthbearer.expected.audience", "one of these must be in their claim aud"),
        .init("sasl.oauthbearer.sub.claim.name", "the claim that names the user; sub by default"),
        .init(
            "connections.max.reauth.ms", "how long a SASL session lasts at most; 0 without limit"),
        .init("authorizer", "none, or acls: who may do what is said by ACLs"),
        .init("super.users", "User:alice;User:bob, who may do everything"),
        .init("allow.everyone.if.no.acl.found", "true: what no ACL speaks of, everybody may"),
    ]

    private init(_ name: String, _ help: String) {
        self.name = name
        self.help = help
    }
}

/// Properties on their way into a configuration: each is taken once, and what is left is unknown.
package struct BrokerProperties {
    private var rest: [String: String]
    private let read: (String) -> String?

    /// - Parameter read: the text of a file; `nil` when it cannot be read.
    package init(_ properties: [String: String], read: @escaping (String) -> String?) {
        rest = properties
        self.read = read
    }

    /// Lines `name=value`, `#` for comments; a backslash at the end joins lines, as in Java.
    package static func parse(_ text: String) throws(BrokerError) -> [String: String] {
        var properties: [String: String] = [:]
        var whole = ""
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (number, line) in lines.enumerated() {
            let trimmed = line.trimmingCharacters(in: .whitespaces)
            if whole.isEmpty && (trimmed.isEmpty || trimmed.hasPrefix("#")) { continue }
            guard !trimmed.hasSuffix("\\") else {
                whole += trimmed.dropLast()
                continue
            }
            whole += trimmed
            guard let sign = whole.firstIndex(of: "=") else {
                throw .security("line \(number + 1)", because: "it is not name=value")
            }
            let name = whole[..<sign].trimmingCharacters(in: .whitespaces)
            properties[name] = whole[whole.index(after: sign)...]
                .trimmingCharacters(in: .whitespaces)
            whole = ""
        }
        guard whole.isEmpty else {
            throw .security(
                "line \(lines.count)", because: "a backslash ends it, and no line follows")
        }
        return properties
    }

    /// Puts everything into `configuration`, whose directory stays.
    package mutating func apply(to configuration: inout BrokerConfiguration) throws(BrokerError) {
        try checkNames()
        let given = names
        try applySasl(to: &configuration)
        try applyListeners(to: &configuration)
        try Self.checkSecurity(given, of: configuration.listeners)
        try applyAuthorizer(to: &configuration)
        try applySettings(to: &configuration)
    }

    // MARK: Names

    /// What a listener's own settings begin with; its name and a dot come next.
    private static let listenerPrefix = "listener.name."

    /// Those that may stand behind `listener.name.NAME.` too, and win there.
    static let perListener: Set<String> = Set(
        BrokerProperty.all.map(\.name).filter { $0.hasPrefix("ssl.") }
            + ["sasl.enabled.mechanisms"])

    static func isKnown(_ setting: String) -> Bool {
        known.contains(setting)
    }

    private static let known = Set(BrokerProperty.all.map(\.name))

    /// All that were given and not taken yet.
    var names: [String] { rest.keys.sorted() }

    /// The two parts of `listener.name.NAME.SETTING`; `nil` for a setting for all listeners.
    static func listenerParts(_ name: String) -> (listener: String, setting: String)? {
        guard name.hasPrefix(listenerPrefix) else { return nil }
        let rest = name.dropFirst(listenerPrefix.count)
        let listener = rest.prefix { $0 != "." }
        return (String(listener), String(rest.dropFirst(listener.count + 1)))
    }

    /// Refuses settings of listeners that there are not, and those given twice in different letters:
    /// a listener without the security that was meant for it must not start.
    ///
    /// - Parameter listeners: the names of all, in capitals.
    func checkOwners(_ listeners: [String]) throws(BrokerError) {
        var seen: [String: String] = [:]
        for name in rest.keys.sorted() {
            guard let (listener, setting) = Self.listenerParts(name) else { continue }
            guard listeners.contains(listener.uppercased()) else {
                let all = listeners.joined(separator: ", ")
                throw .security(
                    name,
                    because: "there is no listener \"\(listener)\"; "
                        + "name one of \(all), or add it to listeners")
            }
            let key = "\(listener.uppercased()).\(setting)"
            if let other = seen.updateValue(name, forKey: key) {
                throw .security(
                    name, because: "it is the same setting as \(other); leave one of them out")
            }
        }
    }

    /// Refuses what would protect no listener: whoever sets it must not believe that it does.
    ///
    /// - Parameter given: the names of all settings.
    private static func checkSecurity(
        _ given: [String], of listeners: [Listener]
    ) throws(BrokerError) {
        for name in given {
            let (owner, setting) = listenerParts(name) ?? ("", name)
            let mine = listeners.filter { owner.isEmpty || $0.name == owner.uppercased() }
            let whose = owner.isEmpty ? "no listener" : "the listener \(owner)"
            let verb = owner.isEmpty ? "uses" : "does not use"
            if setting.hasPrefix("ssl."), !mine.contains(where: { $0.securityProtocol.usesTLS }) {
                throw .security(
                    name,
                    because: "\(whose) \(verb) TLS; make it SSL or SASL_SSL in listeners or "
                        + "listener.security.protocol.map, or leave the setting out")
            }
            let isOfSasl = setting.hasPrefix("sasl.") || setting == "connections.max.reauth.ms"
            if isOfSasl, !mine.contains(where: { $0.securityProtocol.usesSASL }) {
                throw .security(
                    name,
                    because:
                        "\(whose) \(verb) SASL; make it SASL_PLAINTEXT or SASL_SSL in listeners "
                        + "or listener.security.protocol.map, or leave the setting out")
            }
        }
    }

    /// A listener's own settings over those for all. Its name counts without case, as in Kafka.
    func settings(of listener: String) -> BrokerProperties {
        var own = self
        for (name, value) in rest {
            guard let parts = Self.listenerParts(name),
                parts.listener.uppercased() == listener.uppercased()
            else { continue }
            own.rest[parts.setting] = value
        }
        return own
    }

    // MARK: Values

    mutating func take(_ name: String) -> String? {
        guard let value = rest.removeValue(forKey: name), !value.isEmpty else { return nil }
        return value
    }

    /// The text as it is, which may be empty.
    mutating func takeText(_ name: String) -> String? { rest.removeValue(forKey: name) }

    /// Texts between commas.
    mutating func takeList(_ name: String) -> [String]? {
        take(name)?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
    }

    mutating func takeFlag(_ name: String) throws(BrokerError) -> Bool? {
        guard let text = take(name) else { return nil }
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default: throw .security(name, because: "\"\(text)\" is neither true nor false")
        }
    }

    mutating func takeNumber(
        _ name: String, in range: ClosedRange<Int64>
    ) throws(BrokerError) -> Int64? {
        guard let text = take(name) else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            throw .security(
                name,
                because: "it is not a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// The text of the file that a setting names.
    mutating func takeFile(_ name: String) throws(BrokerError) -> String? {
        guard let path = take(name) else { return nil }
        guard let text = read(path) else {
            throw .security(name, because: "there is no file \(path) that can be read")
        }
        return text
    }

    /// One line of a file: a password or a secret.
    mutating func takeSecret(_ name: String) throws(BrokerError) -> Secret? {
        try takeFile(name).map { Secret($0.trimmingCharacters(in: .newlines)) }
    }
}
