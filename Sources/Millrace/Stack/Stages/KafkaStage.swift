// The Kafka stage: our broker, or the address of a real one.

import Logging
import MillraceBase
import MillraceBroker

extension Stack {
    static func kafka(
        _ settings: Settings, _ options: StackOptions, data: DataDirectory, logger: Logger
    ) async throws -> StageInPlay {
        let endpoint = settings.endpoint("kafka")
        switch endpoint.scheme {
        case "kafka":
            try await Reachability.demand(
                endpoint, defaultPort: 9092, what: "the Kafka broker",
                at: settings.place(of: "kafka"),
                next: "start it, mend the URL, or --kafka embedded: for ours")
            return StageInPlay(name: .kafka, address: endpoint, policy: "as that cluster says")
        case "embedded":
            let engine = try EngineOptions(.kafka, settings: settings, known: ["durability"])
            let durability = try engine.choice("durability", Durability.group)
            let broker = try await engine.start(options, isTaken: isTaken) { port in
                var configuration = BrokerConfiguration(
                    directory: data.path("broker"), host: engine.host, port: port)
                configuration.durability = durability
                return try await BrokerServer.start(configuration, logger: logger)
            }
            return StageInPlay(
                name: .kafka,
                address: Endpoint(
                    scheme: "kafka", hosts: [.init(engine.host, port: broker.port)]),
                engine: broker, policy: words(for: durability))
        default:
            throw Failure(
                "no Kafka broker speaks \"\(endpoint.scheme)\"", at: settings.place(of: "kafka"),
                next: "--kafka kafka://host:9092 for a real one, --kafka embedded: for ours")
        }
    }

    private static func isTaken(_ error: any Error) -> Bool {
        if case .portTaken = error as? BrokerError { true } else { false }
    }

    private static func words(for durability: Durability) -> String {
        switch durability {
        case .none: "none: answered from the page cache, as Kafka does"
        case .group: "group: answered after an fsync that many share"
        case .always: "always: answered after an fsync of its own"
        }
    }
}
