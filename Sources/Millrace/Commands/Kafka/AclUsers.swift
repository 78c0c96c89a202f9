// `millrace acls users`: who can log in by SCRAM. A password comes from the environment, never a flag.

import ArgumentParser
import Foundation
import KafkaClient
import MillraceBase

extension AclsCommand {
    struct Users: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List users of SCRAM.")
        @OptionGroup var arguments: SettingsArguments
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let users = try await KafkaAccess.withAdmin(arguments) {
                try await $0.scramCredentials()
            }
            if json {
                let list = users.map { user -> JSONValue in
                    [
                        "user": .string(user.user), "mechanism": .string(user.mechanism),
                        "iterations": JSONValue(user.iterations),
                    ]
                }
                return Terminal.print(JSONValue.array(list).prettyText)
            }
            guard !users.isEmpty else { return Terminal.print("no users") }
            var table = Table(head: ["user", "mechanism", "iterations"], numbers: [2])
            for user in users {
                table.rows.append([user.user, user.mechanism, "\(user.iterations)"])
            }
            Terminal.print(table.text)
        }
    }

    struct AddUser: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add-user", abstract: "Add a user of SCRAM, or change the password.",
            discussion: "Example: SCRAM_PASSWORD=… millrace acls add-user alice")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The user's name.") var user: String
        @Option(help: "SCRAM-SHA-256 or SCRAM-SHA-512.") var mechanism = "SCRAM-SHA-512"
        @Option(help: "4096 to 16384.") var iterations = 8_192

        func run() async throws {
            guard let password = ProcessInfo.processInfo.environment["SCRAM_PASSWORD"],
                !password.isEmpty
            else {
                throw Failure(
                    "no password was given", at: "acls add-user \(user)",
                    because: "flags can be seen by others on this machine",
                    next: "SCRAM_PASSWORD in the environment")
            }
            let (user, mechanism, iterations) = (user, mechanism, iterations)
            try await KafkaAccess.withAdmin(arguments) { admin in
                try await admin.upsertScram(
                    user: user, password: password, mechanism: mechanism, iterations: iterations)
            }
            Terminal.print("\(user) can log in by \(mechanism)")
        }
    }

    struct RemoveUser: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove-user", abstract: "Remove a user's SCRAM password.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The user's name.") var user: String
        @Option(help: "SCRAM-SHA-256 or SCRAM-SHA-512.") var mechanism = "SCRAM-SHA-512"

        func run() async throws {
            let (user, mechanism) = (user, mechanism)
            try await KafkaAccess.withAdmin(arguments) {
                try await $0.deleteScram(user: user, mechanism: mechanism)
            }
            Terminal.print("\(user) cannot log in by \(mechanism) any more")
        }
    }
}
