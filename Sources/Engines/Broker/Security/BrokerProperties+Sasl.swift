// How Kafka's names become mechanisms, users and tokens of SASL.

import Foundation

extension BrokerProperties {
    /// Those that are named, else those that something is there for.
    mutating func takeMechanisms(
        _ configuration: BrokerConfiguration
    ) throws(BrokerError) -> [SaslMechanism] {
        guard let names = takeList("sasl.enabled.mechanisms") else {
            return SaslMechanism.allCases.filter {
                $0 != .oauthBearer || configuration.sasl.oauth != nil
            }
        }
        var mechanisms: [SaslMechanism] = []
        for name in names {
            guard let mechanism = SaslMechanism(rawValue: name.uppercased()) else {
                let all = SaslMechanism.allCases.map(\.rawValue).joined(separator: ", ")
                throw .security(
                    "sasl.enabled.mechanisms", because: "\"\(name)\" is none of \(all)")
            }
            mechanisms.append(mechanism)
        }
        return mechanisms
    }

    /// Kafka's URL of a key set: `https:`, `http:`, or `file:` for one that stays in its file.
    private mutating func takeKeySetAddress(
        _ configuration: BrokerConfiguration
    ) throws(BrokerError) -> OAuthConfiguration.Keys? {
        let (name, interval) = (
            "sasl.oauthbearer.jwks.endpoint.url", "sasl.oauthbearer.jwks.endpoint.refresh.ms"
        )
        let text = take(name)
        let refresh = try takeNumber(interval, in: 1...1 << 40)
        guard let text else {
            guard refresh == nil else {
                throw .security(interval, because: "there is no \(name)")
            }
            return nil
        }
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased() else {
            throw .security(name, because: "\"\(text)\" is no URL")
        }
        if scheme == "file", url.path.hasPrefix("/") { return .keySetFile(url.path) }
        guard ["http", "https"].contains(scheme), url.host?.isEmpty == false,
            let fetch = configuration.sasl.fetch
        else { throw .security(name, because: "\"\(text)\" is not https://, http:// or file:///") }
        var address = KeySetAddress(url: text, fetch: fetch)
        address.refreshMilliseconds = refresh ?? address.refreshMilliseconds
        return .keySetAddress(address)
    }

    mutating func applySasl(to configuration: inout BrokerConfiguration) throws(BrokerError) {
        if let text = try takeFile("sasl.users.file") {
            try configuration.sasl.addUsers(text, from: "sasl.users.file")
        }
        var found: [OAuthConfiguration.Keys] = []
        if let path = take("sasl.oauthbearer.jwks.location") { found.append(.keySetFile(path)) }
        if let keys = try takeKeySetAddress(configuration) { found.append(keys) }
        if let path = take("sasl.oauthbearer.public.key.location") {
            found.append(.publicKeyFile(path))
        }
        if let secret = try takeSecret("sasl.oauthbearer.secret.file") {
            found.append(.sharedSecret(secret))
        }
        if try takeFlag("sasl.oauthbearer.unsecured") == true { found.append(.unsecured) }
        let issuer = take("sasl.oauthbearer.expected.issuer")
        let audiences = takeList("sasl.oauthbearer.expected.audience")
        let claim = take("sasl.oauthbearer.sub.claim.name")
        guard found.count <= 1 else {
            throw .security("sasl.oauthbearer", because: "more than one source of keys is given")
        }
        if let keys = found.first {
            var oauth = OAuthConfiguration(keys: keys)
            oauth.issuer = issuer
            oauth.audiences = audiences ?? []
            oauth.principalClaim = claim ?? oauth.principalClaim
            configuration.sasl.oauth = oauth
        } else if issuer != nil || audiences != nil || claim != nil {
            throw .security(
                "sasl.oauthbearer",
                because: "there is no source of keys; set "
                    + "sasl.oauthbearer.jwks.location or leave out what tokens must say")
        }
        configuration.sasl.reauthenticationMilliseconds =
            try takeNumber(
                "connections.max.reauth.ms", in: 0...Limits.sessionLifetimeMillisecondsMax)
            ?? configuration.sasl.reauthenticationMilliseconds
    }
}

extension SaslConfiguration {
    /// Adds a user of PLAIN and SCRAM for each line `name:password`; `#` begins a comment.
    package mutating func addUsers(_ text: String, from place: String) throws(BrokerError) {
        for (number, line) in text.split(whereSeparator: \.isNewline).enumerated() {
            let line = line.drop { $0 == " " }
            if line.isEmpty || line.hasPrefix("#") { continue }
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex,
                line.index(after: colon) != line.endIndex
            else {
                throw .security(place, because: "line \(number + 1) is not name:password")
            }
            let user = String(line[..<colon])
            let password = Secret(String(line[line.index(after: colon)...]))
            plainUsers[user] = password
            scramUsers[user] = password
        }
    }
}
