// `millrace topics`: made, looked at, changed, emptied, removed.

import ArgumentParser
import KafkaClient
import MillraceBase

struct TopicsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics",
        abstract: "List, create, describe, alter, copy and delete topics.",
        discussion: """
            Works on the live stack, on the data directory's broker when none is up, or on a real
            cluster by --kafka kafka://host:9092.

            Examples:
              millrace topics create orders --partitions 6 --setting cleanup.policy=compact
              millrace topics describe orders --kafka kafka://broker:9092 --json
            """,
        subcommands: [
            List.self, Create.self, Describe.self, Alter.self, DeleteRecords.self, Delete.self,
            TopicsCopyCommand.self,
        ],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List topics.")
        @OptionGroup var arguments: SettingsArguments
        @Flag(help: "Internal topics too.") var all = false
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let topics = try await KafkaAccess.withAdmin(arguments) { admin in
                var rows: [(TopicDescription, Int64)] = []
                for topic in try await admin.describeTopics() {
                    rows.append((topic, try await TopicsCommand.records(admin, topic.name)))
                }
                return rows
            }
            let shown = topics.filter { all || !$0.0.isInternal }
            if json {
                let list = shown.map { topic, records -> JSONValue in
                    [
                        "name": .string(topic.name), "id": .string(topic.id),
                        "partitions": JSONValue(topic.partitions.count),
                        "records": JSONValue(records), "internal": .bool(topic.isInternal),
                    ]
                }
                return Terminal.print(JSONValue.array(list).prettyText)
            }
            guard !shown.isEmpty else { return Terminal.print("no topics") }
            var table = Table(head: ["topic", "partitions", "records"], numbers: [1, 2])
            for (topic, records) in shown {
                table.rows.append([
                    topic.name, "\(topic.partitions.count)", Shown.count(Int(records)),
                ])
            }
            Terminal.print(table.text)
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create a topic.",
            discussion: "Example: millrace topics create orders --partitions 6")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The topic's name.") var name: String
        @Option(help: "A setting, name=value; may be repeated.") var setting: [NamedValue] = []
        @Flag(help: "It is no error when the topic is there.") var ifMissing = false

        func run() async throws {
            let count = arguments.partitions.flatMap { Int($0) }
            let (name, setting) = (name, setting)
            let made = try await KafkaAccess.withAdmin(arguments) { admin in
                try await admin.createTopic(
                    name, partitions: count ?? -1,
                    configs: Dictionary(
                        setting.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }))
            }
            guard made || ifMissing else {
                throw Failure(
                    "the topic is there already", at: name,
                    next: "millrace topics describe \(name), or --if-missing")
            }
            Terminal.print(made ? "created \(name)" : "\(name) is there already")
        }
    }

    struct Describe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a topic's partitions, offsets and settings.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The topic's name.") var name: String
        @Flag(help: "Settings that have their default, too.") var defaults = false
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let (name, defaults) = (name, defaults)
            let found = try await KafkaAccess.withAdmin(arguments) { admin in
                try await TopicReport(admin, name, defaults: defaults)
            }
            Terminal.print(json ? found.json.prettyText : found.text)
        }
    }

    struct Alter: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a topic's settings, or give it more partitions.",
            discussion: "Example: millrace topics alter orders --set retention.ms=3600000")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The topic's name.") var name: String
        @Option(help: "name=value; may be repeated.") var set: [NamedValue] = []
        @Option(help: "A setting to be put back to its default; may be repeated.")
        var unset: [String] = []
        @Flag(help: "Only ask whether it would work.") var dryRun = false

        func validate() throws {
            guard !set.isEmpty || !unset.isEmpty || arguments.partitions != nil else {
                throw ValidationError("nothing to change: --set, --unset or --partitions")
            }
        }

        func run() async throws {
            let changes =
                set.map { ConfigChange.set($0.name, $0.value) }
                + unset.map { ConfigChange.delete($0) }
            let (name, dryRun) = (name, dryRun)
            let count = arguments.partitions.flatMap { Int($0) }
            try await KafkaAccess.withAdmin(arguments) { admin in
                if !changes.isEmpty {
                    try await admin.alterConfigs(.topic(name), changes, validateOnly: dryRun)
                }
                if let count {
                    try await admin.createPartitions(name, count: count, validateOnly: dryRun)
                }
            }
            Terminal.print(dryRun ? "\(name) could be changed so" : "changed \(name)")
        }
    }

    struct DeleteRecords: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "delete-records",
            abstract: "Remove what lies before an offset; without one, all there is.",
            discussion: "Example: millrace topics delete-records orders --before 0:1000")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The topic's name.") var name: String
        @Option(help: "partition:offset; may be repeated.") var before: [PartitionOffset] = []

        func run() async throws {
            let (name, before) = (name, before)
            let left = try await KafkaAccess.withAdmin(arguments) { admin in
                var offsets = Dictionary(
                    before.map { ($0.partition, $0.offset) }, uniquingKeysWith: { $1 })
                if before.isEmpty {
                    let topic = try await admin.describeTopics([name]).first
                    for partition in topic?.partitions ?? [] { offsets[partition.index] = -1 }
                }
                return try await admin.deleteRecords(name, before: offsets)
            }
            var table = Table(head: ["partition", "first offset now"], numbers: [0, 1])
            for (partition, offset) in left.sorted(by: { $0.key < $1.key }) {
                table.rows.append(["\(partition)", "\(offset)"])
            }
            Terminal.print(table.text)
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete a topic and its records.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The topic's name.") var name: String
        @Flag(help: "It is no error when there is none.") var ifThere = false

        func run() async throws {
            let name = name
            let deleted = try await KafkaAccess.withAdmin(arguments) { admin in
                try await admin.deleteTopic(name)
            }
            guard deleted || ifThere else {
                throw Failure("there is no such topic", at: name, next: "millrace topics list")
            }
            Terminal.print(deleted ? "deleted \(name)" : "there is no \(name)")
        }
    }

    /// Records by their offsets; transactions' markers and compacted gaps count as records here.
    static func records(_ admin: KafkaAdmin, _ topic: String) async throws -> Int64 {
        let first = try await admin.offsets(topic, at: .earliest)
        let end = try await admin.offsets(topic, at: .latest)
        return end.reduce(0) { $0 + $1.value - (first[$1.key] ?? 0) }
    }
}
