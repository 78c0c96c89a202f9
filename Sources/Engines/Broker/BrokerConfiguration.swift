// How an embedded broker is to be run: where its data is, where it listens, when it answers.

/// When an append counts as done, and what readers may see.
///
/// | | survives `kill -9` | survives a power cut |
/// | --- | --- | --- |
/// | `none` | yes: written before the answer | maybe not the last seconds; never a torn batch |
/// | `group` | yes | yes: flushed before the answer, one flush for all that wait |
/// | `always` | yes | yes: one flush for each request |
package enum Durability: String, Sendable, CaseIterable {
    case none, group, always
}

package struct BrokerConfiguration: Sendable {
    /// Holds the partitions' folders and the broker's own files; created when missing.
    package var directory: String
    /// Where clients come to, at least one; the first is the one that is shown as the broker's address.
    package var listeners: [Listener]
    package var durability = Durability.group
    /// Partitions of a topic that was created without a number: Kafka's `num.partitions`.
    package var partitionsDefault: Int32 = 1
    /// Kafka's `auto.create.topics.enable`.
    package var autoCreateTopics = true
    /// Kafka's `delete.topic.enable`.
    package var deleteTopics = true
    package var nodeID: Int32 = 1
    /// 22 characters of base64url, kept in `meta.properties`. `nil`: the kept one, or a new one.
    package var clusterID: String?

    package var sasl = SaslConfiguration()
    package var authorizer = Authorization.none
    package var limits = ConnectionLimits()
    package var groups = GroupRules()
    package var transactions = TransactionRules()
    /// The texts of settings of `StartSetting` that were given, by Kafka's names, all of them good.
    /// Topics take their defaults from them.
    package var given: [String: String] = [:]
    package var upkeep = UpkeepIntervals()

    /// One listener without security.
    package init(directory: String, host: String = "127.0.0.1", port: Int = 9092) {
        self.init(directory: directory, listeners: [Listener(host: host, port: port)])
    }

    package init(directory: String, listeners: [Listener]) {
        precondition(!listeners.isEmpty, "a broker without a listener serves nobody")
        self.directory = directory
        self.listeners = listeners
    }

    /// The first listener's.
    package var advertisedHost: String? {
        get { listeners[0].advertisedHost }
        set { listeners[0].advertisedHost = newValue }
    }

    /// The first listener's.
    package var advertisedPort: Int? {
        get { listeners[0].advertisedPort }
        set { listeners[0].advertisedPort = newValue }
    }
}

/// Who may do what.
package enum Authorization: Sendable {
    /// Everybody may do everything, and there are no ACLs.
    case none
    /// What ACLs say. Super users may do everything; where no ACL speaks of a resource, all may or
    /// only super users may: Kafka's `allow.everyone.if.no.acl.found`.
    case acls(superUsers: [KafkaPrincipal], allowEveryoneIfNoAcl: Bool)
}

/// How many may be connected, and how much they may send; more is refused.
package struct ConnectionLimits: Sendable {
    /// Kafka's `max.connections`, over all listeners.
    package var connectionsMax = Limits.connectionsMax
    /// Kafka's `max.connections.per.ip`.
    package var connectionsPerAddressMax = Int(Int32.max)
    /// Kafka's `socket.request.max.bytes`.
    package var requestBytesMax = Limits.requestBytesMax
    /// Kafka's `max.incremental.fetch.session.cache.slots`.
    package var fetchSessionsMax = Limits.fetchSessionsMax
    /// Kafka's `connections.max.idle.ms`, in seconds.
    package var idleSeconds = Limits.connectionIdleSeconds
    /// Kafka's `connections.max.idle.ms`.
    package var idleMilliseconds: Int64 {
        get { idleSeconds * 1_000 }
        set { idleSeconds = newValue / 1_000 }
    }
    /// Time from the connection to the end of TLS and SASL; then it is closed.
    package var authenticationSeconds = Limits.authenticationSeconds

    package init() {}
}

/// How often the broker looks for what may go, in milliseconds.
package struct UpkeepIntervals: Sendable {
    /// Kafka's `log.retention.check.interval.ms`.
    package var retentionMilliseconds = Limits.retentionMilliseconds
    /// Kafka's `log.cleaner.backoff.ms`.
    package var compactionMilliseconds = Limits.compactionMilliseconds

    package init() {}
}
