// The parts of a running broker: threads, files, connections, and how they start and end.

import Logging
import MillraceBase
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// What `BrokerServer` owns. Opened in the order of the fields, closed in the reverse order.
struct BrokerParts: Sendable {
    let configuration: BrokerConfiguration
    let eventLoops: MultiThreadedEventLoopGroup
    let appendThreads: NIOThreadPool
    let readThreads: NIOThreadPool
    let core: BrokerCore
    let upkeep: BrokerUpkeep
    let connections = OpenConnections()

    static func open(
        _ configuration: BrokerConfiguration, logger: Logger
    ) async throws(BrokerError) -> BrokerParts {
        let eventLoops = MultiThreadedEventLoopGroup(
            numberOfThreads: min(System.coreCount, Limits.eventLoopsMax))
        let appendThreads = NIOThreadPool(numberOfThreads: Limits.appendThreads)
        let readThreads = NIOThreadPool(numberOfThreads: Limits.readThreads)
        appendThreads.start()
        readThreads.start()
        do {
            let environment = LogEnvironment(configuration, appendThreads: appendThreads)
            let keySet = try await fetchedKeys(configuration)
            let (catalog, producerIDs, security) = try await readThreads.runIfActive {
                let security = try SecurityInPlay(configuration, keySet: keySet)
                let directory = try DataDirectory(configuration)
                let metadata = try MetadataLog.open(directory, nodeID: configuration.nodeID)
                let catalog = try TopicCatalog(
                    directory, metadata: metadata, environment: environment,
                    given: configuration.given, logger: logger)
                return (catalog, ProducerIDs(metadata), security)
            }
            let coordinator = GroupCoordinator(
                storage: OffsetsTopic(
                    catalog: catalog, readThreads: readThreads, clock: environment.clock),
                rules: configuration.groups,
                groupConfiguration: {
                    catalog.metadata.image.configs[ConfigResource(.group, $0)] ?? [:]
                },
                logger: logger)
            try await coordinator.load()
            let transactions = TransactionCoordinator(
                storage: TransactionTopic(
                    catalog: catalog, groups: coordinator, producerIDs: producerIDs,
                    readThreads: readThreads, clock: environment.clock),
                rules: configuration.transactions, logger: logger)
            try await transactions.load()
            let core = BrokerCore(
                configuration, catalog: catalog, coordinator: coordinator,
                transactions: transactions, producerIDs: producerIDs, readThreads: readThreads,
                tasks: RequestTasks(connectionsMax: configuration.limits.connectionsMax),
                security: security, logger: logger)
            try await readThreads.runIfActive { try core.createScramUsers() }
            return BrokerParts(
                configuration: configuration, eventLoops: eventLoops,
                appendThreads: appendThreads, readThreads: readThreads, core: core,
                upkeep: BrokerUpkeep(
                    catalog: catalog, intervals: configuration.upkeep,
                    budgets: [core.budget, core.frames, core.largeFrames, core.answers],
                    readThreads: readThreads, logger: logger))
        } catch {
            await shutDown(appendThreads, readThreads, eventLoops)
            if let error = error as? BrokerError { throw error }
            throw .corrupt(path: configuration.directory, because: "\(error)")
        }
    }

    /// Without its keys a broker would refuse everybody, so it does not start.
    private static func fetchedKeys(
        _ configuration: BrokerConfiguration
    ) async throws(BrokerError) -> String? {
        guard case .keySetAddress(let address) = configuration.sasl.oauth?.keys else { return nil }
        return try await address.text()
    }

    // MARK: Connections

    /// Binds all listeners, or none.
    func listen() async throws(BrokerError) -> [any Channel] {
        var channels: [any Channel] = []
        for listener in core.security.listeners {
            do throws(BrokerError) {
                let channel = try await bind(listener)
                listener.port.store(
                    channel.localAddress?.port ?? listener.configuration.port, ordering: .relaxed)
                channels.append(channel)
            } catch {
                // An error would only say that it is closed already.
                for channel in channels { try? await channel.close().get() }
                throw error
            }
        }
        return channels
    }

