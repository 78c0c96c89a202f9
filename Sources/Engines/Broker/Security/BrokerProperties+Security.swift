// How Kafka's names become listeners, users, tokens, authorization and limits.

import Foundation

extension BrokerProperties {
    // MARK: Listeners

    mutating func applyListeners(
        to configuration: inout BrokerConfiguration
    ) throws(BrokerError) {
        var protocols: [String: SecurityProtocol] = [:]
        for entry in takeList("listener.security.protocol.map") ?? [] {
            let parts = entry.split(separator: ":").map(String.init)
            guard parts.count == 2, let kind = SecurityProtocol(rawValue: parts[1].uppercased())
            else {
                throw .security(
                    "listener.security.protocol.map", because: "\"\(entry)\" is not NAME:PROTOCOL")
            }
            protocols[parts[0].uppercased()] = kind
        }
        // Read once for all, so that a wrong word is told whichever listeners there are.
        let all = self
        _ = try takeTLS()
        _ = try takeMechanisms(configuration)
        var advertised = try takeAdvertised()
        if let entries = takeList("listeners") {
            guard !entries.isEmpty else { throw .security("listeners", because: "there is none") }
            configuration.listeners = []
            for entry in entries {
                let (name, host, port) = try Self.address(entry, of: "listeners")
                guard let kind = protocols[name] ?? SecurityProtocol(rawValue: name) else {
                    throw .security(
                        "listeners",
                        because: "what \(name) demands is not in listener.security.protocol.map")
                }
                configuration.listeners.append(
                    Listener(name: name, host: host, port: port, securityProtocol: kind))
            }
        }
        try all.checkOwners(configuration.listeners.map(\.name))
        for position in configuration.listeners.indices {
            let listener = configuration.listeners[position]
            var own = all.settings(of: listener.name)
            if listener.securityProtocol.usesTLS {
                guard let tls = try own.takeTLS() else {
                    throw .security(
                        "listener \(listener.name)",
                        because: "ssl.certificate.location and ssl.key.location are missing")
                }
                configuration.listeners[position].tls = tls
            }
            if listener.securityProtocol.usesSASL {
                configuration.listeners[position].saslMechanisms = try own.takeMechanisms(
                    configuration)
            }
            if let address = advertised.removeValue(forKey: listener.name) {
                configuration.listeners[position].advertisedHost = address.host
                configuration.listeners[position].advertisedPort =
                    address.port == 0 ? nil : address.port
            }
        }
        if let name = advertised.keys.sorted().first {
            throw .security("advertised.listeners", because: "there is no listener \(name)")
        }
    }

    private mutating func takeAdvertised() throws(BrokerError) -> [String: (
        host: String, port: Int
    )] {
        var advertised: [String: (host: String, port: Int)] = [:]
        for entry in takeList("advertised.listeners") ?? [] {
            let (name, host, port) = try Self.address(entry, of: "advertised.listeners")
            guard !["", "0.0.0.0", "::"].contains(host) else {
                throw .security("advertised.listeners", because: "nobody can dial \"\(entry)\"")
            }
            advertised[name] = (host, port)
        }
        return advertised
    }

