// The flags of all settings, shared by every command that uses a stack.

import ArgumentParser
import Logging
import MillraceBase

struct SettingsArguments: ParsableArguments {
    @Option(help: "A configuration file. Default: millrace.yaml, when it is there.")
    var config: String?
    @Option(help: "The folder that holds all that the stack keeps. Default: data.")
    var data: String?
    @Option(help: "embedded:, file:PATH or https://randomuser.me/api/.")
    var source: String?
    @Option(help: "embedded:.")
    var orchestrator: String?
    @Option(help: "sqlite:, sqlite:PATH or postgres://user:password@host:5432/database.")
    var landing: String?
    @Option(
        help: """
            embedded:, embedded:?durability=none|group|always, embedded:?config=FILE \
            (listeners, TLS, SASL: docs/kafka.md) or kafka://host:9092,….
            """)
    var kafka: String?
    @Option(
        help: "embedded: (?users=FILE, ?ssl.certificate.location=FILE) or http://host:8081.")
    var registry: String?
    @Option(help: "embedded:.")
    var processing: String?
    @Option(help: "embedded:, embedded:?sync=periodic|batch|group or cassandra://host:9042,….")
    var store: String?
    @Option(help: "embedded:, embedded:?port=9021.")
    var console: String?
    @Option(help: "Partitions of a topic that the pipeline creates. Default: 4.")
    var partitions: String?
    @Option(help: "Replicas of what is created on a real Kafka or Cassandra. Default: 1.")
    var replication: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical. Default: warning.")
    var logLevel: String?

    var flags: [String: String] {
        let all: [(String, String?)] = [
            ("data", data), ("source", source), ("orchestrator", orchestrator),
            ("landing", landing), ("kafka", kafka), ("registry", registry),
            ("processing", processing), ("store", store), ("console", console),
            ("partitions", partitions), ("replication", replication), ("log-level", logLevel),
        ]
        return Dictionary(
            uniqueKeysWithValues: all.compactMap { name, text in text.map { (name, $0) } })
    }

    func settings() throws -> Settings { try SettingsLoader.load(file: config, flags: flags) }

    /// Logs go to standard error, so that standard output stays what was asked for.
    static func logger(_ settings: Settings) -> Logger {
        var logger = Logger(label: "millrace") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = settings.logLevel
        return logger
    }
}
