// One topic as `topics describe` shows it.

import KafkaClient
import MillraceBase

struct TopicReport: Sendable {
    var topic: TopicDescription
    var first: [Int32: Int64]
    var end: [Int32: Int64]
    var settings: [ConfigEntry]

    init(_ admin: KafkaAdmin, _ name: String, defaults: Bool) async throws {
        guard let topic = try await admin.describeTopics([name]).first else {
            throw Failure("there is no such topic", at: name, next: "millrace topics list")
        }
        self.topic = topic
        first = try await admin.offsets(name, at: .earliest)
        end = try await admin.offsets(name, at: .latest)
        settings = try await admin.configs(.topic(name)).filter {
            defaults || $0.source == "DYNAMIC_TOPIC_CONFIG"
        }
    }

    var json: JSONValue {
        [
            "name": .string(topic.name), "id": .string(topic.id),
            "internal": .bool(topic.isInternal),
            "partitions": .array(
                topic.partitions.map { partition in
                    [
                        "partition": JSONValue(Int(partition.index)),
                        "leader": JSONValue(Int(partition.leader)),
                        "leaderEpoch": JSONValue(Int(partition.leaderEpoch)),
                        "replicas": Self.list(partition.replicas),
                        "inSync": Self.list(partition.inSync),
                        "firstOffset": JSONValue(first[partition.index] ?? -1),
                        "endOffset": JSONValue(end[partition.index] ?? -1),
                    ]
                }),
            "settings": .array(
                settings.map { entry in
                    [
                        "name": .string(entry.name),
                        "value": entry.value.map(JSONValue.string) ?? .null,
                        "source": .string(entry.source),
                    ]
                }),
        ]
    }

    private static func list(_ nodes: [Int32]) -> JSONValue {
        .array(nodes.map { JSONValue(Int($0)) })
    }

    var text: String {
        var partitions = Table(
            head: ["partition", "leader", "epoch", "in sync", "first", "end", "records"],
            numbers: [0, 1, 2, 4, 5, 6])
        for partition in topic.partitions {
            let (low, high) = (first[partition.index] ?? 0, end[partition.index] ?? 0)
            partitions.rows.append([
                "\(partition.index)", "\(partition.leader)", "\(partition.leaderEpoch)",
                partition.inSync.map(String.init).joined(separator: ","),
                "\(low)", "\(high)", Shown.count(Int(high - low)),
            ])
        }
        var lines = ["\(topic.name)  \(topic.id)\(topic.isInternal ? "  internal" : "")", ""]
        lines.append(partitions.text)
        if !settings.isEmpty {
            var table = Table(head: ["setting", "value", "source"])
            for entry in settings {
                table.rows.append([entry.name, entry.value ?? "(secret)", entry.source])
            }
            lines += ["", table.text]
        }
        return lines.joined(separator: "\n")
    }
}
