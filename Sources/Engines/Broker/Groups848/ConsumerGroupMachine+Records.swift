// A KIP-848 group as its records keep it, so that members outlive a restart of the broker.
// Source: apache/kafka GroupCoordinatorRecordHelpers.java

import KafkaProtocol
import MillraceBase
import NIOCore

/// A record of a KIP-848 group, read. A `nil` value is a tombstone.
enum ConsumerStoredRecord: Equatable, Sendable {
    case group(ConsumerGroupMetadataValue?)
    case member(String, ConsumerMemberMetadataValue?)
    case targetEpoch(ConsumerTargetEpochValue?)
    case target(String, ConsumerTargetValue?)
    case current(String, ConsumerCurrentValue?)
    case pattern(String, ConsumerPatternValue?)
    /// Of a kind that is no longer used.
    case partitionMetadata
}

extension ConsumerStoredRecord {
    init(
        _ kind: ConsumerRecordKind, _ name: String, _ value: ByteBuffer?
    ) throws(WireError) {
        func read<Value: KafkaMessage>(_ type: Value.Type) throws(WireError) -> Value? {
            guard let value else { return nil }
            return try Value.readVersioned(value)
        }
        switch kind {
        case .group: self = .group(try read(ConsumerGroupMetadataValue.self))
        case .partitionMetadata: self = .partitionMetadata
        case .member: self = .member(name, try read(ConsumerMemberMetadataValue.self))
        case .targetEpoch: self = .targetEpoch(try read(ConsumerTargetEpochValue.self))
        case .target: self = .target(name, try read(ConsumerTargetValue.self))
        case .current: self = .current(name, try read(ConsumerCurrentValue.self))
        case .pattern: self = .pattern(name, try read(ConsumerPatternValue.self))
        }
    }

    /// The kind, the name in the key, and the value's bytes.
    func parts() throws(WireError) -> (ConsumerRecordKind, String, ByteBuffer?) {
        func bytes(_ value: (some KafkaMessage)?) throws(WireError) -> ByteBuffer? {
            guard let value else { return nil }
            return try value.versionedBytes(version: 0)
        }
        switch self {
        case .group(let value): return (.group, "", try bytes(value))
        case .partitionMetadata: return (.partitionMetadata, "", nil)
        case .member(let id, let value): return (.member, id, try bytes(value))
        case .targetEpoch(let value): return (.targetEpoch, "", try bytes(value))
        case .target(let id, let value): return (.target, id, try bytes(value))
        case .current(let id, let value): return (.current, id, try bytes(value))
        case .pattern(let text, let value): return (.pattern, text, try bytes(value))
        }
    }
}

extension ConsumerGroupMachine {
    /// What changed since it was last asked; the group's own record is last.
    mutating func takeDirty() -> [ConsumerRecordPart] {
        defer { dirty = [] }
        return dirty.sorted { ($0.order, $0.name) < ($1.order, $1.name) }
    }

    /// A part as it stands; a tombstone for one that is no more.
    func record(of part: ConsumerRecordPart) -> ConsumerStoredRecord {
        switch part {
        case .group:
            return .group(
                ConsumerGroupMetadataValue {
                    ($0.epoch, $0.metadataHash) = (epoch, metadataHash)
                })
        case .member(let id): return .member(id, members[id].map { $0.profile.value })
        case .targetEpoch:
            return .targetEpoch(ConsumerTargetEpochValue { $0.assignmentEpoch = targetEpoch })
        case .target(let id):
            return .target(
                id,
                target[id].map { map in ConsumerTargetValue { $0.topicPartitions = map.stored } })
        case .current(let id): return .current(id, members[id].map { $0.current.value })
        case .pattern(let text):
            return .pattern(
                text,
                resolved[text].map { known in
                    ConsumerPatternValue {
                        $0.topics = known.topics.sorted()
                        $0.timestamp = known.atMilliseconds
                    }
                })
        }
    }

    /// Tombstones of every record, that of the group first: without it the others do not count.
    var tombstones: [ConsumerStoredRecord] {
        var ids = Set(members.keys).union(target.keys)
        var patterns = Set(resolved.keys)
        for part in dirty {
            switch part {
            case .member(let id), .target(let id), .current(let id): ids.insert(id)
            case .pattern(let text): patterns.insert(text)
            case .group, .targetEpoch: break
            }
        }
        return [.group(nil), .targetEpoch(nil)] + patterns.sorted().map { .pattern($0, nil) }
            + ids.sorted().flatMap { [.current($0, nil), .target($0, nil), .member($0, nil)] }
    }

