// `millrace groups`: who reads what, how far behind, and moving a group to other offsets.

import ArgumentParser
import KafkaClient
import MillraceBase

struct GroupsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "groups", abstract: "List, describe, reset and delete consumer groups.",
        discussion: """
            Examples:
              millrace groups describe billing
              millrace groups reset billing --topic orders --to earliest --dry-run
            """,
        subcommands: [List.self, Describe.self, Reset.self, Delete.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List consumer groups.")
        @OptionGroup var arguments: SettingsArguments
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let groups = try await KafkaAccess.withAdmin(arguments) { admin in
                try await admin.listGroups()
            }
            if json {
                let list = groups.map { group -> JSONValue in
                    [
                        "group": .string(group.id), "state": .string(group.state),
                        "type": .string(group.type),
                    ]
                }
                return Terminal.print(JSONValue.array(list).prettyText)
            }
            guard !groups.isEmpty else { return Terminal.print("no groups") }
            var table = Table(head: ["group", "type", "state"])
            for group in groups { table.rows.append([group.id, group.type, group.state]) }
            Terminal.print(table.text)
        }
    }

    struct Describe: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a group's members, and its lag by partition.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The group's name.") var group: String
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let group = group
            let report = try await KafkaAccess.withAdmin(arguments) { admin in
                try await GroupReport(admin, group)
            }
            Terminal.print(json ? report.json.prettyText : report.text)
        }
    }

    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move a group that nobody is in to other offsets.",
            discussion: """
                Exactly one of --to, --to-time, --to-offset and --shift. What would be done is shown
                with --dry-run.

                Example: millrace groups reset billing --topic orders --to-time 2026-11-23T08:00:00Z
                """)
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The group's name.") var group: String
        @Option(help: "Only this topic; may be repeated. Default: all it has offsets of.")
        var topic: [String] = []
        @Option(help: "earliest or latest.") var to: String?
        @Option(help: "The first record of this time or later, 2026-11-23T08:00:00Z.")
        var toTime: String?
        @Option(help: "This offset, in every partition.") var toOffset: Int64?
        @Option(parsing: .unconditional, help: "So many records on; back when negative.")
        var shift: Int64?
        @Flag(help: "Show what would be done, and do nothing.") var dryRun = false
        @Flag(help: "Print JSON.") var json = false

        func validate() throws {
            let given = [to != nil, toTime != nil, toOffset != nil, shift != nil].filter { $0 }
            guard given.count == 1 else {
                throw ValidationError("exactly one of --to, --to-time, --to-offset and --shift")
            }
        }

        func run() async throws {
            let goal = try OffsetGoal(
                to: to, time: toTime, offset: toOffset, shift: shift)
            let (group, topics, dryRun) = (group, topic, dryRun)
            let moves = try await KafkaAccess.withAdmin(arguments) { admin in
                let moves = try await OffsetMove.planned(
                    admin, group: group, topics: topics, goal: goal)
                if !dryRun { try await OffsetMove.perform(admin, group: group, moves) }
                return moves
            }
            if json { return Terminal.print(OffsetMove.json(moves).prettyText) }
            var table = Table(head: ["topic", "partition", "from", "to"], numbers: [1, 2, 3])
            for move in moves {
                table.rows.append([
                    move.topic, "\(move.partition)", move.from.map(String.init) ?? "–",
                    "\(move.to)",
                ])
            }
            Terminal.print(table.text)
            Terminal.print(dryRun ? "nothing was changed (--dry-run)" : "moved \(group)")
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a group that nobody is in, or its offsets of one topic.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The group's name.") var group: String
        @Option(help: "Only the offsets of this topic.") var topic: String?

        func run() async throws {
            let (group, topic) = (group, topic)
            try await KafkaAccess.withAdmin(arguments) { admin in
                guard let topic else { return try await admin.deleteGroup(group) }
                let committed = try await admin.committed(group: group)[topic] ?? [:]
                try await admin.deleteOffsets(
                    group: group, [topic: committed.keys.sorted()])
            }
            Terminal.print("deleted \(group)" + (topic.map { "'s offsets of \($0)" } ?? ""))
        }
    }
}