    private func bind(_ listener: ListenerInPlay) async throws(BrokerError) -> any Channel {
        let bootstrap = ServerBootstrap(group: eventLoops)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 16)
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(
                    minimum: 1 << 10, initial: 4 << 10, maximum: 256 << 10)
            )
            .childChannelOption(
                .writeBufferWaterMark,
                value: ChannelOptions.Types.WriteBufferWaterMark(
                    low: Limits.answerBytesBufferedMax / 2, high: Limits.answerBytesBufferedMax)
            )
            .childChannelInitializer { channel in accept(channel, by: listener) }
        let (host, port) = (listener.configuration.host, listener.configuration.port)
        do {
            return try await bootstrap.bind(host: host, port: port).get()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw .portTaken(port)
        } catch {
            throw .cannotListen(host: host, port: port, because: "\(error)")
        }
    }

    private func accept(
        _ channel: any Channel, by listener: ListenerInPlay
    ) -> EventLoopFuture<Void> {
        let count = core.security.connections
        let address = ListenerInPlay.plain(channel.remoteAddress?.ipAddress) ?? "unknown"
        guard core.quotas.connected(from: address) == 0 else {
            core.logger.debug("too many new connections", metadata: ["client": "\(address)"])
            return channel.close()
        }
        guard count.began(address) else {
            core.logger.debug("too many connections", metadata: ["client": "\(address)"])
            return channel.close()
        }
        channel.closeFuture.whenComplete { _ in count.ended(address) }
        connections.add(channel)
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let tls = listener.tls {
                try pipeline.addHandler(NIOSSLServerHandler(context: tls.context))
            }
            try pipeline.addHandlers(
                IdleStateHandler(allTimeout: .seconds(configuration.limits.idleSeconds)),
                ConnectionHandler(core: core, listener: listener))
        }
    }

    func closeConnections() async {
        for channel in connections.all {
            // An error would only say that the client was faster.
            try? await channel.close().get()
        }
    }

    /// Says in the metadata where the broker listens.
    func register() async {
        // It fails only when the threads are gone, and with them the broker.
        try? await readThreads.runIfActive { [core] in core.register() }
    }

    // MARK: Life

    /// Runs what waits without a thread, until cancelled.
    func runBackground() async {
        await withTaskGroup(of: Void.self) { group in
            // Five children for the life of the broker: each ends when it is cancelled, none throws, and
            // the group waits for all of them, so that none uses a file or a thread after `close`.
            group.addTask { await core.tasks.run() }
            group.addTask { await core.coordinator.run() }
            group.addTask { await core.transactions.run() }
            group.addTask { await upkeep.run() }
            group.addTask { await core.security.run(logger: core.logger) }
        }
    }

    /// Closes the files in order, then the threads.
    func close() async {
        // By a future, because a cancelled task may end here, and its own calls would not be run. It
        // fails only when the threads are gone, and then the files are closed already.
        try? await readThreads.runIfActive(eventLoop: eventLoops.any()) { [core] in
            core.catalog.close()
        }.get()
        await Self.shutDown(appendThreads, readThreads, eventLoops)
    }

    private static func shutDown(
        _ appendThreads: NIOThreadPool, _ readThreads: NIOThreadPool,
        _ eventLoops: MultiThreadedEventLoopGroup
    ) async {
        // Errors would only say that they are shut down already.
        try? await appendThreads.shutdownGracefully()
        try? await readThreads.shutdownGracefully()
        try? await eventLoops.shutdownGracefully()
    }
}

/// The connections there are, so that they can be closed.
final class OpenConnections: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    var all: [any Channel] { channels.withLock { Array($0.values) } }

    func add(_ channel: any Channel) {
        channels.withLock { $0[ObjectIdentifier(channel)] = channel }
        channel.closeFuture.whenComplete { [weak self] _ in
            self?.channels.withLock { $0[ObjectIdentifier(channel)] = nil }
        }
    }
}
