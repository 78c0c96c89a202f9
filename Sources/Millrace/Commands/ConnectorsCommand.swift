// `millrace connectors`: what streaming queries can read from and write to.

import ArgumentParser
import MillraceBase
import StreamEngine

struct ConnectorsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connectors", abstract: "What streaming queries read from and write to.",
        discussion: "Example: millrace connectors --json")

    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        if json {
            let all = connectors.map { connector -> JSONValue in
                [
                    "name": .string(connector.name), "role": .string(connector.role.rawValue),
                    "help": .string(connector.help),
                    "options": .array(
                        connector.options.map {
                            [
                                "name": .string($0.name), "default": .string($0.defaultValue),
                                "help": .string($0.help),
                            ]
                        }),
                ]
            }
            Terminal.print(JSONValue.array(all).prettyText)
            return
        }
        for connector in connectors {
            Terminal.print("\(connector.name) (\(connector.role.rawValue)): \(connector.help)")
            for option in connector.options {
                let standard = option.defaultValue.isEmpty ? "" : " [\(option.defaultValue)]"
                Terminal.print("  \(option.name)\(standard)  \(option.help)")
            }
        }
    }
}
