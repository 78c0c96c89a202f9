// Bytes written by hand, field by field from Kafka's schemas: what the independent codec is too old
// for, and the messages of transactions, SASL and quotas.

import KafkaProtocol
import NIOCore
import Testing

@Suite("Bytes written by hand")
struct NewerMessageTests {
    /// Goal: the bytes are those of the schemas, also where kafka-python cannot say.
    @Test(arguments: announcements + groups + describedGroups + transactions + security)
    func areOurs(vector: Vector) throws {
        try vector.check()
    }

    private static let id = "00112233445566778899aabbccddeeff"

    static let announcements: [Vector] = [
        Vector(
            ApiVersionsRequest {
                ($0.clientSoftwareName, $0.clientSoftwareVersion) = ("a", "1")
                ($0.clusterID, $0.nodeID) = ("c", 1)
            }, version: 5, "0261 0231 0263 00000001 00"),
        Vector(
            ApiVersionsRequest { ($0.clientSoftwareName, $0.clientSoftwareVersion) = ("a", "1") },
            version: 5, "0261 0231 00 ffffffff 00"),
        Vector(
            ApiVersionsResponse.announcing(
                [.heartbeat],
                features: [.init("f", supported: 0...2, finalizedLevel: 2)],
                finalizedFeaturesEpoch: 9, version: 5), version: 5,
            "0000 02 000c 0000 0004 00 00000000"
                + "03 00 08 02 0266 0000 0002 00 01 08 0000000000000009 02 08 02 0266 0002 0002 00"),
        Vector(DeleteGroupsRequest { $0.groupsNames = ["g"] }, version: 3, "02 0267 00"),
        Vector(
            DeleteGroupsResponse {
                $0.results = [
                    .init {
                        ($0.groupID, $0.errorCode, $0.errorMessage) = ("g", .nonEmptyGroup, "x")
                    }
                ]
            }, version: 3, "00000000 02 0267 0044 0278 00 00"),
    ]

    static let groups: [Vector] = [
        Vector(
            joining, version: 0, "0267 026d 00000000 00 00 000493e0 02 0274 08756e69666f726d 01 00"),
        Vector(
            joining, version: 1,
            "0267 026d 00000000 00 00 000493e0 02 0274 00 08756e69666f726d 01 00"),
        Vector(
            ConsumerGroupHeartbeatRequest {
                ($0.groupID, $0.memberID, $0.memberEpoch) = ("g", "m", 3)
            }, version: 1, "0267 026d 00000003 00 00 ffffffff 00 00 00 00 00"),
        Vector(
            ConsumerGroupHeartbeatRequest {
                ($0.groupID, $0.memberID, $0.memberEpoch) = ("g", "m", -2)
                ($0.instanceID, $0.rackID, $0.subscribedTopicRegex) = ("i", "r", "t.*")
                $0.topicPartitions = [.init { ($0.topicID, $0.partitions) = (topicID, [5]) }]
            }, version: 1,
            "0267 026d fffffffe 0269 0272 ffffffff 00 04742e2a 00 02 \(id) 02 00000005 00 00"),
        Vector(assigned, version: 0, assignedBytes),
        Vector(assigned, version: 1, assignedBytes),
        Vector(
            ConsumerGroupHeartbeatResponse {
                ($0.errorCode, $0.errorMessage) = (.fencedMemberEpoch, "x")
            }, version: 1, "00000000 006e 0278 00 00000000 00000000 ff 00"),
    ]

    static let joining = ConsumerGroupHeartbeatRequest {
        ($0.groupID, $0.memberID, $0.rebalanceTimeoutMilliseconds) = ("g", "m", 300_000)
        ($0.subscribedTopicNames, $0.serverAssignor) = (["t"], "uniform")
        $0.topicPartitions = []
    }

    static let assigned = ConsumerGroupHeartbeatResponse {
        ($0.memberID, $0.memberEpoch, $0.heartbeatIntervalMilliseconds) = ("m", 1, 5000)
        $0.assignment = .init {
            $0.topicPartitions = [.init { ($0.topicID, $0.partitions) = (topicID, [0, 1]) }]
        }
    }

    private static let assignedBytes =
        "00000000 0000 00 026d 00000001 00001388 01 02 \(id) 03 00000000 00000001 00 00 00"

    static let describedGroups: [Vector] = [
        Vector(ConsumerGroupDescribeRequest { $0.groupIDs = ["g"] }, version: 0, "02 0267 00 00"),
        Vector(
            ConsumerGroupDescribeRequest {
                ($0.groupIDs, $0.includeAuthorizedOperations) = (["g"], true)
            }, version: 1, "02 0267 01 00"),
        Vector(described, version: 0, describedFront + "00 80000000 00 00"),
        Vector(described, version: 1, describedFront + "01 00 80000000 00 00"),
    ]

