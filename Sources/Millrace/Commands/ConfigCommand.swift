// `millrace config`: the effective settings, and where each came from.

import ArgumentParser
import MillraceBase

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the effective settings and where each came from.",
        discussion: """
            The output is a configuration file itself; passwords are hidden.

            Examples:
              millrace config > millrace.yaml
              MILLRACE_KAFKA=kafka://broker:9092 millrace config --json
            """)

    @OptionGroup var arguments: SettingsArguments
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let settings = try arguments.settings()
        if json {
            let members = Setting.all.map { setting -> (name: String, value: JSONValue) in
                let origin = settings.values[setting.name]?.origin.text ?? "default"
                let value = settings.shown(setting)
                return (setting.name, ["value": .string(value), "from": .string(origin)])
            }
            Terminal.print(JSONValue.object(JSONObject(members)).prettyText)
            return
        }
        let entries = Setting.all.map { setting in
            (line: "\(setting.name): \"\(settings.shown(setting))\"", setting: setting)
        }
        let width = entries.map(\.line.count).max() ?? 0
        for entry in entries {
            let origin = settings.values[entry.setting.name]?.origin.text ?? "default"
            Terminal.print("\(entry.line.padded(to: width))  # \(origin)")
        }
    }
}

extension Settings {
    /// A setting's value for people: passwords hidden.
    func shown(_ setting: Setting) -> String {
        switch setting.kind {
        case .stage: endpoint(setting.name).description
        case .secret: text(setting.name).isEmpty ? "" : "***"
        case .path, .level, .number: text(setting.name)
        }
    }

    /// The same settings on another data directory.
    func with(data: String) throws -> Settings {
        var values = values
        values["data"] = Value(text: data, origin: .flag("--ephemeral"))
        return try Settings(values: values)
    }
}
