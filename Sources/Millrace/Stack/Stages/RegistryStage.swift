// The registry stage: our schema registry, or the address of a real one.

import Logging
import MillraceBase
import SchemaRegistry

extension Stack {
    static func registry(
        _ settings: Settings, _ options: StackOptions, kafka: Endpoint, logger: Logger
    ) async throws -> StageInPlay {
        let endpoint = settings.endpoint("registry")
        switch endpoint.scheme {
        case "http", "https":
            try await Reachability.demand(
                endpoint, defaultPort: endpoint.scheme == "https" ? 443 : 8081,
                what: "the schema registry", at: settings.place(of: "registry"),
                next: "start it, mend the URL, or --registry embedded: for ours")
            return StageInPlay(name: .registry, address: endpoint)
        case "embedded":
            let engine = try EngineOptions(
                .registry, settings: settings,
                known: ["users", certificate, key, keyPassword, authority])
            let users = try users(engine)
            let tls = try tls(engine)
            let server = try await engine.start(options, isTaken: isTaken) { port in
                try await RegistryServer.start(
                    RegistryConfiguration(
                        kafka: kafka, host: engine.host, port: port, users: users, tls: tls),
                    logger: logger)
            }
            // The pipeline itself is one of the users.
            let own = users?.anyone
            let address = Endpoint(
                scheme: tls == nil ? "http" : "https",
                hosts: [.init(engine.host, port: server.port)], user: own?.name,
                password: own?.password)
            var stage = StageInPlay(
                name: .registry, address: address, engine: server,
                policy: "as its topic _schemas")
            if let trusted = engine.endpoint.options[authority] {
                var inside = address
                inside.options[authority] = trusted
                stage.insideAddress = inside
            }
            return stage
        default:
            throw Failure(
                "no registry speaks \"\(endpoint.scheme)\"", at: settings.place(of: "registry"),
                next: "--registry http://host:8081 for a real one, --registry embedded: for ours")
        }
    }

    private static let certificate = "ssl.certificate.location"
    private static let key = "ssl.key.location"
    private static let keyPassword = "ssl.key.password"
    /// Whom the pipeline trusts when it asks the registry.
    private static let authority = "ssl.ca.location"

    /// - Returns: `nil` without a certificate: plain HTTP.
    private static func tls(_ engine: EngineOptions) throws -> RegistryTLS? {
        let options = engine.endpoint.options
        guard let certificateFile = options[certificate] else {
            guard let alone = [key, keyPassword, authority].first(where: { options[$0] != nil })
            else { return nil }
            throw Failure(
                "\(alone) needs a certificate", at: engine.place, next: "\(certificate)=server.pem")
        }
        return RegistryTLS(
            certificateFile: certificateFile, keyFile: options[key] ?? certificateFile,
            keyPassword: options[keyPassword])
    }

    /// - Returns: `nil` without the option: everybody may ask.
    private static func users(_ engine: EngineOptions) throws -> RegistryUsers? {
        guard let path = engine.endpoint.options["users"] else { return nil }
        do throws(RegistryServerError) { return try RegistryUsers(file: path) } catch {
            throw Failure(
                "the registry's users cannot be read", at: engine.place,
                because: error.description, next: "a file with lines of \"name: password\"")
        }
    }

    private static func isTaken(_ error: any Error) -> Bool {
        if case .portTaken = error as? RegistryServerError { true } else { false }
    }
}
