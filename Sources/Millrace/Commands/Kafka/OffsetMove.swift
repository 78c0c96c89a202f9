// Where a group is to go on reading: the goal as it was given, and what it means for each partition.

import Foundation
import KafkaClient
import MillraceBase

/// What `groups reset` was told.
enum OffsetGoal: Sendable, Equatable {
    case spec(OffsetSpec)
    case offset(Int64)
    case shift(Int64)

    /// - Throws: `Failure` for words that are none.
    init(to: String?, time: String?, offset: Int64?, shift: Int64?) throws {
        if let to {
            switch to {
            case "earliest": self = .spec(.earliest)
            case "latest": self = .spec(.latest)
            default: throw Failure("no such end", at: "--to \(to)", next: "earliest or latest")
            }
        } else if let time {
            guard let date = try? Date(time, strategy: .iso8601) else {
                throw Failure(
                    "no such time", at: "--to-time \(time)", next: "2026-11-23T08:00:00Z")
            }
            self = .spec(.time(Int64(date.timeIntervalSince1970 * 1_000)))
        } else if let offset {
            self = .offset(offset)
        } else {
            self = .shift(shift ?? 0)
        }
    }
}

struct OffsetMove: Sendable, Equatable {
    var topic: String
    var partition: Int32
    /// `nil`: nothing was committed.
    var from: Int64?
    var to: Int64

    /// What the goal means now; every offset lies within its log.
    static func planned(
        _ admin: KafkaAdmin, group: String, topics: [String], goal: OffsetGoal
    ) async throws -> [OffsetMove] {
        let committed = try await admin.committed(group: group)
        let wanted = topics.isEmpty ? committed.keys.sorted() : topics
        guard !wanted.isEmpty else {
            throw Failure(
                "the group has no offsets", at: group, next: "--topic, or millrace groups list")
        }
        var moves: [OffsetMove] = []
        for topic in wanted {
            let first = try await admin.offsets(topic, at: .earliest)
            let end = try await admin.offsets(topic, at: .latest)
            var goals = end
            if case .spec(let spec) = goal { goals = try await admin.offsets(topic, at: spec) }
            for (partition, end) in end.sorted(by: { $0.key < $1.key }) {
                let from = committed[topic]?[partition]?.offset
                let to: Int64
                switch goal {
                // Without a record of that time or later, reading goes on at the end.
                case .spec: to = goals[partition].flatMap { $0 < 0 ? nil : $0 } ?? end
                case .offset(let offset): to = offset
                case .shift(let count):
                    let (sum, overflow) = (from ?? end).addingReportingOverflow(count)
                    to = overflow ? (count < 0 ? 0 : end) : sum
                }
                moves.append(
                    OffsetMove(
                        topic: topic, partition: partition, from: from,
                        to: min(max(to, first[partition] ?? 0), end)))
            }
        }
        return moves
    }

    static func perform(
        _ admin: KafkaAdmin, group: String, _ moves: [OffsetMove]
    ) async throws {
        var offsets: [String: [Int32: Int64]] = [:]
        for move in moves { offsets[move.topic, default: [:]][move.partition] = move.to }
        try await admin.commit(group: group, offsets)
    }

    static func json(_ moves: [OffsetMove]) -> JSONValue {
        .array(
            moves.map { move in
                [
                    "topic": .string(move.topic), "partition": JSONValue(Int(move.partition)),
                    "from": move.from.map { JSONValue($0) } ?? .null, "to": JSONValue(move.to),
                ]
            })
    }
}
