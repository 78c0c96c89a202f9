// Settings of Kafka that are none here, so that whoever brings a server.properties is told what to do.
// Source: https://kafka.apache.org/documentation/#brokerconfigs

/// Each name falls into the first class that has it.
enum ForeignSettings {
    private struct Class {
        /// Names, or their beginnings when they end with a dot or a star, or their ends after a star.
        var names: [String]
        var because: String
    }

    /// - Parameter name: without `listener.name.NAME.`.
    /// - Returns: why it is not a setting here, and what to do; `nil` for what Kafka does not know either.
    static func reason(for name: String) -> String? {
        classes.first { $0.names.contains { matches(name, $0) } }?.because
    }

    private static func matches(_ name: String, _ pattern: String) -> Bool {
        if pattern.hasPrefix("*") { return name.hasSuffix(pattern.dropFirst()) }
        if pattern.hasSuffix("*") { return name.hasPrefix(pattern.dropLast()) }
        return pattern.hasSuffix(".") ? name.hasPrefix(pattern) : name == pattern
    }

    private static let classes: [Class] =
        [secrets, keys, java] + places + quorum + absent + [machine]

    private static let secrets = Class(
        names: ["*sasl.jaas.config", "sasl.login.*", "sasl.server.callback.handler.class"],
        because: "users do not stand in Java's words here; write them into a file, a line "
            + "name:password each, and set sasl.users.file")

    private static let keys = Class(
        names: [
            "ssl.key.password", "ssl.keystore.", "ssl.truststore.", "ssl.protocol",
            "ssl.enabled.protocols", "ssl.cipher.suites", "ssl.provider",
            "ssl.endpoint.identification.algorithm", "ssl.keymanager.algorithm",
            "ssl.trustmanager.algorithm", "ssl.secure.random.implementation",
            "ssl.engine.factory.class", "ssl.allow.",
        ],
        because: "TLS is 1.2 and 1.3 with PEM files; set ssl.certificate.location and "
            + "ssl.key.location, for a password ssl.key.password.file, for clients' authorities "
            + "ssl.ca.location, and leave it out")

    private static let java = Class(
        names: [
            "authorizer.class.name", "principal.builder.class", "*.class", "*.class.name",
            "*.classes", "metric.reporters", "metrics.", "kafka.metrics.*", "telemetry.",
            "auto.include.jmx.reporter", "config.providers*", "security.providers",
            "log.message.timestamp.difference.max.ms",
        ],
        because: "classes of Java cannot be loaded here; leave it out, and for ACLs set "
            + "authorizer=acls")

    private static let places: [Class] = [
        Class(
            names: ["log.dir", "log.dirs", "metadata.log.dir", "log.dir.failure.timeout.ms"],
            because:
                "the data is in the folder broker of the data directory; leave it out, and name "
                + "that directory with --data"),
        Class(
            names: ["port", "host.name", "advertised.host.name", "advertised.port"],
            because: "Kafka has it no more; set listeners and advertised.listeners"),
    ]

    private static let quorum: [Class] = [
        Class(
            names: [
                "process.roles", "node.id", "broker.id", "broker.id.*", "reserved.broker.max.id",
                "broker.rack", "controller.listener.names", "controller.quorum.",
                "controller.socket.",
                "initial.broker.registration.timeout.ms", "broker.heartbeat.interval.ms",
                "broker.session.timeout.ms", "metadata.log.", "metadata.max.",
                "early.start.listeners", "unstable.", "controlled.shutdown.",
            ],
            because:
                "there is one node, node 1, which is broker and controller at once; leave it out"
        ),
        Class(
            names: [
                "inter.broker.", "security.inter.broker.protocol", "sasl.mechanism.*", "replica.",
                "num.replica.*", "leader.imbalance.", "auto.leader.rebalance.enable",
                "replication.quota.", "alter.log.dirs.replication.quota.", "follower.",
                "unclean.leader.election.interval.ms", "request.timeout.ms",
            ],
            because: "there is no other broker to speak to; leave it out"),
        Class(names: ["zookeeper."], because: "there is no ZooKeeper; leave it out"),
    ]

    private static let absent: [Class] = [
        Class(
            names: ["remote.log.", "remote.log.*", "remote.fetch.", "remote.list."],
            because: "there is no tiered storage; leave it out"),
        Class(
            names: ["share.", "group.share.", "group.streams."],
            because: "share and streams groups are not served; leave it out"),
        Class(
            names: ["delegation.token.", "delegation.token.*"],
            because: "delegation tokens are not served; leave it out"),
        Class(
            names: ["sasl.kerberos."],
            because: "Kerberos is not served; leave it out, and set sasl.enabled.mechanisms"),
        Class(
            names: ["sasl.oauthbearer."],
            because: "tokens are checked by sasl.oauthbearer.jwks.endpoint.url, ….jwks.location, "
                + "….public.key.location, ….secret.file, ….expected.issuer, ….expected.audience and ….sub.claim.name alone"
        ),
        Class(
            names: [
                "log.message.format.version", "log.message.downconversion.enable",
                "group.coordinator.new.enable", "offsets.commit.required.acks",
                "password.encoder.", "log.cleaner.enable.*",
            ],
            because: "Kafka has it no more; leave it out"),
    ]

    private static let machine = Class(
        names: [
            "num.network.threads", "num.io.threads", "background.threads",
            "num.recovery.threads.per.data.dir", "queued.max.*", "socket.send.buffer.bytes",
            "socket.receive.buffer.bytes", "socket.listen.backlog.size", "log.cleaner.threads",
            "log.cleaner.io.", "log.cleaner.dedupe.", "log.flush.scheduler.interval.ms",
            "log.flush.offset.checkpoint.interval.ms",
            "log.flush.start.offset.checkpoint.interval.ms", "log.initial.task.delay.ms",
            "group.coordinator.*", "group.consumer.*", "offsets.load.buffer.size",
            "offsets.commit.timeout.ms", "offsets.topic.*", "transaction.*", "quota.window.*",
            "controller.quota.*", "producer.id.*", "producer.purgatory.*", "fetch.purgatory.*",
            "delete.records.purgatory.*", "max.connections.*", "max.connection.*",
            "connection.failed.*", "sasl.server.max.receive.size", "log.roll.*", "log.index.*",
            "log.segment.*",
            "create.topic.*", "alter.config.*", "compression.*",
        ],
        because: "it is not to be chosen here: the broker takes what fits; leave it out")
}
