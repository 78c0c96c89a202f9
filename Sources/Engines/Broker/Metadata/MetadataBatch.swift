// Batches of the metadata log: data, and the control records that KRaft puts between.
// Source: apache/kafka clients common/message {LeaderChangeMessage,SnapshotHeaderRecord,
// SnapshotFooterRecord}.json; ControlRecordType.java

import KafkaProtocol
import MillraceBase
import NIOCore

/// KRaft's kinds of control records that are written here.
enum RaftControl: Int16 {
    case leaderChange = 2
    case snapshotHeader = 3
    case snapshotFooter = 4
}

enum MetadataBatch {
    /// One batch of metadata records; all of them count, or none.
    static func data(
        _ records: [MetadataRecord], baseOffset: Int64, epoch: Int32, now: Int64
    ) throws(WireError) -> ByteBuffer {
        var builder = RecordBatchBuilder(baseOffset: baseOffset)
        builder.header.partitionLeaderEpoch = epoch
        for record in records {
            builder.append(key: nil, value: try record.bytes, timestampMilliseconds: now)
        }
        return builder.finish()
    }

    /// One control batch of one record.
    static func control(
        _ kind: RaftControl, _ message: some KafkaMessage, baseOffset: Int64, epoch: Int32,
        now: Int64
    ) throws(WireError) -> ByteBuffer {
        var builder = RecordBatchBuilder(baseOffset: baseOffset)
        builder.header.partitionLeaderEpoch = epoch
        builder.header.attributes.rawValue |= 32
        var key = ByteBuffer()
        key.writeMultipleIntegers(0 as Int16, kind.rawValue)
        var value = ByteBuffer()
        try message.write(into: &value, version: 0)
        builder.append(key: key, value: value, timestampMilliseconds: now)
        return builder.finish()
    }

    /// The kind of a control batch; `nil` for kinds that other nodes write.
    static func kind(of record: Record) -> RaftControl? {
        var key = record.key ?? ByteBuffer()
        guard key.readInteger(as: Int16.self) != nil, let number: Int16 = key.readInteger() else {
            return nil
        }
        return RaftControl(rawValue: number)
    }
}

/// Who leads from here on.
struct LeaderChangeMessage: KafkaMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexibleFrom: Int16? = 0

    var version: Int16 = 0
    var leaderID: Int32 = 0
    var voters: [Voter] = []
    var grantingVoters: [Voter] = []

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int16(&version, "Version")
        try wire.int32(&leaderID, "LeaderId")
        try wire.array(&voters, "Voters")
        try wire.array(&grantingVoters, "GrantingVoters")
        try wire.tags()
    }

    struct Voter: KafkaFields {
        var voterID: Int32 = 0

        mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
            try wire.int32(&voterID, "VoterId")
            try wire.tags()
        }
    }
}

struct SnapshotHeaderRecord: KafkaMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexibleFrom: Int16? = 0

    var version: Int16 = 0
    /// Milliseconds.
    var lastContainedLogTimestamp: Int64 = 0

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int16(&version, "Version")
        try wire.int64(&lastContainedLogTimestamp, "LastContainedLogTimestamp")
        try wire.tags()
    }
}

struct SnapshotFooterRecord: KafkaMessage {
    static let versions: ClosedRange<Int16> = 0...0
    static let flexibleFrom: Int16? = 0

    var version: Int16 = 0

    mutating func fields(_ wire: inout some KafkaCoder) throws(WireError) {
        try wire.int16(&version, "Version")
        try wire.tags()
    }
}