    /// Takes a record over that was kept, in the order in which they were.
    mutating func replay(_ record: ConsumerStoredRecord) {
        switch record {
        case .group(let value):
            epoch = value?.epoch ?? 0
            metadataHash = value?.metadataHash ?? 0
        case .partitionMetadata: break
        case .member(let id, let value?):
            var member = members[id] ?? ConsumerMember(id: id)
            member.profile = ConsumerMember.Profile(value)
            members[id] = member
        case .member(let id, nil): members[id] = nil
        case .targetEpoch(let value): targetEpoch = value?.assignmentEpoch ?? 0
        case .target(let id, let value): target[id] = value.map { PartitionMap($0.topicPartitions) }
        case .current(let id, let value):
            members[id, default: ConsumerMember(id: id)].current =
                value.map { ConsumerMember.Current($0) } ?? ConsumerMember.Current()
        case .pattern(let text, let value):
            resolved[text] = value.map {
                Resolved(topics: Set($0.topics), atMilliseconds: $0.timestamp)
            }
        }
    }

    /// Makes the rest of the group out of the records that were replayed.
    /// - Parameter known: members whose own record is there; of others only traces were left.
    mutating func finishReplay(known: Set<String>) {
        let kept = members.values.filter { known.contains($0.id) }
        members = [:]
        target = target.filter { known.contains($0.key) }
        for var member in kept.sorted(by: { $0.id < $1.id }) {
            for place in member.current.assigned.sortedPartitions where owners[place] != nil {
                member.current.assigned.remove(place)
            }
            adopt(member)
            if member.profile.topicPattern != nil { unheard.insert(member.id) }
        }
        dirty = []
    }
}

extension ConsumerRecordPart {
    fileprivate var order: Int {
        switch self {
        case .member: 0
        case .pattern: 1
        case .target: 2
        case .targetEpoch: 3
        case .current: 4
        case .group: 5
        }
    }

    fileprivate var name: String {
        switch self {
        case .member(let name), .pattern(let name), .target(let name), .current(let name): name
        case .group, .targetEpoch: ""
        }
    }
}

extension PartitionMap {
    var stored: [ConsumerStoredPartitions] {
        listed.map { topic, partitions in
            ConsumerStoredPartitions { ($0.topicID, $0.partitions) = (topic, partitions) }
        }
    }

    init(_ stored: [ConsumerStoredPartitions]) {
        self.init(stored.map { ($0.topicID, $0.partitions) })
    }
}

extension ConsumerMember.Profile {
    var value: ConsumerMemberMetadataValue {
        ConsumerMemberMetadataValue {
            $0.instanceID = instanceID
            $0.rackID = rackID
            $0.clientID = clientID
            $0.clientHost = clientHost
            $0.topicNames = topicNames.sorted()
            $0.topicPattern = topicPattern
            $0.rebalanceTimeoutMilliseconds = rebalanceTimeoutMilliseconds
            $0.serverAssignor = assignor
            $0.classic = classic.map { classic in
                ConsumerMemberMetadataValue.Classic {
                    $0.sessionTimeoutMilliseconds = classic.sessionTimeoutMilliseconds
                    $0.supportedProtocols = classic.offers.map { offer in
                        ConsumerMemberMetadataValue.ClassicProtocol {
                            ($0.name, $0.metadata) = (offer.name, offer.metadata)
                        }
                    }
                }
            }
        }
    }

    init(_ value: ConsumerMemberMetadataValue) {
        self.init(
            instanceID: value.instanceID, rackID: value.rackID, clientID: value.clientID,
            clientHost: value.clientHost, topicNames: Set(value.topicNames),
            topicPattern: value.topicPattern,
            rebalanceTimeoutMilliseconds: value.rebalanceTimeoutMilliseconds,
            assignor: value.serverAssignor,
            classic: value.classic.map { classic in
                ConsumerMember.Classic(
                    sessionTimeoutMilliseconds: classic.sessionTimeoutMilliseconds,
                    offers: classic.supportedProtocols.map {
                        GroupMember.Offer(name: $0.name, metadata: $0.metadata)
                    })
            })
    }
}

extension ConsumerMember.Current {
    var value: ConsumerCurrentValue {
        ConsumerCurrentValue {
            $0.memberEpoch = epoch
            $0.previousMemberEpoch = previousEpoch
            $0.state = state.rawValue
            $0.assignedPartitions = assigned.stored
            $0.partitionsPendingRevocation = revoking.stored
        }
    }

    init(_ value: ConsumerCurrentValue) {
        self.init(
            epoch: value.memberEpoch, previousEpoch: value.previousMemberEpoch,
            state: ConsumerMember.State(rawValue: value.state) ?? .unreleased,
            assigned: PartitionMap(value.assignedPartitions),
            revoking: PartitionMap(value.partitionsPendingRevocation))
    }
}
