// OPTIONS and STARTUP: what is offered, and what a client chose.

import CQLProtocol
import MillraceBase
import NIOCore
import NIOSSL

extension ConnectionHandler {
    /// Source: native_protocol_v5.spec, section 4.2.4.
    static let supported: [String: [String]] = [
        "CQL_VERSION": [NodeIdentity.cqlVersion],
        "COMPRESSION": [BodyCompression.snappy, .lz4].map(\.rawValue),
        "PROTOCOL_VERSIONS": ProtocolVersion.allCases.map(\.listed),
    ]

    func start(_ envelope: Envelope, _ version: ProtocolVersion) {
        let options: [String: String]
        let compression: BodyCompression?
        do throws(WireError) {
            guard case .startup(let given) = try request(envelope).request else { return }
            options = given
        } catch {
            return fail("\(error)", stream: envelope.stream)
        }
        do throws(StartupRefusal) {
            compression = try Self.checked(options, version)
        } catch {
            return fail(error.text, stream: envelope.stream)
        }
        throwsOnOverload = options["THROW_ON_OVERLOAD"] == "1"
        let tls = tlsProtocol
        client.change { details in
            details.version = version
            details.options = options
            details.tlsProtocol = tls
        }
        welcome(envelope)
        beginFraming(version, compression)
    }

    /// As Java names it; `nil` for a connection without TLS.
    private var tlsProtocol: String? {
        guard let context,
            let version = try? context.pipeline.syncOperations.nioSSL_tlsVersion()
        else { return nil }
        switch version {
        case .tlsv1: return "TLSv1"
        case .tlsv11: return "TLSv1.1"
        case .tlsv12: return "TLSv1.2"
        case .tlsv13: return "TLSv1.3"
        }
    }

    /// Right behind the answer to STARTUP, which itself goes unframed.
    private func beginFraming(_ version: ProtocolVersion, _ compression: BodyCompression?) {
        if version >= .v5 {
            let isCompressed = compression != nil
            outbox?.change { $0.beginSegments(compressed: isCompressed) }
            reader.beginSegments(compressed: isCompressed)
        } else if let compression {
            outbox?.change { $0.beginCompressedBodies(compression) }
            reader.beginCompressedBodies(compression)
        }
    }

    private struct StartupRefusal: Error {
        var text: String
    }

    /// - Returns: the compression that was asked for.
    private static func checked(
        _ options: [String: String], _ version: ProtocolVersion
    ) throws(StartupRefusal) -> BodyCompression? {
        guard let cql = options["CQL_VERSION"] else {
            throw StartupRefusal(text: "Missing value CQL_VERSION in STARTUP message")
        }
        guard let major = cql.split(separator: ".").first.flatMap({ Int($0) }), major >= 3 else {
            throw StartupRefusal(
                text: "CQL version \(cql) is not supported by the binary protocol (supported "
                    + "version are >= 3.0.0)")
        }
        guard let name = options["COMPRESSION"], !name.isEmpty else { return nil }
        guard let compression = BodyCompression(rawValue: name.lowercased()) else {
            throw StartupRefusal(text: "Unknown compression algorithm: \(name)")
        }
        guard compression == .lz4 || version < .v5 else {
            throw StartupRefusal(text: "Snappy compression is not supported in protocol V5")
        }
        return compression
    }
}
