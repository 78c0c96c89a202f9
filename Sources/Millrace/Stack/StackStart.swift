// Starting a stack: engines that need nothing at once, then those that need them.

import Foundation
import KafkaClient
import Logging
import MillraceBase
import MillraceLanding
import RandomUserClient
import ServiceLifecycle
import StreamEngine

extension Stack {
    /// Starts every stage that was asked for and waits until each answers.
    ///
    /// - Throws: `Failure`, after what was started is stopped again.
    static func start(
        _ settings: Settings, pipelines: [any Pipeline], options: StackOptions, logger: Logger
    ) async throws -> Stack {
        let data = DataDirectory(settings.data)
        let lock = try take(data)
        var builder = StackBuilder(
            settings: settings, pipelines: pipelines, options: options, data: data, logger: logger)
        do { try await builder.start() } catch {
            await builder.abandon()
            throw error
        }
        var stack = Stack(file: builder.file, data: data, lock: lock)
        stack.file.data = data.path
        if let inside = stack.file.insideKafka {
            try data.write(inside.secretText + "\n", to: StackFile.insideName, isSecret: true)
        } else {
            // A stack that was killed leaves its own.
            try? FileManager.default.removeItem(atPath: data.path(StackFile.insideName))
        }
        stack.services = builder.services
        stack.landing = builder.landing
        try data.write(stack.file.json.prettyText + "\n", to: StackFile.name)
        return stack
    }
}

/// The steps of starting a stack, and what they have brought so far.
struct StackBuilder {
    let settings: Settings
    let pipelines: [any Pipeline]
    let options: StackOptions
    let data: DataDirectory
    let logger: Logger
    let progress = StageProgress()

    private(set) var inPlay: [StageInPlay] = []
    private(set) var landing: (any LandingStore)?
    private var source: (any PeopleSource)?
    private var runner: StreamEngineRunner?
    private var schemaIDs: [String: Int] = [:]
    private var pump: OutboxPump?

    init(
        settings: Settings, pipelines: [any Pipeline], options: StackOptions, data: DataDirectory,
        logger: Logger
    ) {
        self.settings = settings
        self.pipelines = pipelines
        self.options = options
        self.data = data
        self.logger = logger
    }

    /// In the order they start; the service group stops them in reverse.
    var services: [any Service] {
        let late: Set<StageName> = [.orchestrator, .console]
        var services = inPlay.filter { !late.contains($0.name) }.compactMap(\.engine)
        if let pump { services.append(pump) }
        services += inPlay.filter { late.contains($0.name) }.compactMap(\.engine)
        return services
    }

    var file: StackFile {
        var file = StackFile(
            processID: Int(ProcessInfo.processInfo.processIdentifier),
            addresses: Dictionary(
                uniqueKeysWithValues: inPlay.map { ($0.name.rawValue, $0.address.description) }),
            policies: Dictionary(
                uniqueKeysWithValues: inPlay.filter { !$0.policy.isEmpty }
                    .map { ($0.name.rawValue, $0.policy) }),
            settings: Dictionary(
                uniqueKeysWithValues: inPlay.map {
                    ($0.name.rawValue, settings.endpoint($0.name.rawValue).description)
                }))
        file.insideKafka = inPlay.first { $0.name == .kafka }?.insideAddress
        return file
    }

    /// For the stack's own clients.
    func address(_ stage: StageName) -> Endpoint? {
        inPlay.first { $0.name == stage }.map { $0.insideAddress ?? $0.address }
    }

    mutating func start() async throws {
        try await startIndependent()
        if options.stages.contains(.registry), let kafka = address(.kafka) {
            inPlay.append(try await Stack.registry(settings, options, kafka: kafka, logger: logger))
        }
        try await prepare()
        try startRunners()
        try await startOrchestrator()
        try await startConsole()
    }

