// data/stack.json: where the live stack of a data directory is to be reached.

import Foundation
import MillraceBase

/// The addresses of a live stack, for scripts and for commands in other terminals.
struct StackFile: Sendable, Equatable {
    static let name = "stack.json"

    var processID: Int
    /// The data directory, as it was given.
    var data = ""
    /// By stage, as a client dials it: `kafka` → `kafka://127.0.0.1:9092`. No passwords: a stage
    /// that needs one is left to the reader's own configuration.
    var addresses: [String: String]
    /// By stage, what an acknowledgement means: `group: answered after an fsync that many share`.
    var policies: [String: String] = [:]
    /// By stage, the setting it was started with: `kafka` → `embedded:?port=0`.
    var settings: [String: String] = [:]

    /// How the stack's own clients log in to an embedded Kafka that asks who they are; `nil` when it
    /// does not ask, or this user may not know. Stands in a file of its own, `insideName`.
    var insideKafka: Endpoint?

    static let insideName = "kafka-internal"

    /// Whether this very process serves the stack.
    var isOwn: Bool { processID == Int(ProcessInfo.processInfo.processIdentifier) }

    var json: JSONValue {
        [
            "version": JSONValue(DataDirectory.formatVersion), "pid": JSONValue(processID),
            "data": .string(data),
            "addresses": Self.object(addresses), "policies": Self.object(policies),
            "settings": Self.object(settings),
        ]
    }

    private static func object(_ texts: [String: String]) -> JSONValue {
        .object(JSONObject(texts.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }

    init(
        processID: Int, addresses: [String: String], policies: [String: String] = [:],
        settings: [String: String] = [:]
    ) {
        self.processID = processID
        self.addresses = addresses
        self.policies = policies
        self.settings = settings
    }

    init?(json: JSONValue) {
        guard let pid = json["pid"]?.int, let stages = json["addresses"]?.object else { return nil }
        processID = pid
        data = json["data"]?.string ?? ""
        addresses = Self.texts(stages)
        policies = json["policies"]?.object.map(Self.texts) ?? [:]
        settings = json["settings"]?.object.map(Self.texts) ?? [:]
    }

    private static func texts(_ object: JSONObject) -> [String: String] {
        Dictionary(
            object.members.compactMap { member in member.value.string.map { (member.name, $0) } },
            uniquingKeysWith: { $1 })
    }

    /// The live stack of `data`, or `nil` when none is up.
    static func live(in data: DataDirectory) throws -> StackFile? {
        guard FileManager.default.fileExists(atPath: data.path("lock")) else { return nil }
        guard try StackLock.take(data) == nil else { return nil }
        guard let bytes = FileManager.default.contents(atPath: data.path(name)),
            let json = try? JSONValue(parsing: bytes), var file = StackFile(json: json)
        else { return nil }
        if let text = try? String(contentsOfFile: data.path(insideName), encoding: .utf8) {
            file.insideKafka = try? Endpoint.parse(
                text.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return file
    }

    /// A stage is what the live stack was started with. Whoever names another one must learn that it
    /// would not be used.
    ///
    /// - Throws: `Failure` for the first stage that was given and differs.
    func demandSameStages(as given: Settings) throws {
        for stage in StageName.allCases {
            let name = stage.rawValue
            switch given.values[name]?.origin {
            case .standard, nil: continue
            case .file, .environment, .flag: break
            }
            let asked = given.endpoint(name)
            guard let live = settings[name], live != asked.description else { continue }
            // Ports and the like of an engine that is up already are no difference in what is used.
            let isEmbedded = live.hasPrefix("embedded:") && asked.scheme == "embedded"
            guard !isEmbedded else { continue }
            throw Failure(
                "the live stack has another \(name)", at: given.place(of: name),
                because: "process \(processID) was started with \(live)",
                next: "leave it out, stop that stack, or --data PATH of another folder")
        }
    }

    /// What a command on this machine dials.
    func endpoint(_ stage: String) throws -> Endpoint {
        if stage == StageName.kafka.rawValue, let insideKafka { return insideKafka }
        guard let text = addresses[stage], let endpoint = try? Endpoint.parse(text) else {
            throw Failure(
                "the live stack has no stage \"\(stage)\"", at: "pid \(processID)",
                next: "millrace up, with that stage")
        }
        return endpoint
    }
}
