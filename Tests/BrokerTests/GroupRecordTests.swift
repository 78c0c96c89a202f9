// The records of `__consumer_offsets`: Kafka's bytes, and what is not understood.

import KafkaProtocol
import MillraceBase
import Testing

@testable import MillraceBroker

@Suite("Group records")
struct GroupRecordTests {
    static let offset = GroupStoredRecord.offset(
        OffsetCommitKey { ($0.group, $0.topic, $0.partition) = ("g", "t", 2) },
        OffsetCommitValue {
            ($0.offset, $0.leaderEpoch, $0.metadata, $0.commitTimestamp) = (42, 6, "md", 1_000)
        })

    /// Goal: the bytes are Kafka's. Written out by hand from its schemas: key version 1, value version 3.
    @Test func offsetsHaveKafkasBytes() throws {
        let record = try Self.offset.encoded()
        #expect(record.key == [0, 1, 0, 1, 0x67, 0, 1, 0x74, 0, 0, 0, 2])
        let value: [UInt8] =
            [0, 3] + [0, 0, 0, 0, 0, 0, 0, 42] + [0, 0, 0, 6] + [0, 2, 0x6d, 0x64]
            + [0, 0, 0, 0, 0, 0, 3, 0xe8]
        #expect(record.value == value)
        #expect(try GroupStoredRecord(record) == Self.offset)
    }

    /// Goal: an older broker's records are read: value version 1 with an expiry.
    @Test func readsOlderOffsets() throws {
        let value: [UInt8] =
            [0, 1] + [0, 0, 0, 0, 0, 0, 0, 42] + [0, 0]
            + [0, 0, 0, 0, 0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, 2]
        let key: [UInt8] = [0, 0, 0, 1, 0x67, 0, 1, 0x74, 0, 0, 0, 2]
        guard
            case .offset(let read, let offset?) = try GroupStoredRecord(
                GroupRecord(key: key, value: value))
        else {
            Issue.record("not an offset")
            return
        }
        #expect(read.partition == 2)
        #expect(offset.offset == 42)
        #expect(offset.leaderEpoch == -1)
        #expect(offset.expireTimestamp == 2)
    }

    @Test func tombstonesAreRead() throws {
        let key = try Self.offset.encoded().key
        guard case .offset(_, nil) = try GroupStoredRecord(GroupRecord(key: key, value: nil)) else {
            Issue.record("not a tombstone")
            return
        }
        let group = try GroupStoredRecord.group("g", nil).encoded()
        #expect(group.key == [0, 2, 0, 1, 0x67])
        #expect(group.value == nil)
        #expect(try GroupStoredRecord(group) == .group("g", nil))
    }

    /// Method: cut and damage good records at every byte. None may crash or read on.
    @Test func survivesDamage() throws {
        let record = try #require(GroupScene.stable(["a", "b"]).kept.last).encoded()
        let value = try #require(record.value)
        for length in value.indices {
            #expect(throws: WireError.self) {
                try GroupStoredRecord(
                    GroupRecord(key: record.key, value: Array(value.prefix(length))))
            }
            var damaged = value
            damaged[length] ^= 0xff
            _ = try? GroupStoredRecord(GroupRecord(key: record.key, value: damaged))
        }
        for length in record.key.indices {
            #expect(throws: WireError.self) {
                try GroupStoredRecord(
                    GroupRecord(key: Array(record.key.prefix(length)), value: nil))
            }
        }
    }

    /// Goal: kinds of records that other coordinators write are told apart, and can be passed over.
    @Test func refusesOtherKinds() {
        let share = GroupRecord(key: [0, 11, 0, 1, 0x67], value: [0, 0])
        #expect(throws: WireError.self) { try GroupStoredRecord(share) }
        #expect(GroupReplay().skippedCount == 0)
        let replay = GroupReplay()
        replay.add(.records([share], producer: nil), partition: 0)
        #expect(replay.skippedCount == 1)
    }
}
