// The source stage: our people, a file of people, or the real API.

import Foundation
import Logging
import MillraceBase
import RandomUser
import RandomUserClient

extension Stack {
    /// - Returns: the stage, and the source that tasks fetch from.
    static func source(
        _ settings: Settings, _ options: StackOptions, logger: Logger
    ) async throws -> (StageInPlay, any PeopleSource) {
        let endpoint = settings.endpoint("source")
        switch endpoint.scheme {
        case "http", "https":
            if options.needsSource {
                try await Reachability.demand(
                    endpoint, defaultPort: endpoint.scheme == "https" ? 443 : 80,
                    what: "the source", at: settings.place(of: "source"),
                    next: "mend the URL, or --source embedded: for people made here")
            }
            return (
                StageInPlay(name: .source, address: endpoint), HTTPPeopleSource(endpoint)
            )
        case "file":
            let path = endpoint.path
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw Failure(
                    "cannot read the file of people", at: settings.place(of: "source"),
                    because: "there is no readable file \(path)",
                    next: "--source file:PATH of NDJSON or the API's JSON, or --source embedded:")
            }
            return (StageInPlay(name: .source, address: endpoint), try FilePeopleSource(path: path))
        case "embedded":
            let engine = try EngineOptions(.source, settings: settings)
            let server = try await engine.start(options, isTaken: isTaken) { port in
                try await RandomUserServer.start(
                    RandomUserConfiguration(host: engine.host, port: port), logger: logger)
            }
            let address = Endpoint(
                scheme: "http", hosts: [.init(engine.host, port: server.port)], path: "/api/")
            return (
                StageInPlay(name: .source, address: address, engine: server),
                HTTPPeopleSource(address)
            )
        default:
            throw Failure(
                "no source speaks \"\(endpoint.scheme)\"", at: settings.place(of: "source"),
                next:
                    "--source https://randomuser.me/api/, --source file:PATH or --source embedded:")
        }
    }

    private static func isTaken(_ error: any Error) -> Bool {
        if case .portTaken = error as? RandomUserError { true } else { false }
    }
}
