// Every setting there is: its name, what it is for, its default. One list for file, environment,
// flags, help and documentation.

/// One setting, the same under three names: `kafka:` in millrace.yaml, `MILLRACE_KAFKA` in the
/// environment, `--kafka` on the command line.
struct Setting: Sendable {
    enum Kind: Sendable, Equatable {
        case stage, path, level
        /// Never shown.
        case secret
        case number(ClosedRange<Int>)
    }

    var name: String
    var kind: Kind
    var standard: String
    var help: String

    var environmentName: String {
        "MILLRACE_" + name.uppercased().replacing("-", with: "_")
    }

    static let all: [Setting] = [
        Setting(
            name: "data", kind: .path, standard: "data",
            help: "the folder that holds all that the stack keeps"),
        Setting(
            name: "source", kind: .stage, standard: "embedded:",
            help: "embedded:, file:PATH or https://randomuser.me/api/"),
        Setting(
            name: "orchestrator", kind: .stage, standard: "embedded:",
            help: "embedded: (the scheduler of this binary)"),
        Setting(
            name: "landing", kind: .stage, standard: "sqlite:",
            help: "sqlite:, sqlite:PATH or postgres://user:password@host:5432/database"),
        Setting(
            name: "kafka", kind: .stage, standard: "embedded:",
            help: "embedded: (?durability=none|group|always, ?config=FILE) or kafka://host:9092,…"),
        Setting(
            name: "kafka-users", kind: .secret, standard: "",
            help: "users of the embedded Kafka's SASL: name:password,name:password"),
        Setting(
            name: "registry", kind: .stage, standard: "embedded:",
            help: "embedded: (?users=FILE, ?ssl.certificate.location=FILE) or http://host:8081"),
        Setting(
            name: "processing", kind: .stage, standard: "embedded:",
            help: "embedded: (the streaming engine of this binary)"),
        Setting(
            name: "store", kind: .stage, standard: "embedded:",
            help: "embedded: (?sync=periodic|batch|group) or cassandra://host:9042,…"),
        Setting(
            name: "console", kind: .stage, standard: "embedded:",
            help: "embedded: (the web pages, /metrics and /health)"),
        Setting(
            name: "partitions", kind: .number(1...1_000), standard: "4",
            help: "partitions of a topic that the pipeline creates"),
        Setting(
            name: "replication", kind: .number(1...9), standard: "1",
            help: "replicas of what the pipeline creates on a real Kafka or Cassandra"),
        Setting(
            name: "log-level", kind: .level, standard: "warning",
            help: "trace, debug, info, notice, warning, error or critical"),
    ]

    static func named(_ name: String) -> Setting? { all.first { $0.name == name } }
}