    static let described = ConsumerGroupDescribeResponse {
        $0.groups = [
            .init {
                ($0.groupID, $0.groupState, $0.assignorName) = ("g", "Stable", "range")
                ($0.groupEpoch, $0.assignmentEpoch) = (2, 3)
                $0.members = [
                    .init {
                        ($0.memberID, $0.memberEpoch, $0.memberType) = ("m", 2, 1)
                        ($0.clientID, $0.clientHost) = ("c", "/h")
                        $0.subscribedTopicNames = ["t"]
                        $0.assignment.topicPartitions = [
                            .init {
                                ($0.topicID, $0.topicName, $0.partitions) = (topicID, "t", [0])
                            }
                        ]
                    }
                ]
            }
        ]
    }

    /// All up to the member's type.
    private static let describedFront =
        "00000000 02 0000 00 0267 07537461626c65 00000002 00000003 0672616e6765"
        + "02 026d 00 00 00000002 0263 032f68 02 0274 00 02 \(id) 0274 02 00000000 00 00 01 00"

    static let transactions: [Vector] = [
        Vector(
            adding, version: 0, "000174 0000000000000007 0001 00000001 000170 00000001 00000000"),
        Vector(adding, version: 3, "0274 0000000000000007 0001 02 0270 02 00000000 00 00"),
        Vector(
            AddPartitionsToTxnRequest {
                $0.transactions = [
                    .init {
                        ($0.transactionalID, $0.producerID, $0.producerEpoch) = ("t", 7, 1)
                        ($0.verifyOnly, $0.topics) = (true, adding.topics)
                    }
                ]
            }, version: 4, "02 0274 0000000000000007 0001 01 02 0270 02 00000000 00 00 00"),
        Vector(
            AddPartitionsToTxnResponse {
                $0.resultsByTransaction = [
                    .init { ($0.transactionalID, $0.topicResults) = ("t", [refused]) }
                ]
            }, version: 5, "00000000 0000 02 0274 02 0270 02 00000000 0030 00 00 00 00"),
        Vector(
            AddPartitionsToTxnResponse { $0.resultsByTopic = [refused] }, version: 2,
            "00000000 00000001 000170 00000001 00000000 0030"),
        Vector(
            EndTxnRequest {
                ($0.transactionalID, $0.producerID, $0.producerEpoch) = ("t", 7, 1)
                $0.committed = true
            }, version: 5, "0274 0000000000000007 0001 01 00"),
        Vector(EndTxnResponse { $0.producerID = 8 }, version: 4, "00000000 0000 00"),
        Vector(
            EndTxnResponse { ($0.producerID, $0.producerEpoch) = (8, 2) }, version: 5,
            "00000000 0000 0000000000000008 0002 00"),
        Vector(
            committing, version: 6,
            "0274 0267 0000000000000007 0001 00000003 026d 00"
                + "02 \(id) 02 00000002 000000000000002a 00000006 0278 00 00 00"),
        Vector(
            committing, version: 5,
            "0274 0267 0000000000000007 0001 00000003 026d 00"
                + "02 0270 02 00000002 000000000000002a 00000006 0278 00 00 00"),
        Vector(
            committing, version: 0,
            "000174 000167 0000000000000007 0001"
                + "00000001 000170 00000001 00000002 000000000000002a 000178"),
        Vector(committed, version: 6, "00000000 02 \(id) 02 00000002 0000 00 00 00"),
        Vector(committed, version: 3, "00000000 02 0270 02 00000002 0000 00 00 00"),
    ]

    static let adding = AddPartitionsToTxnRequest {
        ($0.transactionalID, $0.producerID, $0.producerEpoch) = ("t", 7, 1)
        $0.topics = [.init { ($0.name, $0.partitions) = ("p", [0]) }]
    }

    static let refused = AddPartitionsToTxnResponse.TopicResult {
        $0.name = "p"
        $0.resultsByPartition = [.init { $0.partitionErrorCode = .invalidTxnState }]
    }

    static let committing = TxnOffsetCommitRequest {
        ($0.transactionalID, $0.groupID, $0.memberID) = ("t", "g", "m")
        ($0.producerID, $0.producerEpoch, $0.generationIDOrMemberEpoch) = (7, 1, 3)
        $0.topics = [
            .init {
                ($0.name, $0.topicID) = ("p", topicID)
                $0.partitions = [
                    .init {
                        ($0.partitionIndex, $0.committedOffset) = (2, 42)
                        ($0.committedLeaderEpoch, $0.committedMetadata) = (6, "x")
                    }
                ]
            }
        ]
    }

    static let committed = TxnOffsetCommitResponse {
        $0.topics = [
            .init {
                ($0.name, $0.topicID) = ("p", topicID)
                $0.partitions = [.init { $0.partitionIndex = 2 }]
            }
        ]
    }

