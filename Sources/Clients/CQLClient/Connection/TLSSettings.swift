// How a connection is encrypted and whom it trusts.

import NIOCore
import NIOSSL

/// The `tls…` options of a URL. Verification is on unless it was switched off by name.
package struct TLSSettings: Sendable {
    package enum Verification: String, Sendable, CaseIterable {
        /// The certificate's chain and its name.
        case full
        /// The chain, whatever the name.
        case chain
        /// Nothing: encrypted, to whomever.
        case none
    }

    package var isOn = false
    package var authorities: String?
    package var certificate: String?
    package var key: String?
    package var serverName: String?
    package var verification = Verification.full

    /// - Returns: `false` when there is no such option. Any of them switches TLS on.
    mutating func set(_ name: String, to value: String) throws(CQLError) -> Bool {
        switch name {
        case "tls_ca": authorities = value
        case "tls_cert": certificate = value
        case "tls_key": key = value
        case "tls_server_name": serverName = value
        case "tls_verify":
            guard let verification = Verification(rawValue: value) else {
                throw .configuration("the option tls_verify is full, chain or none")
            }
            self.verification = verification
        default: return false
        }
        isOn = true
        return true
    }

    func check() throws(CQLError) {
        guard (certificate == nil) == (key == nil) else {
            throw .configuration("the options tls_cert and tls_key go together")
        }
        _ = try context()
    }

    /// - Returns: `nil` when TLS is off.
    /// - Throws: `.configuration` when a file cannot be read.
    func context() throws(CQLError) -> NIOSSLContext? {
        guard isOn else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        switch verification {
        case .full: break
        case .chain: configuration.certificateVerification = .noHostnameVerification
        case .none: configuration.certificateVerification = .none
        }
        do {
            if let authorities {
                configuration.trustRoots = .certificates(
                    try NIOSSLCertificate.fromPEMFile(authorities))
            }
            if let certificate, let key {
                configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate)
                    .map { .certificate($0) }
                configuration.privateKey = .privateKey(
                    try NIOSSLPrivateKey(file: key, format: .pem))
            }
            return try NIOSSLContext(configuration: configuration)
        } catch {
            let files = [authorities, certificate, key].compactMap { $0 }
            throw .configuration(
                "no TLS with \(files.joined(separator: ", ")): a file cannot be read or is no PEM "
                    + "(\(error))")
        }
    }

    /// The handler at the front of a connection's pipeline.
    func handler(_ context: NIOSSLContext, host: String) throws -> NIOSSLClientHandler {
        if let serverName {
            return try NIOSSLClientHandler(context: context, serverHostname: serverName)
        }
        // Of an address the certificate is checked all the same, but no name can be sent (SNI).
        let isName = (try? SocketAddress(ipAddress: host, port: 0)) == nil
        return try NIOSSLClientHandler(context: context, serverHostname: isName ? host : nil)
    }
}
