// The server's side of TLS on one listener: its certificate, read again when the files change.

import Foundation
import NIOCore
import NIOSSL
import Synchronization

/// Shared by the connections of a listener. A connection keeps the certificate it began with.
final class ServerTLS: Sendable {
    /// What tells a changed file from the old one.
    private struct FileStamp: Equatable {
        var size: Int64
        var modifiedSeconds: Int
        var modifiedNanoseconds: Int
        var inode: UInt64
    }

    private struct Loaded {
        var context: NIOSSLContext
        var stamps: [FileStamp?]
    }

    let settings: ListenerTLS
    let mapping: PrincipalMapping
    private let loaded: Mutex<Loaded>

    /// Blocks for a few file reads.
    init(_ settings: ListenerTLS?, listener: String) throws(BrokerError) {
        guard let settings else {
            throw .security(
                "listener \(listener)", because: "it uses TLS and has no certificate and key")
        }
        self.settings = settings
        mapping = try PrincipalMapping(settings.principalRules)
        let stamps = Self.stamps(settings)
        loaded = Mutex(Loaded(context: try Self.read(settings), stamps: stamps))
    }

    var context: NIOSSLContext { loaded.withLock { $0.context } }

    /// Reads the files again if one of them changed. Blocks; a failure leaves the old ones in use.
    /// - Returns: whether new ones are in use now.
    func reloadIfChanged() throws(BrokerError) -> Bool {
        let stamps = Self.stamps(settings)
        guard stamps != loaded.withLock({ $0.stamps }) else { return false }
        // Files are replaced one after the other; a pair that does not fit is tried again when the
        // other file has come, and is complained of once.
        loaded.withLock { $0.stamps = stamps }
        let context = try Self.read(settings)
        loaded.withLock { $0.context = context }
        return true
    }

    /// Asked once the handshake is done; `nil` without a client's certificate.
    func principal(of certificate: NIOSSLCertificate?) throws(BrokerError) -> KafkaPrincipal {
        guard let certificate else { return .anonymous }
        guard let bytes = try? certificate.toDERBytes(),
            let name = DistinguishedName(certificate: bytes)
        else { throw .security("a client's certificate", because: "its subject cannot be read") }
        return KafkaPrincipal(name: try mapping.name(for: name.text))
    }

    // MARK: Files

    private static func files(_ settings: ListenerTLS) -> [String] {
        [settings.certificateFile, settings.keyFile] + (settings.authorityFile.map { [$0] } ?? [])
    }

    private static func stamps(_ settings: ListenerTLS) -> [FileStamp?] {
        files(settings).map { path in
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            #if os(Linux)
            let modified = status.st_mtim
            #else
            let modified = status.st_mtimespec
            #endif
            return FileStamp(
                size: Int64(status.st_size), modifiedSeconds: modified.tv_sec,
                modifiedNanoseconds: modified.tv_nsec, inode: UInt64(status.st_ino))
        }
    }

    private static func read(_ settings: ListenerTLS) throws(BrokerError) -> NIOSSLContext {
        let chain = try part(settings.certificateFile) {
            try NIOSSLCertificate.fromPEMFile(settings.certificateFile)
        }
        guard !chain.isEmpty else {
            throw .security(settings.certificateFile, because: "it holds no certificate in PEM")
        }
        let key = try part(settings.keyFile) {
            guard let password = settings.keyPassword else {
                return try NIOSSLPrivateKey(file: settings.keyFile, format: .pem)
            }
            return try NIOSSLPrivateKey(file: settings.keyFile, format: .pem) { setter in
                setter(Array(password.text.utf8))
            }
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        switch settings.clientAuthentication {
        case .none: configuration.certificateVerification = .none
        case .requested: configuration.certificateVerification = .optionalVerification
        case .required: configuration.certificateVerification = .noHostnameVerification
        }
        if let authorityFile = settings.authorityFile {
            let roots = try part(authorityFile) {
                try NIOSSLCertificate.fromPEMFile(authorityFile)
            }
            configuration.trustRoots = .certificates(roots)
            configuration.sendCANameList = false
        }
        return try part(settings.keyFile) { try NIOSSLContext(configuration: configuration) }
    }

    private static func part<Value>(
        _ path: String, _ work: () throws -> Value
    ) throws(BrokerError) -> Value {
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw .security(path, because: "there is no such file that can be read")
        }
        do { return try work() } catch {
            throw .security(path, because: "TLS does not take it: \(error)")
        }
    }
}
