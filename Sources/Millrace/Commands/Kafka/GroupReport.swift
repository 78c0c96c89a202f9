// One group as `groups describe` shows it: members, offsets, lag.

import KafkaClient
import MillraceBase

struct GroupReport: Sendable {
    struct Row: Sendable, Equatable {
        var topic: String
        var partition: Int32
        /// `nil`: nothing was committed.
        var committed: Int64?
        var end: Int64
        var member: GroupDescription.Member?

        var lag: Int64? { committed.map { max(end - $0, 0) } }
    }

    var group: GroupDescription
    var rows: [Row]

    init(_ admin: KafkaAdmin, _ id: String) async throws {
        group = try await admin.describeGroup(id)
        let committed = try await admin.committed(group: id)
        var owners: [String: [Int32: GroupDescription.Member]] = [:]
        for member in group.members {
            for (topic, partitions) in member.assignment {
                for partition in partitions { owners[topic, default: [:]][partition] = member }
            }
        }
        rows = []
        for topic in Set(committed.keys).union(owners.keys).sorted() {
            // A topic that is gone has no end; its offsets are shown without a lag.
            let ends: [Int32: Int64]
            do { ends = try await admin.offsets(topic, at: .latest) } catch {
                guard error.isUnknownTopic else { throw error }
                ends = [:]
            }
            let partitions = Set(committed[topic, default: [:]].keys)
                .union(owners[topic, default: [:]].keys)
            for partition in partitions.sorted() {
                rows.append(
                    Row(
                        topic: topic, partition: partition,
                        committed: committed[topic]?[partition]?.offset,
                        end: ends[partition] ?? -1, member: owners[topic]?[partition]))
            }
        }
    }

    var lag: Int64 { rows.reduce(0) { $0 + ($1.lag ?? 0) } }

    var json: JSONValue {
        [
            "group": .string(group.id), "type": .string(group.type),
            "state": .string(group.state), "assignor": .string(group.assignor),
            "lag": JSONValue(lag),
            "members": .array(
                group.members.map { member in
                    [
                        "id": .string(member.id),
                        "instance": member.instanceID.map(JSONValue.string) ?? .null,
                        "client": .string(member.clientID), "host": .string(member.host),
                    ]
                }),
            "partitions": .array(
                rows.map { row in
                    [
                        "topic": .string(row.topic), "partition": JSONValue(Int(row.partition)),
                        "committed": row.committed.map { JSONValue($0) } ?? .null,
                        "end": JSONValue(row.end),
                        "lag": row.lag.map { JSONValue($0) } ?? .null,
                        "member": row.member.map { .string($0.id) } ?? .null,
                    ]
                }),
        ]
    }

    var text: String {
        var table = Table(
            head: ["topic", "partition", "committed", "end", "lag", "client", "host"],
            numbers: [1, 2, 3, 4])
        for row in rows {
            table.rows.append([
                row.topic, "\(row.partition)", row.committed.map(String.init) ?? "–",
                "\(row.end)", row.lag.map(String.init) ?? "–", row.member?.clientID ?? "–",
                row.member?.host ?? "–",
            ])
        }
        let members = group.members.count == 1 ? "1 member" : "\(group.members.count) members"
        let assignor = group.assignor.isEmpty ? "" : ", \(group.assignor)"
        let head = "\(group.id)  \(group.type), \(group.state), \(members)\(assignor), lag \(lag)"
        return rows.isEmpty ? head : head + "\n\n" + table.text
    }
}
