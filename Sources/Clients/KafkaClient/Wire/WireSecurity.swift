// How a connection proves who it is and who the broker is: librdkafka's properties, read for our own.

import MillraceBase
import NIOSSL

/// The part of a configuration that a connection of our own needs. The names are librdkafka's.
struct WireSecurity: Sendable {
    enum Mechanism: Sendable, Equatable {
        case plain(user: String, password: String)
        case scram(ScramHash, user: String, password: String)
    }

    /// `nil`: plain text.
    var tls: TLSConfiguration?
    /// Whether the broker's name must be the certificate's.
    var verifiesHost = true
    /// `nil`: no SASL.
    var mechanism: Mechanism?

    init(_ properties: [String: String]) throws(KafkaError) {
        let known = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]
        let wanted = (properties["security.protocol"] ?? "plaintext").lowercased()
        guard known.contains(wanted) else {
            throw .configuration("security.protocol is none of \(known.joined(separator: ", "))")
        }
        if wanted.hasSuffix("ssl") { tls = try Self.tls(properties) }
        verifiesHost = (properties["ssl.endpoint.identification.algorithm"] ?? "https") != "none"
        if wanted.hasPrefix("sasl") { mechanism = try Self.mechanism(properties) }
    }

    private static func tls(_ properties: [String: String]) throws(KafkaError) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if properties["enable.ssl.certificate.verification"] == "false" {
            tls.certificateVerification = .none
        } else if properties["ssl.endpoint.identification.algorithm"] == "none" {
            tls.certificateVerification = .noHostnameVerification
        }
        if let path = properties["ssl.ca.location"] { tls.trustRoots = .file(path) }
        do {
            if let path = properties["ssl.certificate.location"] {
                tls.certificateChain = try NIOSSLCertificate.fromPEMFile(path)
                    .map { .certificate($0) }
            }
            if let path = properties["ssl.key.location"] {
                let passphrase = Array((properties["ssl.key.password"] ?? "").utf8)
                let key = try NIOSSLPrivateKey(file: path, format: .pem) { $0(passphrase) }
                tls.privateKey = .privateKey(key)
            }
        } catch {
            throw .configuration("the certificate or key cannot be read: \(error)")
        }
        return tls
    }

    private static func mechanism(_ properties: [String: String]) throws(KafkaError) -> Mechanism {
        let name =
            properties["sasl.mechanisms"] ?? properties["sasl.mechanism"] ?? "PLAIN"
        guard let user = properties["sasl.username"], let password = properties["sasl.password"]
        else { throw .configuration("sasl.username and sasl.password are needed for \(name)") }
        switch name {
        case "PLAIN": return .plain(user: user, password: password)
        case "SCRAM-SHA-256": return .scram(.sha256, user: user, password: password)
        case "SCRAM-SHA-512": return .scram(.sha512, user: user, password: password)
        default:
            throw .configuration(
                "admin calls know PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512, and not \(name)")
        }
    }
}
