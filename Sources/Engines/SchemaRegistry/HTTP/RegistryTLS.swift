// The certificate that the registry shows over HTTPS. The names are Confluent's and librdkafka's.

import Foundation
import NIOSSL

/// Files in PEM. They are read once, when the registry starts.
package struct RegistryTLS: Sendable, Equatable, CustomStringConvertible {
    /// The certificate, and those that vouch for it after it.
    package var certificateFile: String
    package var keyFile: String
    package var keyPassword: String?

    package init(certificateFile: String, keyFile: String, keyPassword: String? = nil) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.keyPassword = keyPassword
    }

    package var description: String { certificateFile }

    func configuration() throws(RegistryServerError) -> TLSConfiguration {
        for file in [certificateFile, keyFile]
        where !FileManager.default.isReadableFile(atPath: file) {
            throw .tls("\(file) cannot be read")
        }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificateFile)
            guard !chain.isEmpty else {
                throw RegistryServerError.tls("\(certificateFile) holds no certificate in PEM")
            }
            let key =
                if let keyPassword {
                    try NIOSSLPrivateKey(file: keyFile, format: .pem) { setter in
                        setter(Array(keyPassword.utf8))
                    }
                } else { try NIOSSLPrivateKey(file: keyFile, format: .pem) }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            return configuration
        } catch let error as RegistryServerError {
            throw error
        } catch { throw .tls("TLS does not take \(certificateFile) and \(keyFile): \(error)") }
    }
}
