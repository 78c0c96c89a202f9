// Classic groups over a socket: members that vanish, restarts, topic ids, and what is kept for whom.

import KafkaProtocol
import MillraceBroker
import NIOCore
import Testing

@Suite("Kafka groups")
struct KafkaGroupsTests {
    let stage = KafkaBrokerStage()

    static func joining(_ id: String = "", rebalance: Int32 = 1_500) -> JoinGroupRequest {
        JoinGroupRequest {
            ($0.groupID, $0.memberID, $0.protocolType) = ("g", id, "consumer")
            ($0.sessionTimeoutMilliseconds, $0.rebalanceTimeoutMilliseconds) = (6_000, rebalance)
            $0.protocols = [JoinGroupRequest.GroupProtocol { $0.name = "range" }]
        }
    }

    static func syncing(_ joined: JoinGroupResponse) -> SyncGroupRequest {
        SyncGroupRequest {
            ($0.groupID, $0.memberID) = ("g", joined.memberID)
            $0.generationID = joined.generationID
            $0.assignments = [
                SyncGroupRequest.Assignment {
                    ($0.memberID, $0.assignment) = (joined.memberID, [1])
                }
            ]
        }
    }

    func state(_ wire: KafkaBrokerWire) async throws -> String {
        let answer = try await wire.ask(DescribeGroupsRequest { $0.groups = ["g"] }, version: 5)
        return answer.groups[0].groupState
    }

    /// Goal: a member whose connection broke while its join was held is let go when the time of the
    /// rebalance is over, and holds up nobody any longer.
    @Test func aJoinOfAVanishedConnectionEnds() async throws {
        try await stage.run { wire, server in
            #expect(try await state(wire) == "Dead")
            let first = try await wire.ask(Self.joining(), version: 3)
            #expect(try await state(wire) == "CompletingRebalance")
            #expect(try await wire.ask(Self.syncing(first), version: 3).assignment == [1])
            #expect(try await state(wire) == "Stable")

            let vanishing = try await KafkaBrokerWire(port: server.port)
            try await vanishing.send(Self.joining(), version: 3)
            while try await state(wire) != "PreparingRebalance" { await Task.yield() }
            await vanishing.close()

            let again = try await wire.ask(Self.joining(first.memberID), version: 3)
            #expect(again.errorCode == KafkaErrorCode.none)
            #expect(again.leader == first.memberID)
            #expect(again.members.count == 2)
            #expect(try await wire.ask(Self.syncing(again), version: 3).assignment == [1])
            // The other one never fetches its assignment: it is out after the rebalance's time-out.
            var error = KafkaErrorCode.none
            while error == KafkaErrorCode.none {
                error = try await wire.ask(
                    HeartbeatRequest {
                        ($0.groupID, $0.memberID) = ("g", first.memberID)
                        $0.generationID = again.generationID
                    }, version: 3
                ).errorCode
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(error == .rebalanceInProgress)
            let last = try await wire.ask(Self.joining(first.memberID), version: 3)
            #expect(last.members.map(\.memberID) == [first.memberID])
        }
    }

    /// Goal: with a group the members' protocol bytes and assignments survive `kill -9`.
    @Test func membersOutliveTheProcess() async throws {
        let joined = try await stage.run { wire, _ in
            let joined = try await wire.ask(Self.joining(), version: 3)
            _ = try await wire.ask(Self.syncing(joined), version: 3)
            return joined
        }
        try await (try stage.copy()).run { wire, _ in
            #expect(try await state(wire) == "Stable")
            let beat = HeartbeatRequest {
                ($0.groupID, $0.memberID) = ("g", joined.memberID)
                $0.generationID = joined.generationID
            }
            #expect(try await wire.ask(beat, version: 3).errorCode == KafkaErrorCode.none)
            let described = try await wire.ask(
                ConsumerGroupDescribeRequest { $0.groupIDs = ["g"] }, version: 1)
            #expect(described.groups[0].errorCode == .groupIDNotFound)
        }
    }

    /// Goal: the offsets topic is made with the first commit, is internal, and can be read by anybody.
    @Test func theOffsetsTopicCanBeRead() async throws {
        try await stage.run { wire, _ in
            _ = try await KafkaGroups848Tests.make("t", partitions: 1, wire)
            let commit = try await wire.ask(
                OffsetCommitRequest {
                    $0.groupID = "g"
                    $0.topics = [
                        OffsetCommitRequest.Topic {
                            $0.name = "t"
                            $0.partitions = [
                                OffsetCommitRequest.Topic.Partition {
                                    ($0.committedOffset, $0.committedLeaderEpoch) = (42, 6)
                                    $0.committedMetadata = "md"
                                }
                            ]
                        }
                    ]
                }, version: 8)
            #expect(commit.topics[0].partitions[0].errorCode == KafkaErrorCode.none)
            let metadata = try await wire.ask(
                MetadataRequest {
                    $0.topics = [MetadataRequest.Topic { $0.name = "__consumer_offsets" }]
                }, version: 8)
            #expect(metadata.topics[0].isInternal)
            #expect(metadata.topics[0].partitions.count == 50)
            let fetched = try await wire.ask(
                FetchRequest {
                    ($0.maxWaitMilliseconds, $0.maxBytes) = (0, 1 << 20)
                    $0.topics = [
                        FetchRequest.Topic {
                            $0.topic = "__consumer_offsets"
                            $0.partitions = [
                                FetchRequest.Topic.Partition {
                                    ($0.partition, $0.partitionMaxBytes) = (3, 1 << 20)
                                }
                            ]
                        }
                    ]
                }, version: 11)
            let batch = try #require(fetched.responses[0].partitions[0].records)
            let record = try #require(try RecordReader.all(in: batch).first)
            let key: [UInt8] = [0, 1, 0, 1, 0x67, 0, 1, 0x74, 0, 0, 0, 0]
            #expect(record.key.map { Array($0.readableBytesView) } == key)
            let value = try #require(record.value).readableBytesView.prefix(18)
            #expect(
                Array(value) == [0, 3] + [0, 0, 0, 0, 0, 0, 0, 42] + [0, 0, 0, 6, 0, 2, 0x6d, 0x64])
        }
    }
}
