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
            let engine = try EngineOptions(.registry, settings: settings, known: ["users"])
            let users = try users(engine)
            let server = try await engine.start(options, isTaken: isTaken) { port in
                try await RegistryServer.start(
                    RegistryConfiguration(
                        kafka: kafka, host: engine.host, port: port, users: users),
                    logger: logger)
            }
            // The pipeline itself is one of the users.
            let own = users?.anyone
            return StageInPlay(
                name: .registry,
                address: Endpoint(
                    scheme: "http", hosts: [.init(engine.host, port: server.port)],
                    user: own?.name, password: own?.password),
                engine: server, policy: "as its topic _schemas")
        default:
            throw Failure(
                "no registry speaks \"\(endpoint.scheme)\"", at: settings.place(of: "registry"),
                next: "--registry http://host:8081 for a real one, --registry embedded: for ours")
        }
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
