// Fetch, metadata and group messages as kafka-python 3.0.12 writes them.

import KafkaProtocol
import NIOCore
import Testing

@Suite("Bytes of another client")
struct VectorTests {
    /// Goal: the bytes are Kafka's, not only our own.
    @Test(arguments: fetches + metadata + groups + offsets)
    func areOurs(vector: Vector) throws {
        try vector.check()
    }

    static let fetches: [Vector] = [
        Vector(
            fetchRequest, version: 4,
            "ffffffff000001f400000001032000000100000001000174000000010000000100000000"
                + "0000000a00100000"),
        Vector(
            fetchRequest, version: 12,
            "ffffffff000001f400000001032000000100000005000000020202740200000001000000"
                + "04000000000000000affffffffffffffffffffffff0010000000000102720100020263"),
        Vector(
            fetchRequest, version: 17,
            "000001f400000001032000000100000005000000020200112233445566778899aabbccdd"
                + "eeff020000000100000004000000000000000affffffffffffffffffffffff0010000000"
                + "000102720100020263"),
        Vector(
            fetchResponse, version: 4,
            "000000000000000100017400000001000000010000000000000000006400000000000000"
                + "5a000000010000000000000007000000000000003200000003010203"),
        Vector(
            fetchResponse, version: 11,
            "0000000000000000004d0000000100017400000001000000010000000000000000006400"
                + "0000000000005a00000000000000050000000100000000000000070000000000000032ff"
                + "ffffff00000003010203"),
        Vector(
            fetchResponse, version: 12,
            "0000000000000000004d020274020000000100000000000000000064000000000000005a"
                + "0000000000000005020000000000000007000000000000003200ffffffff040102030101"
                + "090000000300000009000000"),
        Vector(
            fetchResponseWithEndpoint, version: 16,
            "0000000000000000004d0200112233445566778899aabbccddeeff020000000100000000"
                + "000000000064000000000000005a00000000000000050200000000000000070000000000"
                + "00003200ffffffff040102030101090000000300000009000001000d0200000003026800"
                + "0023840000"),
    ]

    static let metadata: [Vector] = [
        Vector(
            MetadataRequest { $0.topics = nil }, version: 1,
            "ffffffff"),
        Vector(
            MetadataRequest { $0.allowAutoTopicCreation = false }, version: 4,
            "0000000000"),
        Vector(
            metadataByID, version: 12,
            "0200112233445566778899aabbccddeeff0000000100"),
        Vector(
            metadataResponse, version: 0,
            "000000010000000100016800002384000000010000000174000000010000000000000000"
                + "000100000001000000010000000100000001"),
        Vector(
            metadataResponse, version: 1,
            "000000010000000100016800002384ffff00000001000000010000000174000000000100"
                + "00000000000000000100000001000000010000000100000001"),
        Vector(
            metadataResponse, version: 9,
            "000000000200000001026800002384000004636964000000010200000274000200000000"
                + "0000000000010000000202000000010200000001010080000000008000000000"),
        Vector(
            metadataResponse, version: 12,
            "000000000200000001026800002384000004636964000000010200000274001122334455"
                + "66778899aabbccddeeff0002000000000000000000010000000202000000010200000001"
                + "0100800000000000"),
        Vector(
            metadataResponse, version: 13,
            "000000000200000001026800002384000004636964000000010200000274001122334455"
                + "66778899aabbccddeeff0002000000000000000000010000000202000000010200000001"
                + "01008000000000000000"),
    ]

    static let groups: [Vector] = [
        Vector(
            joinRequest, version: 0,
            "0001670000afc800000008636f6e73756d657200000001000572616e676500000001ff"),
        Vector(
            joinRequest, version: 9,
            "02670000afc8000493e0010009636f6e73756d6572020672616e676502ff00027800"),
        Vector(
            joinResponse, version: 1,
            "000000000003000572616e676500026d3100026d310000000200026d3100000002000100"
                + "026d3200000000"),
        Vector(
            joinResponse, version: 5,
            "00000000000000000003000572616e676500026d3100026d310000000200026d31000269"
                + "3100000002000100026d32ffff00000000"),
        Vector(
            joinResponse, version: 9,
            "0000000000000000000309636f6e73756d65720672616e6765036d3100036d3103036d31"
                + "03693103000100036d3200010000"),
    ]

    static let offsets: [Vector] = [
        Vector(
            offsetsOfAllTopics, version: 2,
            "000167ffffffff"),
        Vector(
            offsetsOfAllTopics, version: 7,
            "0267000100"),
        Vector(
            offsetsOfAGroup, version: 9,
            "020267026d0000000300000100"),
        Vector(
            fetchedOffset, version: 1,
            "000000010001740000000100000002000000000000002a00026d640000"),
        Vector(
            fetchedOffset, version: 5,
            "00000000000000010001740000000100000002000000000000002a0000000600026d6400"
                + "000000"),
        Vector(
            fetchedNothing, version: 8,
            "000000000202670202740200000002ffffffffffffffffffffffff010000000000000000"),
        Vector(
            fetchedNothing, version: 10,
            "000000000202670200112233445566778899aabbccddeeff0200000002ffffffffffffff"
                + "ffffffffff010000000000000000"),
    ]

