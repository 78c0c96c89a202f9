// Where the group coordinator keeps what must outlive the process: the topic `__consumer_offsets`.

package import KafkaProtocol

/// One record of `__consumer_offsets`; a `nil` value is a tombstone.
package struct GroupRecord: Sendable, Equatable {
    package var key: [UInt8]
    package var value: [UInt8]?

    package init(key: [UInt8], value: [UInt8]?) {
        self.key = key
        self.value = value
    }
}

/// A producer whose transaction a batch belongs to.
package struct GroupProducer: Hashable, Sendable {
    package var id: Int64
    package var epoch: Int16

    package init(id: Int64, epoch: Int16) {
        self.id = id
        self.epoch = epoch
    }
}

/// One batch of the topic.
package enum GroupLogEntry: Sendable, Equatable {
    /// - Parameter producer: of a transactional batch, which counts when its marker says commit.
    case records([GroupRecord], producer: GroupProducer?)
    /// The end of a transaction.
    case marker(GroupProducer, isCommit: Bool)
}

/// A topic as subscriptions see it.
package struct GroupTopic: Hashable, Sendable {
    package var id: KafkaUUID
    package var name: String
    package var partitions: Int32

    package init(id: KafkaUUID, name: String, partitions: Int32) {
        self.id = id
        self.name = name
        self.partitions = partitions
    }
}

/// The coordinator's view of the rest of the broker. The server gives it one over the real log; a
/// test gives it an array.
package protocol GroupStorage: GroupTopicSource {
    /// Partitions of `__consumer_offsets`; a group's is `hash(groupID) % partitions`, as Kafka does.
    var partitions: Int32 { get }

    /// Whether the topic is there.
    var isPrepared: Bool { get }

    /// Creates the topic if it is missing.
    func prepare() async throws(GroupStorageError)

    /// Appends records in batches, and returns when all of them are as durable as the broker's policy
    /// says. Runs on the caller's actor up to its first wait, and all batches are in their places by
    /// then: once the topic is there, those for one partition land in the order of the calls, and no
    /// other call's come between.
    ///
    /// - Parameter producer: the batches then belong to that producer's transaction.
    /// - Throws: when a batch was refused; those around it may be in the log nevertheless.
    nonisolated(nonsending) func append(
        _ batches: [[GroupRecord]], to partition: Int32, producer: GroupProducer?
    ) async throws(GroupStorageError)

    /// Every batch there is, oldest first within a partition. Called once, before any request.
    func replay(
        _ visit: (_ partition: Int32, _ entry: GroupLogEntry) -> Void
    ) async throws(GroupStorageError)

    /// Whether offsets can be committed for it.
    func exists(topic: String, partition: Int32) -> Bool
}

/// The topics there are: for topic ids in requests and for subscriptions.
package protocol GroupTopicSource: Sendable {
    func topic(id: KafkaUUID) -> GroupTopic?
    func topic(name: String) -> GroupTopic?
    var topics: [GroupTopic] { get }
}

extension GroupStorage {
    func topicName(id: KafkaUUID) -> String? { topic(id: id)?.name }

    func topicID(name: String) -> KafkaUUID? { topic(name: name)?.id }
}

/// The log did not take or give the records; answered as COORDINATOR_NOT_AVAILABLE (15).
package struct GroupStorageError: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
