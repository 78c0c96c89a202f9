// Settings from millrace.yaml, over it the environment, over that flags.

import Foundation
import MillraceBase
import Yams

enum SettingsLoader {
    static let standardFile = "millrace.yaml"

    /// - Parameters:
    ///   - file: `--config PATH`, which must exist; `nil` for `millrace.yaml`, which need not.
    ///   - flags: what stood on the command line, by the setting's name.
    static func load(
        file: String?, flags: [String: String],
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> Settings {
        var values: [String: Settings.Value] = [:]
        for setting in Setting.all {
            values[setting.name] = .init(text: setting.standard, origin: .standard)
        }
        for (name, text) in try fromFile(file) {
            values[name] = .init(text: text, origin: .file(file ?? standardFile))
        }
        let known = Set(Setting.all.map(\.environmentName))
        for name in environment.keys.sorted() where name.hasPrefix("MILLRACE_") {
            let isOurs =
                known.contains(name) || reserved.contains(name)
                || name.hasPrefix("MILLRACE_TEST")
            guard isOurs else {
                throw Failure(
                    "there is no setting of that name", at: name,
                    next: "one of \(known.sorted().joined(separator: ", "))")
            }
        }
        for setting in Setting.all {
            if let text = environment[setting.environmentName] {
                values[setting.name] = .init(
                    text: text, origin: .environment(setting.environmentName))
            }
            if let text = flags[setting.name] {
                values[setting.name] = .init(text: text, origin: .flag("--\(setting.name)"))
            }
        }
        return try Settings(values: values)
    }

    /// Names of the environment that our own scripts use and that are no settings.
    private static let reserved: Set<String> = ["MILLRACE_BINARY"]

    private static func fromFile(_ given: String?) throws -> [(String, String)] {
        let path = given ?? standardFile
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            guard given != nil else { return [] }
            throw Failure(
                "cannot read the configuration", at: "--config \(path)",
                because: "there is no such file, or it is not readable",
                next: "millrace config > \(path)")
        }
        let document: Any?
        do { document = try Yams.load(yaml: quoted(text)) } catch {
            throw Failure(
                "the configuration is not YAML", at: path, because: firstLine(of: "\(error)"),
                next: "lines like \"kafka: embedded:\"")
        }
        guard document != nil else { return [] }
        guard let mapping = document as? [String: Any] else {
            throw Failure(
                "the configuration is not a list of settings", at: path,
                next: "lines like \"kafka: embedded:\"")
        }
        return try mapping.sorted { $0.key < $1.key }.map { name, value in
            guard Setting.named(name) != nil else {
                let names = Setting.all.map(\.name).joined(separator: ", ")
                throw Failure(
                    "there is no setting \"\(name)\"", at: path, next: "one of \(names)")
            }
            return (name, try scalar(value, of: name, in: path))
        }
    }

    /// URLs in quotes where they have none: `kafka: embedded:` is no YAML, and is what people type.
    static func quoted(_ text: String) -> String {
        let stages = Set(Setting.all.filter { $0.kind == .stage }.map(\.name))
        return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
            line in
            guard let match = line.wholeMatch(of: /([a-z]+):[ ]+([^ "'#\[{][^ "']*)[ ]*(#.*)?\r?/),
                stages.contains(String(match.1))
            else { return String(line) }
            return "\(match.1): \"\(match.2)\" \(match.3 ?? "")"
        }.joined(separator: "\n")
    }

    private static func scalar(_ value: Any, of name: String, in path: String) throws -> String {
        switch value {
        case let text as String: return text
        case let number as Int: return String(number)
        default:
            throw Failure(
                "the setting \"\(name)\" has no plain value", at: path,
                next: "a line like \"\(name): \(Setting.named(name)?.standard ?? "")\"")
        }
    }

    private static func firstLine(of text: String) -> String {
        String(text.split(separator: "\n").first ?? "")
    }
}
