// TLS of the store's port: the certificate, and whether clients must show one.

import Foundation
import NIOSSL

/// The files and rules of TLS, named as the embedded broker's settings.
package struct CQLStoreTLS: Sendable {
    /// `ssl.client.auth`
    package enum ClientAuthentication: String, Sendable, CaseIterable {
        /// Clients are not asked for a certificate.
        case none
        /// Asked, and checked when there is one.
        case requested
        case required
    }

    /// PEM: the server's certificate, then those between it and a root.
    package var certificateFile: String
    /// PEM; with `keyPassword` an encrypted one.
    package var keyFile: String
    package var keyPassword: String?
    /// PEM: the roots that clients' certificates must lead to. `nil`: the system's.
    package var authorityFile: String?
    package var clientAuthentication = ClientAuthentication.none

    package init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }

    /// Blocks for a few file reads.
    func context() throws(CQLStoreError) -> NIOSSLContext {
        let chain = try Self.part(certificateFile) {
            try NIOSSLCertificate.fromPEMFile(certificateFile)
        }
        guard !chain.isEmpty else {
            throw .tls(file: certificateFile, because: "it holds no certificate in PEM")
        }
        let key = try Self.part(keyFile) {
            guard let keyPassword else { return try NIOSSLPrivateKey(file: keyFile, format: .pem) }
            return try NIOSSLPrivateKey(file: keyFile, format: .pem) { setter in
                setter(Array(keyPassword.utf8))
            }
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        switch clientAuthentication {
        case .none: configuration.certificateVerification = .none
        case .requested: configuration.certificateVerification = .optionalVerification
        case .required: configuration.certificateVerification = .noHostnameVerification
        }
        if let authorityFile {
            let roots = try Self.part(authorityFile) {
                try NIOSSLCertificate.fromPEMFile(authorityFile)
            }
            configuration.trustRoots = .certificates(roots)
            configuration.sendCANameList = false
        }
        return try Self.part(keyFile) { try NIOSSLContext(configuration: configuration) }
    }

    private static func part<Value>(
        _ path: String, _ work: () throws -> Value
    ) throws(CQLStoreError) -> Value {
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw .tls(file: path, because: "there is no such file that can be read")
        }
        do { return try work() } catch { throw .tls(file: path, because: "\(error)") }
    }
}
