// Kafka's error codes with Kafka's names.
// Source: apache/kafka clients/src/main/java/org/apache/kafka/common/protocol/Errors.java

/// An error code on the wire. Any number can arrive, so it is not an enum: unknown ones are kept.
package struct KafkaErrorCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package var rawValue: Int16

    package init(rawValue: Int16) {
        self.rawValue = rawValue
    }

    /// Kafka's name in capitals: `UNKNOWN_TOPIC_OR_PARTITION`; `ERROR_<number>` for an unknown one.
    package var name: String {
        let index = Int(rawValue) + 1
        return Self.names.indices.contains(index) ? Self.names[index] : "ERROR_\(rawValue)"
    }

    package var description: String { "\(name) (\(rawValue))" }

    /// Whether trying the same again may succeed without anybody changing anything.
    package var isRetriable: Bool { Self.retriable.contains(rawValue) }
}

extension KafkaErrorCode {
    package static var unknownServerError: Self { Self(rawValue: -1) }
    package static var none: Self { Self(rawValue: 0) }
    package static var offsetOutOfRange: Self { Self(rawValue: 1) }
    package static var corruptMessage: Self { Self(rawValue: 2) }
    package static var unknownTopicOrPartition: Self { Self(rawValue: 3) }
    package static var invalidFetchSize: Self { Self(rawValue: 4) }
    package static var leaderNotAvailable: Self { Self(rawValue: 5) }
    package static var notLeaderOrFollower: Self { Self(rawValue: 6) }
    package static var requestTimedOut: Self { Self(rawValue: 7) }
    package static var brokerNotAvailable: Self { Self(rawValue: 8) }
    package static var replicaNotAvailable: Self { Self(rawValue: 9) }
    package static var messageTooLarge: Self { Self(rawValue: 10) }
    package static var staleControllerEpoch: Self { Self(rawValue: 11) }
    package static var offsetMetadataTooLarge: Self { Self(rawValue: 12) }
    package static var networkException: Self { Self(rawValue: 13) }
    package static var coordinatorLoadInProgress: Self { Self(rawValue: 14) }
    package static var coordinatorNotAvailable: Self { Self(rawValue: 15) }
    package static var notCoordinator: Self { Self(rawValue: 16) }
    package static var invalidTopicException: Self { Self(rawValue: 17) }
    package static var recordListTooLarge: Self { Self(rawValue: 18) }
    package static var notEnoughReplicas: Self { Self(rawValue: 19) }
    package static var notEnoughReplicasAfterAppend: Self { Self(rawValue: 20) }
    package static var invalidRequiredAcks: Self { Self(rawValue: 21) }
    package static var illegalGeneration: Self { Self(rawValue: 22) }
    package static var inconsistentGroupProtocol: Self { Self(rawValue: 23) }
    package static var invalidGroupID: Self { Self(rawValue: 24) }
    package static var unknownMemberID: Self { Self(rawValue: 25) }
    package static var invalidSessionTimeout: Self { Self(rawValue: 26) }
    package static var rebalanceInProgress: Self { Self(rawValue: 27) }
    package static var invalidCommitOffsetSize: Self { Self(rawValue: 28) }
    package static var topicAuthorizationFailed: Self { Self(rawValue: 29) }
    package static var groupAuthorizationFailed: Self { Self(rawValue: 30) }
    package static var clusterAuthorizationFailed: Self { Self(rawValue: 31) }
    package static var invalidTimestamp: Self { Self(rawValue: 32) }
    package static var unsupportedSaslMechanism: Self { Self(rawValue: 33) }
    package static var illegalSaslState: Self { Self(rawValue: 34) }
    package static var unsupportedVersion: Self { Self(rawValue: 35) }
    package static var topicAlreadyExists: Self { Self(rawValue: 36) }
    package static var invalidPartitions: Self { Self(rawValue: 37) }
    package static var invalidReplicationFactor: Self { Self(rawValue: 38) }
    package static var invalidReplicationAssignment: Self { Self(rawValue: 39) }
    package static var invalidConfig: Self { Self(rawValue: 40) }
    package static var notController: Self { Self(rawValue: 41) }
    package static var invalidRequest: Self { Self(rawValue: 42) }
    package static var unsupportedForMessageFormat: Self { Self(rawValue: 43) }
    package static var policyViolation: Self { Self(rawValue: 44) }
    package static var outOfOrderSequenceNumber: Self { Self(rawValue: 45) }
    package static var duplicateSequenceNumber: Self { Self(rawValue: 46) }
    package static var invalidProducerEpoch: Self { Self(rawValue: 47) }
    package static var invalidTxnState: Self { Self(rawValue: 48) }
    package static var invalidProducerIDMapping: Self { Self(rawValue: 49) }
    package static var invalidTransactionTimeout: Self { Self(rawValue: 50) }
    package static var concurrentTransactions: Self { Self(rawValue: 51) }
    package static var transactionCoordinatorFenced: Self { Self(rawValue: 52) }
    package static var transactionalIDAuthorizationFailed: Self { Self(rawValue: 53) }
    package static var securityDisabled: Self { Self(rawValue: 54) }
    package static var operationNotAttempted: Self { Self(rawValue: 55) }
    package static var kafkaStorageError: Self { Self(rawValue: 56) }
    package static var logDirNotFound: Self { Self(rawValue: 57) }
    package static var saslAuthenticationFailed: Self { Self(rawValue: 58) }
    package static var unknownProducerID: Self { Self(rawValue: 59) }
    package static var reassignmentInProgress: Self { Self(rawValue: 60) }
    package static var delegationTokenAuthDisabled: Self { Self(rawValue: 61) }
    package static var delegationTokenNotFound: Self { Self(rawValue: 62) }
    package static var delegationTokenOwnerMismatch: Self { Self(rawValue: 63) }
    package static var delegationTokenRequestNotAllowed: Self { Self(rawValue: 64) }
    package static var delegationTokenAuthorizationFailed: Self { Self(rawValue: 65) }
    package static var delegationTokenExpired: Self { Self(rawValue: 66) }
    package static var invalidPrincipalType: Self { Self(rawValue: 67) }
    package static var nonEmptyGroup: Self { Self(rawValue: 68) }
    package static var groupIDNotFound: Self { Self(rawValue: 69) }
    package static var fetchSessionIDNotFound: Self { Self(rawValue: 70) }
    package static var invalidFetchSessionEpoch: Self { Self(rawValue: 71) }
    package static var listenerNotFound: Self { Self(rawValue: 72) }
    package static var topicDeletionDisabled: Self { Self(rawValue: 73) }
    package static var fencedLeaderEpoch: Self { Self(rawValue: 74) }
    package static var unknownLeaderEpoch: Self { Self(rawValue: 75) }
    package static var unsupportedCompressionType: Self { Self(rawValue: 76) }
    package static var staleBrokerEpoch: Self { Self(rawValue: 77) }
    package static var offsetNotAvailable: Self { Self(rawValue: 78) }
    package static var memberIDRequired: Self { Self(rawValue: 79) }
    package static var preferredLeaderNotAvailable: Self { Self(rawValue: 80) }
    package static var groupMaxSizeReached: Self { Self(rawValue: 81) }
    package static var fencedInstanceID: Self { Self(rawValue: 82) }
    package static var eligibleLeadersNotAvailable: Self { Self(rawValue: 83) }
    package static var electionNotNeeded: Self { Self(rawValue: 84) }
    package static var noReassignmentInProgress: Self { Self(rawValue: 85) }
    package static var groupSubscribedToTopic: Self { Self(rawValue: 86) }
    package static var invalidRecord: Self { Self(rawValue: 87) }
    package static var unstableOffsetCommit: Self { Self(rawValue: 88) }
    package static var throttlingQuotaExceeded: Self { Self(rawValue: 89) }
    package static var producerFenced: Self { Self(rawValue: 90) }
    package static var resourceNotFound: Self { Self(rawValue: 91) }
    package static var duplicateResource: Self { Self(rawValue: 92) }
    package static var unacceptableCredential: Self { Self(rawValue: 93) }
    package static var inconsistentVoterSet: Self { Self(rawValue: 94) }
    package static var invalidUpdateVersion: Self { Self(rawValue: 95) }
    package static var featureUpdateFailed: Self { Self(rawValue: 96) }
    package static var principalDeserializationFailure: Self { Self(rawValue: 97) }
    package static var snapshotNotFound: Self { Self(rawValue: 98) }
    package static var positionOutOfRange: Self { Self(rawValue: 99) }
    package static var unknownTopicID: Self { Self(rawValue: 100) }
    package static var duplicateBrokerRegistration: Self { Self(rawValue: 101) }
    package static var brokerIDNotRegistered: Self { Self(rawValue: 102) }
    package static var inconsistentTopicID: Self { Self(rawValue: 103) }
    package static var inconsistentClusterID: Self { Self(rawValue: 104) }
    package static var transactionalIDNotFound: Self { Self(rawValue: 105) }
    package static var fetchSessionTopicIDError: Self { Self(rawValue: 106) }
    package static var ineligibleReplica: Self { Self(rawValue: 107) }
    package static var newLeaderElected: Self { Self(rawValue: 108) }
    package static var offsetMovedToTieredStorage: Self { Self(rawValue: 109) }
    package static var fencedMemberEpoch: Self { Self(rawValue: 110) }
    package static var unreleasedInstanceID: Self { Self(rawValue: 111) }
    package static var unsupportedAssignor: Self { Self(rawValue: 112) }
    package static var staleMemberEpoch: Self { Self(rawValue: 113) }
    package static var mismatchedEndpointType: Self { Self(rawValue: 114) }
    package static var unsupportedEndpointType: Self { Self(rawValue: 115) }
    package static var unknownControllerID: Self { Self(rawValue: 116) }
    package static var unknownSubscriptionID: Self { Self(rawValue: 117) }
    package static var telemetryTooLarge: Self { Self(rawValue: 118) }
    package static var invalidRegistration: Self { Self(rawValue: 119) }
    package static var transactionAbortable: Self { Self(rawValue: 120) }
    package static var invalidRecordState: Self { Self(rawValue: 121) }
    package static var shareSessionNotFound: Self { Self(rawValue: 122) }
    package static var invalidShareSessionEpoch: Self { Self(rawValue: 123) }
    package static var fencedStateEpoch: Self { Self(rawValue: 124) }
    package static var invalidVoterKey: Self { Self(rawValue: 125) }
    package static var duplicateVoter: Self { Self(rawValue: 126) }
    package static var voterNotFound: Self { Self(rawValue: 127) }
    package static var invalidRegularExpression: Self { Self(rawValue: 128) }
    package static var rebootstrapRequired: Self { Self(rawValue: 129) }
    package static var streamsInvalidTopology: Self { Self(rawValue: 130) }
    package static var streamsInvalidTopologyEpoch: Self { Self(rawValue: 131) }
    package static var streamsTopologyFenced: Self { Self(rawValue: 132) }
    package static var shareSessionLimitReached: Self { Self(rawValue: 133) }
    package static var groupDeletionFailed: Self { Self(rawValue: 134) }
    package static var streamsTopologyDescriptionUpdateFailed: Self { Self(rawValue: 135) }
    package static var controllerIDNotRegistered: Self { Self(rawValue: 136) }
}
