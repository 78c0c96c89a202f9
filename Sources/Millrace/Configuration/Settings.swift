// The effective settings, each with where its value came from.

import Logging
import MillraceBase
import RegistryClient

/// All settings, checked. What is not given anywhere has its default.
struct Settings: Sendable {
    /// Where a value came from, shown by `millrace config`.
    enum Origin: Sendable, Equatable {
        case standard
        case file(String)
        case environment(String)
        case flag(String)

        var text: String {
            switch self {
            case .standard: "default"
            case .file(let path): path
            case .environment(let name): name
            case .flag(let name): name
            }
        }
    }

    struct Value: Sendable {
        var text: String
        var origin: Origin
    }

    var values: [String: Value]
    private var stages: [String: Endpoint] = [:]

    /// - Throws: `Failure` for the first value that is no URL, number or level.
    init(values: [String: Value]) throws {
        self.values = values
        for setting in Setting.all {
            guard let value = values[setting.name] else { continue }
            switch setting.kind {
            case .path:
                guard !value.text.isEmpty else { throw Self.bad(setting, value, "it is empty") }
            case .stage:
                do { stages[setting.name] = try Endpoint.parse(value.text) } catch {
                    throw Self.bad(setting, value, error.description)
                }
                try Self.checkRegistryOptions(setting, value, stages[setting.name])
            case .secret:
                break
            case .level:
                guard Logger.Level(rawValue: value.text) != nil else {
                    throw Self.bad(setting, value, "\"\(value.text)\" is no level")
                }
            case .number(let range):
                guard let number = Int(value.text), range.contains(number) else {
                    let bounds = "\(range.lowerBound) to \(range.upperBound)"
                    throw Self.bad(setting, value, "it is not a number from \(bounds)")
                }
            }
        }
    }

    /// What a real registry's URL may say of TLS; anything else would be left aside in silence.
    private static func checkRegistryOptions(
        _ setting: Setting, _ value: Value, _ endpoint: Endpoint?
    ) throws {
        guard setting.name == StageName.registry.rawValue, let endpoint,
            ["http", "https"].contains(endpoint.scheme)
        else { return }
        let known = RegistryConnection.urlOptions
        for name in endpoint.options.keys.sorted() where !known.contains(name) {
            throw bad(
                setting, value,
                "a registry's URL has no option \"\(name)\"; it may have "
                    + known.sorted().joined(separator: ", "))
        }
    }

    private static func bad(_ setting: Setting, _ value: Value, _ why: String) -> Failure {
        Failure(
            "the setting \"\(setting.name)\" cannot be used", at: value.origin.text, because: why,
            next: "\(setting.help); the default is \(setting.standard)")
    }

    func text(_ name: String) -> String {
        values[name]?.text ?? Setting.named(name)?.standard ?? ""
    }

    func number(_ name: String) -> Int { Int(text(name)) ?? 0 }

    /// How the person gave a stage's URL, for a `Failure`: `--kafka kafka://host:9092`.
    func place(of stage: String) -> String {
        let shown = endpoint(stage).description
        return switch values[stage]?.origin {
        case .flag(let name): "\(name) \(shown)"
        case .environment(let name): "\(name)=\(shown)"
        case .file(let path): "\(path), \(stage): \(shown)"
        case .standard, nil: "\(stage): \(shown) (default)"
        }
    }

    func endpoint(_ stage: String) -> Endpoint {
        stages[stage] ?? Endpoint(scheme: "embedded")
    }

    var data: String { text("data") }
    var logLevel: Logger.Level { Logger.Level(rawValue: text("log-level")) ?? .warning }
}