    /// Source, landing, broker and store need nothing from each other: all at once.
    private mutating func startIndependent() async throws {
        let (settings, options, data, logger) = (settings, options, data, logger)
        let wanted = options.stages
        async let kafka =
            wanted.contains(.kafka)
            ? Stack.kafka(settings, options, data: data, logger: logger) : nil
        async let store =
            wanted.contains(.store)
            ? Stack.store(settings, options, data: data, logger: logger) : nil
        async let source =
            wanted.contains(.source)
            ? Stack.source(settings, options, logger: logger) : nil
        async let landing =
            wanted.contains(.landing) ? Stack.landing(settings, data: data) : nil
        if let (stage, people) = try await source {
            inPlay.append(stage)
            self.source = people
        }
        if let (stage, store) = try await landing {
            inPlay.append(stage)
            self.landing = store
        }
        if let stage = try await kafka { inPlay.append(stage) }
        if let stage = try await store { inPlay.append(stage) }
    }

    /// Topics, schemas and tables of the pipelines.
    private mutating func prepare() async throws {
        guard options.stages.contains(.processing) || options.stages.contains(.orchestrator) else {
            return
        }
        let groundwork = Groundwork(settings: settings, pipelines: pipelines, logger: logger)
        if let kafka = address(.kafka) { try await groundwork.makeTopics(on: kafka) }
        if let registry = address(.registry) {
            schemaIDs = try await groundwork.registerSchemas(at: registry)
        }
        if let store = address(.store) { try await groundwork.makeTables(in: store) }
    }

    private mutating func startRunners() throws {
        if options.stages.contains(.processing), let kafka = address(.kafka),
            let store = address(.store)
        {
            let (stage, runner) = try Stack.processing(
                settings, kafka: kafka, store: store, queries: pipelines.flatMap(\.queries),
                data: data, progress: progress, logger: logger)
            inPlay.append(stage)
            self.runner = runner
        }
        if let landing, let kafka = address(.kafka) {
            pump = OutboxPump(
                landing: landing, kafka: .init(kafka), schemaIDs: schemaIDs, progress: progress,
                clock: .system, logger: logger)
        }
    }

    private mutating func startOrchestrator() async throws {
        guard options.stages.contains(.orchestrator), let source, let landing,
            let store = address(.store)
        else { return }
        let parts = RunParts(
            source: source, sourceName: settings.endpoint("source").description,
            stackID: try data.stackID(),
            cursors: SourceCursors(path: data.path("source-cursors.json")),
            staging: StagingArea(folder: data.path("staging")), landing: landing,
            store: StoreConnection(store, logger: logger), progress: progress,
            failedQuery: { [runner] in
                await runner?.statuses().first { $0.state == .failed }.map {
                    "streaming query \($0.name) failed: \($0.exception ?? $0.message)"
                }
            }, clock: .system)
        inPlay.append(
            try await Stack.orchestrator(
                settings, options, dags: pipelines.flatMap(\.dags), data: data,
                context: { RunContext(invocation: $0, parts: parts) }, logger: logger))
    }

    private mutating func startConsole() async throws {
        guard options.stages.contains(.console) else { return }
        let control = ControlAPI(
            progress: progress, runner: runner, landing: landing, kafka: address(.kafka),
            topics: pipelines.flatMap(\.topics), table: pipelines.flatMap(\.tables).first,
            store: address(.store).map { StoreConnection($0, logger: logger) }, file: file,
            logger: logger)
        inPlay.append(
            try await Stack.console(
                settings, options, control: control,
                addresses: Dictionary(
                    uniqueKeysWithValues: inPlay.map { ($0.name.rawValue, $0.address) }),
                insideKafka: inPlay.first { $0.name == .kafka }?.insideAddress,
                progress: progress, logger: logger)
        )
    }

    /// Stops what was started before something failed, in reverse.
    func abandon() async {
        let services = services
        await withTaskGroup(of: Void.self) { group in
            for service in services.reversed() {
                group.addTask { try? await service.run() }
                group.cancelAll()
                await group.waitForAll()
            }
        }
        await source?.close()
        await landing?.close()
    }
}
