// `millrace acls`: who may do what, and the users that log in by SCRAM.

import ArgumentParser
import KafkaClient
import MillraceBase

struct AclsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "acls", abstract: "List, add and remove rights, and users of SCRAM.",
        discussion: """
            The broker must have an authorizer (docs/kafka.md).

            Examples:
              millrace acls add --topic orders --principal User:alice --operation read
              SCRAM_PASSWORD=… millrace acls add-user alice
            """,
        subcommands: [
            List.self, Add.self, Remove.self, Users.self, AddUser.self, RemoveUser.self,
        ],
        defaultSubcommand: List.self)

    /// A word out of those that a type has.
    @Sendable static func word<Word: RawRepresentable<String> & CaseIterable>(
        _ text: String
    ) throws -> Word {
        guard let word = Word(rawValue: text) else {
            let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(text) is none of \(known)")
        }
        return word
    }

    /// Which resource is meant.
    struct ResourceArguments: ParsableArguments {
        @Option(help: "A topic's name; * for all.") var topic: String?
        @Option(help: "A group's name; * for all.") var group: String?
        @Option(help: "A transactional id; * for all.") var transactionalID: String?
        @Flag(help: "The cluster itself.") var cluster = false
        @Option(
            help: "literal, prefixed; in filters also any, match.", transform: AclsCommand.word)
        var pattern: AclRule.Pattern?

        var resource: (AclRule.Resource, String)? {
            if let topic { return (.topic, topic) }
            if let group { return (.group, group) }
            if let transactionalID { return (.transactionalID, transactionalID) }
            return cluster ? (.cluster, "kafka-cluster") : nil
        }
    }

    struct RuleArguments: ParsableArguments {
        @OptionGroup var resource: ResourceArguments
        @Option(help: "User:name; User:* for all.") var principal: String?
        @Option(help: "An address; * for all.") var host: String?
        @Option(
            help: "\(AclRule.Operation.allCases.map(\.rawValue).joined(separator: ", ")).",
            transform: AclsCommand.word)
        var operation: [AclRule.Operation] = []
        @Flag(help: "Forbid instead of allow.") var deny = false

        var filter: AclFilter {
            var filter = AclFilter()
            if let (kind, name) = resource.resource {
                (filter.resource, filter.name) = (kind, name)
            }
            filter.pattern = resource.pattern ?? .any
            filter.principal = principal
            filter.host = host
            filter.operation = operation.first ?? .any
            filter.permission = deny ? .deny : .any
            return filter
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List rights.")
        @OptionGroup var arguments: SettingsArguments
        @OptionGroup var rule: RuleArguments
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let filter = rule.filter
            let rules = try await KafkaAccess.withAdmin(arguments) { admin in
                try await admin.acls(filter)
            }
            if json { return Terminal.print(AclsCommand.json(rules).prettyText) }
            Terminal.print(rules.isEmpty ? "no rights" : AclsCommand.table(rules))
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Allow, or forbid, operations on a resource.",
            discussion:
                "Example: millrace acls add --topic orders --principal User:alice --operation read")
        @OptionGroup var arguments: SettingsArguments
        @OptionGroup var rule: RuleArguments

        func validate() throws {
            guard rule.resource.resource != nil, rule.principal != nil, !rule.operation.isEmpty
            else {
                throw ValidationError(
                    "needed: --topic, --group, --transactional-id or --cluster; --principal; "
                        + "--operation")
            }
        }

        func run() async throws {
            guard let (kind, name) = rule.resource.resource, let principal = rule.principal else {
                return
            }
            let rules = rule.operation.map { operation in
                AclRule(
                    kind, name, pattern: rule.resource.pattern ?? .literal, principal: principal,
                    host: rule.host ?? "*", operation, rule.deny ? .deny : .allow)
            }
            try await KafkaAccess.withAdmin(arguments) { try await $0.createAcls(rules) }
            Terminal.print(AclsCommand.table(rules))
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove the rights that a filter matches.")
        @OptionGroup var arguments: SettingsArguments
        @OptionGroup var rule: RuleArguments
        @Flag(help: "Show what would be removed, and remove nothing.") var dryRun = false

        func run() async throws {
            let (filter, dryRun) = (rule.filter, dryRun)
            let rules = try await KafkaAccess.withAdmin(arguments) { admin in
                dryRun ? try await admin.acls(filter) : try await admin.deleteAcls(filter)
            }
            guard !rules.isEmpty else { return Terminal.print("no right matches") }
            Terminal.print(AclsCommand.table(rules))
            Terminal.print(dryRun ? "nothing was removed (--dry-run)" : "removed")
        }
    }

    static func table(_ rules: [AclRule]) -> String {
        var table = Table(
            head: ["resource", "name", "pattern", "principal", "host", "operation", "permission"])
        for rule in rules {
            table.rows.append([
                rule.resource.rawValue, rule.name, rule.pattern.rawValue, rule.principal,
                rule.host, rule.operation.rawValue, rule.permission.rawValue,
            ])
        }
        return table.text
    }

    static func json(_ rules: [AclRule]) -> JSONValue {
        .array(
            rules.map { rule in
                [
                    "resource": .string(rule.resource.rawValue), "name": .string(rule.name),
                    "pattern": .string(rule.pattern.rawValue),
                    "principal": .string(rule.principal), "host": .string(rule.host),
                    "operation": .string(rule.operation.rawValue),
                    "permission": .string(rule.permission.rawValue),
                ]
            })
    }
}
