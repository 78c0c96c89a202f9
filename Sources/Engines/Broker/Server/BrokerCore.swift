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
    let metadata: MetadataLog
    /// `nil`: everybody may do everything.
    let authorizer: Authorizer?
    let quotas: Quotas
    /// Held while settings are read, changed and written back.
    let configChanges = Mutex(())
    let coordinator: GroupCoordinator
    let transactions: TransactionCoordinator
    let transactionalProduces = TransactionalProduces()
    let producerIDs: ProducerIDs
    let fetchSessions: FetchSessions
    let readThreads: NIOThreadPool
    let tasks: RequestTasks
    let logger: Logger
    let security: SecurityInPlay
    /// Bytes of whole requests, until they are answered.
    let budget = RequestBudget()
    /// Requests that are still coming, by what they claim.
    let frames = RequestBudget(limitBytes: Limits.frameBytesComingMax)
    /// The same of large ones.
    let largeFrames = RequestBudget(limitBytes: Limits.largeFrameBytesMax)
    let turns = TurnsOfLoops()
    /// Bytes of answers that clients have not taken.
    let answers = RequestBudget(limitBytes: Limits.answerBytesWaitingMax)

    init(
        _ configuration: BrokerConfiguration, catalog: TopicCatalog, coordinator: GroupCoordinator,
        transactions: TransactionCoordinator, producerIDs: ProducerIDs, readThreads: NIOThreadPool,
        tasks: RequestTasks, security: SecurityInPlay, logger: Logger
    ) {
        self.configuration = configuration
        self.catalog = catalog
        metadata = catalog.metadata
        authorizer = Authorizer(configuration.authorizer, catalog.metadata)
        quotas = Quotas(catalog.metadata)
        self.coordinator = coordinator
        self.transactions = transactions
        self.producerIDs = producerIDs
        fetchSessions = FetchSessions(slotsMax: configuration.limits.fetchSessionsMax)
        self.readThreads = readThreads
        self.tasks = tasks
        self.security = security
        self.logger = logger
    }

    /// The APIs that are served, and so announced. Nothing else is.
    static let served: [ApiKey] =
        coreKeys + transactionKeys + securityKeys + clusterKeys + group848Keys

    /// What every broker serves: records, topics, settings, classic groups.
    private static let coreKeys: [ApiKey] = [
        .produce, .fetch, .listOffsets, .metadata, .offsetCommit, .offsetFetch, .findCoordinator,
        .joinGroup, .heartbeat, .leaveGroup, .syncGroup, .describeGroups, .listGroups,
        .apiVersions, .createTopics, .deleteTopics, .deleteRecords, .initProducerID,
        .offsetForLeaderEpoch, .describeConfigs, .alterConfigs, .describeLogDirs,
        .alterReplicaLogDirs,
        .createPartitions, .deleteGroups, .incrementalAlterConfigs, .offsetDelete,
        .describeCluster, .describeTopicPartitions,
    ]

    func serves(_ key: ApiKey) -> Bool { Self.served.contains(key) }

    /// Where the client that asks is to dial: the address of the listener it came by.
    func advertised(for reply: Reply) -> (host: String, port: Int32) {
        (reply.session.advertisedHost, reply.session.advertisedPort)
    }

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
            case .alterReplicaLogDirs: alterReplicaLogDirs(try read(request), reply)
            case .describeCluster: describeCluster(try read(request), reply)
            case .describeTopicPartitions: describeTopicPartitions(try read(request), reply)
            case .offsetCommit, .offsetFetch, .findCoordinator, .joinGroup, .heartbeat,
                .leaveGroup, .syncGroup, .describeGroups, .listGroups, .deleteGroups, .offsetDelete,
                .consumerGroupHeartbeat, .consumerGroupDescribe:
                try handleGroup(request, reply)
            case .addPartitionsToTxn, .addOffsetsToTxn, .endTxn, .writeTxnMarkers,
                .txnOffsetCommit, .describeProducers, .describeTransactions, .listTransactions:
                try handleTransaction(request, reply)
            case .saslHandshake, .saslAuthenticate, .describeUserScramCredentials,
                .alterUserScramCredentials:
                try handleSecurity(request, reply)
            case .describeAcls, .createAcls, .deleteAcls, .describeClientQuotas,
                .alterClientQuotas, .electLeaders, .alterPartitionReassignments,
                .listPartitionReassignments, .describeQuorum, .updateFeatures,
                .listConfigResources:
                try handleCluster(request, reply)
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
        let version = reply.header.apiVersion
        let fault = request.fault(
            version: version, clusterID: catalog.directory.clusterID, nodeID: configuration.nodeID)
        if let fault {
            return reply.send(ApiVersionsRequest.self, ApiVersionsResponse { $0.errorCode = fault })
        }
        let image = metadata.image
        reply.send(
            ApiVersionsRequest.self,
            .announcing(
                Self.served, features: BrokerFeatures.announced(image.features),
                finalizedFeaturesEpoch: image.endOffset, version: version))
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
