// Builds all groups anew from the records of the offsets topic.

import KafkaProtocol
import Synchronization

/// Collects records, the later one winning. The lock is for the compiler: a replay visits in turn.
final class GroupReplay: Sendable {
    private struct Kept {
        var offsets: [String: [OffsetCommitKey: CommittedOffset]] = [:]
        var metadata: [String: GroupMetadataValue] = [:]
        var skipped = 0
    }

    private let kept = Mutex(Kept())

    var skippedCount: Int { kept.withLock { $0.skipped } }

    func add(_ record: GroupRecord) {
        kept.withLock { kept in
            guard let stored = try? GroupStoredRecord(record) else {
                kept.skipped += 1
                return
            }
            switch stored {
            case .offset(let key, let value?):
                kept.offsets[key.group, default: [:]][key] = CommittedOffset(
                    offset: value.offset, leaderEpoch: value.leaderEpoch,
                    metadata: value.metadata, committedAtMilliseconds: value.commitTimestamp,
                    sequence: 1)
            case .offset(let key, nil):
                kept.offsets[key.group]?[key] = nil
            case .group(let group, let value):
                kept.metadata[group] = value
            }
        }
    }

    /// - Parameter now: on the steady clock, from which sessions of kept members run.
    func groups(
        initialDelayMilliseconds: Int64, now: Int64
    ) -> [String: GroupCoordinator.Group] {
        kept.withLock { kept in
            var groups: [String: GroupCoordinator.Group] = [:]
            for (id, value) in kept.metadata {
                groups[id] = GroupCoordinator.Group(
                    machine: GroupMachine(
                        groupID: id, kept: value,
                        initialDelayMilliseconds: initialDelayMilliseconds, now: now))
            }
            for (id, offsets) in kept.offsets where !offsets.isEmpty {
                var group =
                    groups[id]
                    ?? GroupCoordinator.Group(
                        machine: GroupMachine(
                            groupID: id, initialDelayMilliseconds: initialDelayMilliseconds))
                for (key, committed) in offsets {
                    group.offsets.set(committed, topic: key.topic, partition: key.partition)
                }
                groups[id] = group
            }
            return groups
        }
    }
}
