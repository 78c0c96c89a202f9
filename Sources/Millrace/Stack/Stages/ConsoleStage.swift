// The console: always ours, over the addresses of the other stages.

import Logging
import MillraceBase
import MillraceConsole

extension Stack {
    static func console(
        _ settings: Settings, _ options: StackOptions, control: ControlAPI,
        addresses: [String: Endpoint], insideKafka: Endpoint?,
        progress: StageProgress, logger: Logger
    ) async throws -> StageInPlay {
        let endpoint = settings.endpoint("console")
        guard endpoint.scheme == "embedded" else {
            throw Failure(
                "the console is always ours", at: settings.place(of: "console"),
                next: "--console embedded:, or --console \"embedded:?port=9021\"")
        }
        let engine = try EngineOptions(.console, settings: settings)
        let server = try await engine.start(options, isTaken: isTaken) { port in
            var configuration = ConsoleConfiguration(host: engine.host, port: port)
            configuration.addresses = addresses
            configuration.insideKafka = insideKafka
            configuration.snapshot = { progress.snapshot }
            configuration.routes = control.routes
            configuration.queries = { await control.queries() }
            configuration.landing = { await control.landed() }
            configuration.stored = { await control.stored($0) }
            return try await ConsoleServer.start(configuration, logger: logger)
        }
        let address = Endpoint(scheme: "http", hosts: [.init(engine.host, port: server.port)])
        return StageInPlay(name: .console, address: address, engine: server)
    }

    private static func isTaken(_ error: any Error) -> Bool {
        if case .portTaken = error as? ConsoleError { true } else { false }
    }
}
