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

/// The coordinator's view of the rest of the broker. The server gives it one over the real log; a
/// test gives it an array.
package protocol GroupStorage: Sendable {
    /// Partitions of `__consumer_offsets`; a group's is `hash(groupID) % partitions`, as Kafka does.
    var partitions: Int32 { get }

    /// Appends the records as one batch, and returns when they are as durable as the broker's policy
    /// says. Batches for one partition land in the order of the calls. Creates the topic if missing.
    func append(_ records: [GroupRecord], to partition: Int32) async throws(GroupStorageError)

    /// Every record there is, oldest first within a partition. Called once, before any request.
    func replay(
        _ visit: (_ partition: Int32, _ record: GroupRecord) -> Void
    ) async throws(GroupStorageError)

    /// Whether offsets can be committed for it.
    func exists(topic: String, partition: Int32) -> Bool

    /// For the topic ids of OffsetCommit 10 and OffsetFetch 10.
    func topicName(id: KafkaUUID) -> String?
    func topicID(name: String) -> KafkaUUID?
}

/// The log did not take or give the records; answered as COORDINATOR_NOT_AVAILABLE (15).
package struct GroupStorageError: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
