// Where the registry listens, which Kafka keeps its schemas, and who may ask it.

package import MillraceBase

package struct RegistryConfiguration: Sendable {
    package var kafka: Endpoint
    package var host: String
    /// 0: a free one.
    package var port: Int
    /// The topic that keeps everything: one partition, compacted.
    package var topic: String
    /// Who may ask; `nil` is everybody.
    package var users: RegistryUsers?
    /// `nil`: plain HTTP.
    package var tls: RegistryTLS?

    package init(
        kafka: Endpoint, host: String = "127.0.0.1", port: Int = 8081, topic: String = "_schemas",
        users: RegistryUsers? = nil, tls: RegistryTLS? = nil
    ) {
        self.kafka = kafka
        self.host = host
        self.port = port
        self.topic = topic
        self.users = users
        self.tls = tls
    }
}

/// Why the registry cannot start.
package enum RegistryServerError: Error, Sendable, Equatable, CustomStringConvertible {
    case portTaken(Int)
    case cannotListen(String)
    /// The topic could not be made, read or written.
    case storage(topic: String, reason: String)
    /// The topic has more than one partition, so its records have no one order.
    case wrongTopic(topic: String, partitions: Int)
    /// The file of users cannot be read, or a line of it is none.
    case users(String)
    /// A certificate or its key cannot be read, or they do not fit.
    case tls(String)

    package var description: String {
        switch self {
        case .portTaken(let port): "port \(port) is taken"
        case .cannotListen(let reason): "cannot listen: \(reason)"
        case .storage(let topic, let reason): "the topic \(topic) is not usable: \(reason)"
        case .wrongTopic(let topic, let partitions):
            "the topic \(topic) has \(partitions) partitions and must have one"
        case .users(let reason): "the users are not usable: \(reason)"
        case .tls(let reason): "HTTPS cannot be spoken: \(reason)"
        }
    }
}