    /// Reads `NAME://host:port`; an empty host is all addresses, `[::1]` an IPv6 one.
    private static func address(
        _ text: String, of setting: String
    ) throws(BrokerError) -> (name: String, host: String, port: Int) {
        guard let mark = text.range(of: "://"), mark.lowerBound != text.startIndex,
            let colon = text.lastIndex(of: ":"), colon >= mark.upperBound,
            let port = Int(text[text.index(after: colon)...]), (0...65_535).contains(port)
        else { throw .security(setting, because: "\"\(text)\" is not NAME://host:port") }
        var host = text[mark.upperBound..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return (
            text[..<mark.lowerBound].uppercased(), host.isEmpty ? "0.0.0.0" : String(host), port
        )
    }

    private mutating func takeTLS() throws(BrokerError) -> ListenerTLS? {
        let both = take("ssl.keystore.location")
        let certificate = take("ssl.certificate.location") ?? both
        let key = take("ssl.key.location") ?? both
        let password = try takeSecret("ssl.key.password.file")
        let authority = take("ssl.ca.location")
        let trust = take("ssl.truststore.location")
        let authentication = take("ssl.client.auth")
        let rules = take("ssl.principal.mapping.rules")
        guard let certificate, let key else { return nil }
        var tls = ListenerTLS(certificateFile: certificate, keyFile: key)
        tls.keyPassword = password
        tls.authorityFile = authority ?? trust
        if let authentication {
            guard
                let wanted = ListenerTLS.ClientAuthentication(
                    rawValue: authentication.lowercased())
            else {
                throw .security(
                    "ssl.client.auth",
                    because: "\"\(authentication)\" is not none, requested or required")
            }
            tls.clientAuthentication = wanted
        }
        if let rules { tls.principalRules = rules }
        _ = try PrincipalMapping(tls.principalRules)
        return tls
    }

    // MARK: SASL

    /// Those that are named, else those that something is there for.
    private mutating func takeMechanisms(
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

    mutating func applySasl(to configuration: inout BrokerConfiguration) throws(BrokerError) {
        if let text = try takeFile("sasl.users.file") {
            try configuration.sasl.addUsers(text, from: "sasl.users.file")
        }
        var found: [OAuthConfiguration.Keys] = []
        if let path = take("sasl.oauthbearer.jwks.location") { found.append(.keySetFile(path)) }
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
        }
        configuration.sasl.reauthenticationMilliseconds =
            try takeNumber(
                "connections.max.reauth.ms", in: 0...Limits.sessionLifetimeMillisecondsMax)
            ?? configuration.sasl.reauthenticationMilliseconds
    }

    // MARK: Authorization and limits

    mutating func applyAuthorizer(to configuration: inout BrokerConfiguration) throws(BrokerError) {
        var superUsers: [KafkaPrincipal] = []
        for text in (take("super.users") ?? "").split(separator: ";") {
            guard let user = KafkaPrincipal(text.trimmingCharacters(in: .whitespaces)) else {
                throw .security("super.users", because: "\"\(text)\" is not like User:alice")
            }
            superUsers.append(user)
        }
        let hasSuperUsers = !superUsers.isEmpty
        let allowsEveryone = try takeFlag("allow.everyone.if.no.acl.found")
        switch take("authorizer") {
        case nil:
            guard !hasSuperUsers, allowsEveryone == nil else {
                throw .security(
                    hasSuperUsers ? "super.users" : "allow.everyone.if.no.acl.found",
                    because: "without an authorizer everybody may do everything; "
                        + "set authorizer=acls, or authorizer=none if that is meant")
            }
        case "none": configuration.authorizer = .none
        case "acls":
            configuration.authorizer = .acls(
                superUsers: superUsers, allowEveryoneIfNoAcl: allowsEveryone ?? false)
        case .some(let other):
            throw .security("authorizer", because: "\"\(other)\" is neither none nor acls")
        }
    }

    mutating func applyLimits(to configuration: inout BrokerConfiguration) throws(BrokerError) {
        if let number = try takeNumber("max.connections", in: 1...1_000_000) {
            configuration.limits.connectionsMax = Int(number)
        }
        if let number = try takeNumber("max.connections.per.ip", in: 1...1_000_000) {
            configuration.limits.connectionsPerAddressMax = Int(number)
        }
        if let number = try takeNumber("socket.request.max.bytes", in: 1_024...1 << 30) {
            configuration.limits.requestBytesMax = Int(number)
        }
        if let number = try takeNumber("connections.max.idle.ms", in: 1_000...1 << 40) {
            configuration.limits.idleSeconds = number / 1_000
        }
        if let number = try takeNumber(
            "num.partitions", in: 1...Int64(Limits.partitionsPerTopicMax))
        {
            configuration.partitionsDefault = Int32(number)
        }
        if let flag = try takeFlag("auto.create.topics.enable") {
            configuration.autoCreateTopics = flag
        }
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
