// How Kafka's names become listeners, TLS and authorization.

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
        guard authority == nil || trust == nil else {
            throw .security(
                "ssl.truststore.location", because: "ssl.ca.location says the same; leave one out")
        }
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

    // MARK: Authorization

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
}
