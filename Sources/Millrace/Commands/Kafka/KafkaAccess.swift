// The Kafka a command works on: a real cluster by its URL, the live stack's, or the data directory's own.

import ArgumentParser
import KafkaClient
import MillraceBase
import NIOCore

/// Where the commands for topics, groups and rights find their cluster.
enum KafkaAccess {
    /// Runs `work` with the cluster's address; the embedded broker of a data directory that is not up
    /// is started for the time.
    static func with<Value: Sendable>(
        _ arguments: SettingsArguments,
        _ work: @escaping @Sendable (KafkaConfiguration) async throws -> Value
    ) async throws -> Value {
        try await reached(arguments, stages: [.kafka]) { endpoint in
            try await work(KafkaConfiguration(try endpoint(.kafka)))
        }
    }

    /// The same with an admin, closed after it.
    static func withAdmin<Value: Sendable>(
        _ arguments: SettingsArguments,
        _ work: @escaping @Sendable (KafkaAdmin) async throws -> Value
    ) async throws -> Value {
        try await with(arguments) { configuration in
            let admin = try KafkaAdmin(configuration)
            do {
                let value = try await work(admin)
                await admin.close()
                return value
            } catch {
                await admin.close()
                throw error
            }
        }
    }

    /// - Parameter stages: what the work needs, and nothing else is started.
    static func reached<Value: Sendable>(
        _ arguments: SettingsArguments, stages: Set<StageName>,
        _ work:
            @escaping @Sendable (_ endpoint: @Sendable (StageName) throws -> Endpoint)
            async throws -> Value
    ) async throws -> Value {
        let settings = try arguments.settings()
        let given = stages.map { settings.endpoint($0.rawValue) }
        do {
            if given.allSatisfy({ $0.scheme != "embedded" }) {
                // A real one: there is no need of a stack.
                return try await work { settings.endpoint($0.rawValue) }
            }
            return try await StackAccess.with(arguments, stages: stages) { file, settings in
                try await work { stage in
                    let given = settings.endpoint(stage.rawValue)
                    return given.scheme == "embedded" ? try file.endpoint(stage.rawValue) : given
                }
            }
        } catch let error as KafkaError {
            throw failure(error, at: settings.place(of: StageName.kafka.rawValue))
        }
    }

    /// Kafka's error in the terms of a person at a terminal.
    static func failure(_ error: KafkaError, at place: String) -> Failure {
        let next =
            switch error.name {
            case "UNKNOWN_TOPIC_OR_PARTITION": "millrace topics list"
            case "GROUP_ID_NOT_FOUND": "millrace groups list"
            case "NON_EMPTY_GROUP", "UNKNOWN_MEMBER_ID":
                "stop the group's members first; millrace groups describe shows them"
            case "SECURITY_DISABLED": "an authorizer in the broker's configuration (docs/kafka.md)"
            case "_TRANSPORT", "_ALL_BROKERS_DOWN", "_TIMED_OUT":
                "millrace doctor, or another address by --kafka"
            case "_AUTHENTICATION", "SASL_AUTHENTICATION_FAILED":
                "kafka://user:password@host:9092?sasl.mechanisms=…&security.protocol=…"
            default: "the same with --log-level debug"
            }
        let topic = error.topic.map { "\($0), " } ?? ""
        return Failure(
            "Kafka refuses", at: topic + place, because: "\(error.name): \(error.message)",
            next: next)
    }
}

/// `name=value` arguments.
struct NamedValue: ExpressibleByArgument, Sendable {
    var name: String
    var value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "=") else { return nil }
        name = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
        guard !name.isEmpty else { return nil }
    }
}

/// `partition:offset` arguments.
struct PartitionOffset: ExpressibleByArgument, Sendable {
    var partition: Int32
    var offset: Int64

    init?(argument: String) {
        let parts = argument.split(separator: ":")
        guard parts.count == 2, let partition = Int32(parts[0]), let offset = Int64(parts[1]),
            partition >= 0
        else { return nil }
        self.partition = partition
        self.offset = offset
    }
}
