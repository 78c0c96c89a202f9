// The store stage: our CQL store, or the address of a Cassandra.

import CQLStore
import Logging
import MillraceBase

extension Stack {
    static func store(
        _ settings: Settings, _ options: StackOptions, data: DataDirectory, logger: Logger
    ) async throws -> StageInPlay {
        let endpoint = settings.endpoint("store")
        switch endpoint.scheme {
        case "cassandra":
            return StageInPlay(name: .store, address: endpoint, policy: "as that cluster says")
        case "embedded":
            let engine = try EngineOptions(
                .store, settings: settings, known: ["sync"] + StoreSecurityOptions.known)
            let sync = try engine.choice("sync", CommitlogSync.group)
            let security = try StoreSecurityOptions(engine)
            let server = try await engine.start(options, isTaken: isTaken) { port in
                var configuration = CQLStoreConfiguration(
                    directory: data.path("store"), host: engine.host, port: port, sync: sync)
                security.apply(to: &configuration)
                return try await CQLStoreServer.start(configuration, logger: logger)
            }
            let address = Endpoint(
                scheme: "cassandra", hosts: [.init(engine.host, port: server.port)])
            var stage = StageInPlay(
                name: .store, address: address, engine: server, policy: words(for: sync))
            stage.insideAddress = security.insideAddress(address)
            return stage
        default:
            throw Failure(
                "no store speaks \"\(endpoint.scheme)\"", at: settings.place(of: "store"),
                next: "--store cassandra://host:9042 for a real one, --store embedded: for ours")
        }
    }

    private static func isTaken(_ error: any Error) -> Bool {
        if case .portTaken = error as? CQLStoreError { true } else { false }
    }

    private static func words(for sync: CommitlogSync) -> String {
        switch sync {
        case .periodic: "periodic: answered from the page cache, synced every 10 s"
        case .batch: "batch: answered after an fsync"
        case .group: "group: answered after an fsync that many share"
        }
    }
}