    static let fetchRequest = FetchRequest {
        $0.clusterID = "c"
        $0.maxWaitMilliseconds = 500
        $0.minBytes = 1
        $0.maxBytes = 52_428_800
        $0.isolationLevel = 1
        $0.sessionID = 5
        $0.sessionEpoch = 2
        $0.rackID = "r"
        $0.topics = [
            FetchRequest.Topic {
                $0.topic = "t"
                $0.topicID = topicID
                $0.partitions = [
                    FetchRequest.Topic.Partition {
                        $0.partition = 1
                        $0.currentLeaderEpoch = 4
                        $0.fetchOffset = 10
                        $0.partitionMaxBytes = 1_048_576
                    }
                ]
            }
        ]
    }

    static let fetchResponse = FetchResponse {
        $0.sessionID = 77
        $0.responses = [
            FetchResponse.TopicResponse {
                $0.topic = "t"
                $0.topicID = topicID
                $0.partitions = [fetchedPartition]
            }
        ]
    }

    static let fetchedPartition = FetchResponse.TopicResponse.PartitionData {
        $0.partitionIndex = 1
        $0.highWatermark = 100
        $0.lastStableOffset = 90
        $0.logStartOffset = 5
        $0.currentLeader.leaderID = 3
        $0.currentLeader.leaderEpoch = 9
        $0.abortedTransactions = [
            FetchResponse.TopicResponse.PartitionData.AbortedTransaction {
                $0.producerID = 7
                $0.firstOffset = 50
            }
        ]
        $0.records = ByteBuffer(bytes: [1, 2, 3])
    }

    static var fetchResponseWithEndpoint: FetchResponse {
        var response = fetchResponse
        response.nodeEndpoints = [
            NodeEndpoint { ($0.nodeID, $0.host, $0.port) = (3, "h", 9092) }
        ]
        return response
    }

    static let metadataByID = MetadataRequest {
        $0.allowAutoTopicCreation = false
        $0.includeTopicAuthorizedOperations = true
        $0.topics = [MetadataRequest.Topic { $0.topicID = topicID }]
    }

    static let metadataResponse = MetadataResponse {
        $0.brokers = [
            MetadataResponse.Broker { ($0.nodeID, $0.host, $0.port) = (1, "h", 9092) }
        ]
        $0.clusterID = "cid"
        $0.controllerID = 1
        $0.topics = [
            MetadataResponse.Topic {
                $0.name = "t"
                $0.topicID = topicID
                $0.partitions = [
                    MetadataResponse.Topic.Partition {
                        $0.leaderID = 1
                        $0.leaderEpoch = 2
                        $0.replicaNodes = [1]
                        $0.isrNodes = [1]
                    }
                ]
            }
        ]
    }

    static let joinRequest = JoinGroupRequest {
        $0.groupID = "g"
        $0.sessionTimeoutMilliseconds = 45_000
        $0.rebalanceTimeoutMilliseconds = 300_000
        $0.protocolType = "consumer"
        $0.protocols = [
            JoinGroupRequest.GroupProtocol { ($0.name, $0.metadata) = ("range", [0xff]) }
        ]
        $0.reason = "x"
    }

    static let joinResponse = JoinGroupResponse {
        $0.generationID = 3
        $0.protocolType = "consumer"
        $0.protocolName = "range"
        $0.leader = "m1"
        $0.memberID = "m1"
        $0.members = [
            JoinGroupResponse.Member {
                ($0.memberID, $0.groupInstanceID, $0.metadata) = ("m1", "i1", [0, 1])
            },
            JoinGroupResponse.Member { $0.memberID = "m2" },
        ]
    }

    static let offsetsOfAllTopics = OffsetFetchRequest {
        $0.groupID = "g"
        $0.topics = nil
        $0.requireStable = true
    }

    static let offsetsOfAGroup = OffsetFetchRequest {
        $0.groups = [
            OffsetFetchRequest.Group {
                ($0.groupID, $0.memberID, $0.memberEpoch, $0.topics) = ("g", "m", 3, nil)
            }
        ]
        $0.requireStable = true
    }

    static let fetchedOffset = OffsetFetchResponse {
        $0.topics = [
            OffsetFetchResponse.Topic {
                $0.name = "t"
                $0.partitions = [
                    OffsetFetchResponse.Topic.Partition {
                        $0.partitionIndex = 2
                        $0.committedOffset = 42
                        $0.committedLeaderEpoch = 6
                        $0.metadata = "md"
                    }
                ]
            }
        ]
    }

    static let fetchedNothing = OffsetFetchResponse {
        $0.groups = [
            OffsetFetchResponse.Group {
                $0.groupID = "g"
                $0.topics = [
                    OffsetFetchResponse.Group.GroupTopic {
                        $0.name = "t"
                        $0.topicID = topicID
                        $0.partitions = [
                            OffsetFetchResponse.Partition {
                                $0.partitionIndex = 2
                                $0.committedOffset = -1
                                $0.metadata = ""
                            }
                        ]
                    }
                ]
            }
        ]
    }
}
