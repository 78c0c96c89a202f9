// What stands behind `embedded:?…`: port, host, and the engine's own words, all checked.

import MillraceBase

/// The options of an embedded engine's URL.
struct EngineOptions {
    let stage: StageName
    let place: String
    let endpoint: Endpoint

    /// - Throws: `Failure` for an option that this engine does not have.
    init(_ stage: StageName, settings: Settings, known: [String] = []) throws {
        self.stage = stage
        endpoint = settings.endpoint(stage.rawValue)
        place = settings.place(of: stage.rawValue)
        let all = (["host", "port"] + known).sorted()
        for name in endpoint.options.keys.sorted() where !all.contains(name) {
            throw Failure(
                "the embedded \(stage.rawValue) has no option \"\(name)\"", at: place,
                next: "one of \(all.joined(separator: ", "))")
        }
        guard endpoint.hosts.isEmpty, endpoint.path.isEmpty else {
            throw Failure(
                "embedded: takes no host and no path", at: place,
                next: "embedded:?port=\(stage.standardPort ?? 0)&host=127.0.0.1")
        }
    }

    /// Loopback unless told otherwise.
    var host: String { endpoint.options["host"] ?? "127.0.0.1" }

    /// Whether an option stands in the URL.
    func isTold(_ name: String) -> Bool { endpoint.options[name] != nil }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ standard: Choice
    ) throws -> Choice where Choice.RawValue == String {
        guard let text = endpoint.options[name] else { return standard }
        if let choice = Choice(rawValue: text) { return choice }
        let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw Failure("there is no \(name) \"\(text)\"", at: place, next: "one of \(all)")
    }

    /// Starts an engine on the port that was given, or the usual one, or a free one.
    ///
    /// - Parameters:
    ///   - isTaken: whether an error of the engine means that the port is taken.
    ///   - start: starts the engine on a port, 0 for a free one.
    func start<Engine>(
        _ options: StackOptions, isTaken: (any Error) -> Bool,
        start: (Int) async throws -> Engine
    ) async throws -> Engine {
        let given = endpoint.port
        let usual = options.takenPort == .alwaysFree ? 0 : stage.standardPort ?? 0
        let port = given ?? usual
        do { return try await start(port) } catch  where isTaken(error) {
            if options.takenPort == .takeFree, given == nil {
                options.notice("port \(port) is taken, so \(stage.rawValue) gets a free one")
                return try await failing { try await start(0) }
            }
            throw Failure(
                "the port \(port) is taken", at: place,
                because: "another program listens on \(host):\(port)",
                next:
                    "--\(stage.rawValue) \"embedded:?port=0\" for a free one, or stop that program")
        } catch { throw failure(error) }
    }

    private func failing<Value>(_ work: () async throws -> Value) async throws -> Value {
        do { return try await work() } catch { throw failure(error) }
    }

    func failure(_ error: any Error) -> any Error {
        if error is CancellationError || error is Failure { return error }
        return Failure(
            "the embedded \(stage.rawValue) does not start", at: place, because: "\(error)",
            next: "millrace doctor")
    }
}
