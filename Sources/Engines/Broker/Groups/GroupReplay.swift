// Builds all groups anew from the records of the offsets topic.

import KafkaProtocol
import Synchronization

/// Collects records, the later one winning. The lock is for the compiler: a replay visits in turn.
final class GroupReplay: Sendable {
    private struct Kept {
        var commits: [String: GroupCommits] = [:]
        var metadata: [String: GroupMetadataValue] = [:]
        var consumers: [String: Consumers] = [:]
        /// Groups with offsets of an open transaction, by its partition and producer.
        var open: [OpenTransaction: Set<String>] = [:]
        var sequence: UInt64 = 0
        var skipped = 0
    }

    /// What there is of a group of KIP-848; without the group's own record it is none.
    private struct Consumers {
        var machine: ConsumerGroupMachine
        var hasGroup = false
        var members: Set<String> = []

        mutating func add(_ record: ConsumerStoredRecord) {
            switch record {
            case .group(let value): hasGroup = value != nil
            case .member(let id, .some): members.insert(id)
            case .member(let id, nil): members.remove(id)
            case .targetEpoch, .target, .current, .pattern, .partitionMetadata: break
            }
            machine.replay(record)
        }
    }

    private struct OpenTransaction: Hashable {
        var partition: Int32
        var producerID: Int64
    }

    private let kept = Mutex(Kept())

    var skippedCount: Int { kept.withLock { $0.skipped } }
    /// Later commits have higher numbers.
    var lastSequence: UInt64 { kept.withLock { $0.sequence } }

    func add(_ entry: GroupLogEntry, partition: Int32) {
        kept.withLock { kept in
            switch entry {
            case .records(let records, let producer):
                let open = producer.map { OpenTransaction(partition: partition, producerID: $0.id) }
                for record in records { Self.add(record, of: open, to: &kept) }
            case .marker(let producer, let isCommit):
                let ended = OpenTransaction(partition: partition, producerID: producer.id)
                for group in kept.open.removeValue(forKey: ended) ?? [] {
                    kept.commits[group]?
                        .transactionEnded(producerID: producer.id, isCommit: isCommit)
                }
            }
        }
    }

    private static func add(
        _ record: GroupRecord, of open: OpenTransaction?, to kept: inout Kept
    ) {
        guard let stored = try? GroupStoredRecord(record) else {
            kept.skipped += 1
            return
        }
        switch stored {
        case .offset(let key, let value?):
            kept.sequence += 1
            let committed = CommittedOffset(value, sequence: kept.sequence)
            if let open {
                kept.open[open, default: []].insert(key.group)
                kept.commits[key.group, default: GroupCommits()].set(
                    committed, topic: key.topic, partition: key.partition,
                    producerID: open.producerID)
            } else {
                kept.commits[key.group, default: GroupCommits()].offsets.set(
                    committed, topic: key.topic, partition: key.partition)
            }
        case .offset(let key, nil):
            kept.commits[key.group]?.remove(topic: key.topic, partition: key.partition)
        case .group(let group, let value):
            kept.metadata[group] = value
        case .consumer(let group, let record):
            let fresh = Consumers(machine: ConsumerGroupMachine(groupID: group))
            kept.consumers[group, default: fresh].add(record)
        }
    }

    /// - Parameter now: on the steady clock, from which sessions of kept members run.
    func groups(rules: GroupRules, now: Int64) -> [String: Group] {
        kept.withLock { kept in
            var groups: [String: Group] = [:]
            for (id, value) in kept.metadata {
                var group = Group(
                    classic: GroupMachine(groupID: id, kept: value, rules: rules, now: now))
                group.keptAtMilliseconds =
                    value.currentStateTimestamp < 0 ? nil : value.currentStateTimestamp
                groups[id] = group
            }
            for (id, consumers) in kept.consumers where consumers.hasGroup {
                var machine = consumers.machine
                machine.finishReplay(known: consumers.members)
                groups[id] = Group(consumer: machine)
            }
            for (id, commits) in kept.commits where !commits.partitions.isEmpty {
                let empty = Group(classic: GroupMachine(groupID: id, rules: rules))
                groups[id, default: empty].commits = commits
            }
            return groups
        }
    }
}

extension CommittedOffset {
    init(_ value: OffsetCommitValue, sequence: UInt64) {
        self.init(
            offset: value.offset, leaderEpoch: value.leaderEpoch, metadata: value.metadata,
            committedAtMilliseconds: value.commitTimestamp,
            retentionMilliseconds: value.expireTimestamp < 0
                ? -1
                : value.expireTimestamp.subtractingReportingOverflow(value.commitTimestamp)
                    .partialValue,
            sequence: sequence)
    }
}
