// What the broker answers: each request goes to the function of its API.

import KafkaProtocol
import Logging
import MillraceBase
import NIOCore
import NIOPosix
import Synchronization

/// Everything a request can need, shared by all connections.
///
/// Functions are called on the event loop of the connection. They answer at once when nothing blocks;
/// else they go on in `blocking` (files) or `async` (groups) and answer from there.
final class BrokerCore: Sendable {
    let configuration: BrokerConfiguration
    let catalog: TopicCatalog
    let coordinator: GroupCoordinator
    let producerIDs: ProducerIDs
    let readThreads: NIOThreadPool
    let tasks: RequestTasks
    let logger: Logger
    let budget = RequestBudget()
    /// The bound one; set once, before the first connection.
    let port = Atomic<Int>(0)
    private let connections = Atomic<Int>(0)

    init(
        _ configuration: BrokerConfiguration, catalog: TopicCatalog, coordinator: GroupCoordinator,
        producerIDs: ProducerIDs, readThreads: NIOThreadPool, tasks: RequestTasks, logger: Logger
    ) {
        self.configuration = configuration
        self.catalog = catalog
        self.coordinator = coordinator
        self.producerIDs = producerIDs
        self.readThreads = readThreads
        self.tasks = tasks
        self.logger = logger
    }

    /// The APIs that are served, and so announced. Nothing else is: no transactions, no ACLs, no SASL,
    /// no groups of KIP-848.
    static let served: [ApiKey] = ApiKey.allCases

    func serves(_ key: ApiKey) -> Bool { Self.served.contains(key) }

    var advertisedPort: Int32 {
        Int32(clamping: configuration.advertisedPort ?? port.load(ordering: .relaxed))
    }

    // MARK: Connections

    /// - Returns: false when there are too many already.
    func connectionBegan() -> Bool {
        let before = connections.add(1, ordering: .relaxed).oldValue
        if before < Limits.connectionsMax { return true }
        connections.subtract(1, ordering: .relaxed)
        return false
    }

    func connectionEnded() { connections.subtract(1, ordering: .relaxed) }

    // MARK: Requests

    /// Answers one request, now or later.
    /// - Parameter waits: given the fetch that waits for records, so that it can be stopped.
    func handle(_ request: IncomingRequest, _ reply: Reply, waits: (FetchJob) -> Void) {
        let version = request.header.apiVersion
        guard request.key.versions.contains(version) else { return refuse(request, reply) }
        do throws(WireError) {
            switch request.key {
            case .produce: produce(try read(request), reply)
            case .fetch: fetch(try read(request), reply, waits: waits)
            case .listOffsets: listOffsets(try read(request), reply)
            case .metadata: metadata(try read(request), reply)
            case .offsetForLeaderEpoch: offsetForLeaderEpoch(try read(request), reply)
            case .deleteRecords: deleteRecords(try read(request), reply)
            case .initProducerID: initProducerID(try read(request), reply)
            case .apiVersions: apiVersions(try read(request), reply)
            case .createTopics: createTopics(try read(request), reply)
            case .deleteTopics: deleteTopics(try read(request), reply)
            case .createPartitions: createPartitions(try read(request), reply)
            case .describeConfigs: describeConfigs(try read(request), reply)
            case .alterConfigs: alterConfigs(try read(request), reply)
            case .incrementalAlterConfigs: incrementalAlterConfigs(try read(request), reply)
            case .describeLogDirs: describeLogDirs(try read(request), reply)
            case .describeCluster: describeCluster(try read(request), reply)
            case .describeTopicPartitions: describeTopicPartitions(try read(request), reply)
            case .offsetCommit, .offsetFetch, .findCoordinator, .joinGroup, .heartbeat,
                .leaveGroup, .syncGroup, .describeGroups, .listGroups, .deleteGroups, .offsetDelete:
                try handleGroup(request, reply)
            }
        } catch {
            logger.debug("closing a connection", metadata: ["reason": "\(error)"])
            reply.close()
        }
    }

    /// Bytes behind the last field are let pass, as Kafka does: librdkafka 2.16 sends three of them with
    /// a Metadata request for all topics.
    func read<Request: KafkaRequest>(_ request: IncomingRequest) throws(WireError) -> Request {
        var reader = try KafkaReader(
            Request.self, request.body, version: request.header.apiVersion)
        var message = Request()
        try message.fields(&reader)
        return message
    }

    /// ApiVersions of a version that is not spoken is answered, so that the client can choose another;
    /// all else ends the connection, as with Kafka.
    private func refuse(_ request: IncomingRequest, _ reply: Reply) {
        guard request.key == .apiVersions else { return reply.close() }
        do throws(WireError) {
            reply.send(
                try ApiVersionsRequest.responseFrame(
                    .unsupportedVersion, version: 0,
                    correlationID: request.header.correlationID))
        } catch {
            reply.close()
        }
    }

    private func apiVersions(_ request: ApiVersionsRequest, _ reply: Reply) {
        // No features: group.version would announce KIP-848, transaction.version transactions.
        reply.send(ApiVersionsRequest.self, .announcing(Self.served))
    }

    /// Runs file work that blocks; the answer is sent from there.
    func blocking(_ reply: Reply, _ work: @escaping @Sendable () -> Void) {
        readThreads.submit { state in
            switch state {
            case .active: work()
            case .cancelled: reply.close()
            }
        }
    }
}