    static let security: [Vector] = [
        Vector(SaslHandshakeRequest { $0.mechanism = "PLAIN" }, version: 1, "0005 504c41494e"),
        Vector(
            SaslHandshakeResponse {
                ($0.errorCode, $0.mechanisms) = (.unsupportedSaslMechanism, ["PLAIN"])
            }, version: 0, "0021 00000001 0005 504c41494e"),
        Vector(SaslAuthenticateRequest { $0.authBytes = [0, 1] }, version: 0, "00000002 0001"),
        Vector(SaslAuthenticateRequest { $0.authBytes = [0, 1] }, version: 2, "03 0001 00"),
        Vector(
            SaslAuthenticateResponse { $0.sessionLifetimeMilliseconds = 5 }, version: 1,
            "0000 ffff 00000000 0000000000000005"),
        Vector(
            SaslAuthenticateResponse { $0.errorCode = .saslAuthenticationFailed }, version: 2,
            "003a 00 01 0000000000000000 00"),
        Vector(
            DescribeClientQuotasResponse {
                $0.entries = [
                    .init {
                        $0.entity = [.init { $0.entityType = "user" }]
                        $0.values = [.init { ($0.key, $0.value) = ("k", 1000) }]
                    }
                ]
            }, version: 1,
            "00000000 0000 00 02 02 0575736572 00 00 02 026b 408f400000000000 00 00 00"),
        Vector(
            DescribeQuorumResponse {
                $0.nodes = [
                    .init {
                        $0.nodeID = 1
                        $0.listeners = [
                            .init { ($0.name, $0.host, $0.port) = ("L", "h", 65_535) }
                        ]
                    }
                ]
            }, version: 2, "0000 00 01 02 00000001 02 024c 0268 ffff 00 00 00"),
        Vector(
            CreateAclsRequest {
                $0.creations = [
                    .init {
                        ($0.resourceType, $0.resourceName, $0.principal) = (2, "t", "User:a")
                        ($0.host, $0.operation, $0.permissionType) = ("*", 3, 3)
                    }
                ]
            }, version: 3, "02 02 0274 03 07557365723a61 022a 03 03 00 00"),
    ]
}

@Suite("What a broker announces")
struct AnnouncedVersionsTests {
    /// Goal: KAFKA-17011: no client before version 4 sees a feature that begins at 0.
    @Test func leavesOutFeaturesThatBeginAtZero() {
        let features: [ApiVersionsResponse.Feature] = [
            .init("transaction.version", supported: 0...2, finalizedLevel: 2),
            .init("metadata.version", supported: 7...29, finalizedLevel: 29),
            .init("share.version", supported: 0...1, finalizedLevel: 0),
        ]
        let old = ApiVersionsResponse.announcing([.fetch], features: features, version: 3)
        #expect(old.supportedFeatures.map(\.name) == ["metadata.version"])
        let new = ApiVersionsResponse.announcing([.fetch], features: features, version: 4)
        #expect(new.supportedFeatures.map(\.name) == features.map(\.name))
        #expect(new.finalizedFeatures.map(\.name) == ["transaction.version", "metadata.version"])
    }

    /// Goal: KIP-1242: whoever means another cluster or node is sent back to its bootstrap servers.
    @Test(
        arguments: [
            (nil, -1, nil), ("c", -1, .invalidRequest), (nil, 1, .invalidRequest), ("c", 1, nil),
            ("other", 1, .rebootstrapRequired), ("c", 2, .rebootstrapRequired),
        ] as [(String?, Int32, KafkaErrorCode?)])
    func checksWhomTheClientMeans(clusterID: String?, nodeID: Int32, fault: KafkaErrorCode?) {
        let request = ApiVersionsRequest {
            ($0.clientSoftwareName, $0.clientSoftwareVersion) = ("a", "1")
            ($0.clusterID, $0.nodeID) = (clusterID, nodeID)
        }
        #expect(request.fault(version: 5, clusterID: "c", nodeID: 1) == fault)
        #expect(request.fault(version: 4, clusterID: "c", nodeID: 1) == nil)
    }

    /// Goal: KIP-511's names of clients, and nothing else.
    @Test(arguments: [
        ("apache-kafka-java", true), ("librdkafka", true), ("a", true), ("A.1-b", true),
        ("", false), ("-a", false), ("a-", false), ("a b", false), ("ä", false), ("a/b", false),
        ("[", false),
    ])
    func checksTheClientsName(name: String, isFine: Bool) {
        let request = ApiVersionsRequest {
            ($0.clientSoftwareName, $0.clientSoftwareVersion) = (name, "1")
        }
        let fault = request.fault(version: 3, clusterID: "c", nodeID: 1)
        #expect(fault == (isFine ? nil : .invalidRequest))
        #expect(request.fault(version: 2, clusterID: "c", nodeID: 1) == nil)
    }
}
