// A Kafka cluster's address and the librdkafka properties to reach it with.

import CRdKafka
public import MillraceBase

/// `kafka://user:password@host:9092,host2:9092?any.librdkafka.property=value`.
///
/// A user name turns SASL PLAIN on; `security.protocol` and `sasl.mechanisms` in the URL say
/// otherwise. Each property of the URL wins over the defaults of this module.
public struct KafkaConfiguration: Sendable {
    /// librdkafka's names; they go to producers, consumers and admins alike.
    public var properties: [String: String]

    public static let defaultPort = 9092

    public init(_ endpoint: Endpoint) {
        var properties: [String: String] = [:]
        if let user = endpoint.user {
            properties["sasl.username"] = user
            properties["sasl.password"] = endpoint.password ?? ""
            properties["sasl.mechanisms"] = "PLAIN"
            properties["security.protocol"] = "sasl_plaintext"
        }
        for (name, value) in endpoint.options where name != "port" { properties[name] = value }
        let hosts = endpoint.authorities(defaultPort: Self.defaultPort)
        if !hosts.isEmpty { properties["bootstrap.servers"] = hosts }
        self.properties = properties
    }

    /// What every client starts from.
    static let common = [
        "client.id": "millrace",
        "bootstrap.servers": "127.0.0.1:9092",
        "socket.nagle.disable": "true",
        "reconnect.backoff.ms": "20",
        "reconnect.backoff.max.ms": "1000",
        "log.queue": "true",
        "log.connection.close": "false",
    ]

    static let producer = [
        "enable.idempotence": "true",
        "acks": "all",
        "linger.ms": "1",
        "partitioner": "murmur2_random",
        "message.timeout.ms": String(KafkaLimits.messageTimeoutMilliseconds),
        "queue.buffering.max.messages": String(KafkaLimits.producerQueueRecordsMax),
        "queue.buffering.max.kbytes": String(KafkaLimits.producerQueueKilobytesMax),
    ]

    /// A record may not live longer than its transaction; librdkafka refuses the properties otherwise.
    var producerDefaults: [String: String] {
        guard properties["transactional.id"] != nil,
            let text = properties["transaction.timeout.ms"], let milliseconds = Int(text),
            milliseconds < KafkaLimits.messageTimeoutMilliseconds
        else { return Self.producer }
        return Self.producer.merging(["message.timeout.ms": text]) { $1 }
    }

    static let consumer = [
        // `assign` needs a group's name; nothing is ever committed to it.
        "group.id": "millrace-assigned",
        "enable.auto.commit": "false",
        "enable.auto.offset.store": "false",
        "auto.offset.reset": "error",
        "fetch.wait.max.ms": "10",
        "fetch.error.backoff.ms": "50",
        "check.crcs": "true",
        "queued.max.messages.kbytes": String(KafkaLimits.consumerQueueKilobytesMax),
        "queued.min.messages": String(KafkaLimits.consumerQueueRecordsMin),
    ]

    static let admin = ["log.queue": "true"]
}
