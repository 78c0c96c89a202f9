// data/stack.json: where the live stack of a data directory is to be reached.

import Foundation
import MillraceBase

/// The addresses of a live stack, for scripts and for commands in other terminals.
struct StackFile: Sendable, Equatable {
    static let name = "stack.json"

    var processID: Int
    /// By stage, as a client dials it: `kafka` → `kafka://127.0.0.1:9092`. No passwords: a stage
    /// that needs one is left to the reader's own configuration.
    var addresses: [String: String]
    /// By stage, what an acknowledgement means: `group: answered after an fsync that many share`.
    var policies: [String: String] = [:]

    var json: JSONValue {
        [
            "version": JSONValue(DataDirectory.formatVersion), "pid": JSONValue(processID),
            "addresses": Self.object(addresses), "policies": Self.object(policies),
        ]
    }

    private static func object(_ texts: [String: String]) -> JSONValue {
        .object(JSONObject(texts.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }

    init(processID: Int, addresses: [String: String], policies: [String: String] = [:]) {
        self.processID = processID
        self.addresses = addresses
        self.policies = policies
    }

    init?(json: JSONValue) {
        guard let pid = json["pid"]?.int, let stages = json["addresses"]?.object else { return nil }
        processID = pid
        addresses = Self.texts(stages)
        policies = json["policies"]?.object.map(Self.texts) ?? [:]
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
            let json = try? JSONValue(parsing: bytes), let file = StackFile(json: json)
        else { return nil }
        return file
    }

    func endpoint(_ stage: String) throws -> Endpoint {
        guard let text = addresses[stage], let endpoint = try? Endpoint.parse(text) else {
            throw Failure(
                "the live stack has no stage \"\(stage)\"", at: "pid \(processID)",
                next: "millrace up, with that stage")
        }
        return endpoint
    }
}
