// A group as its record keeps it, so that members outlive a restart of the broker.
// Source: apache/kafka GroupCoordinatorRecordHelpers.java

import KafkaProtocol

extension GroupMachine {
    /// What to keep of the group as it stands after a sync, or when nobody is left.
    func metadataRecord(nowMilliseconds: Int64) -> GroupStoredRecord {
        let value = GroupMetadataValue {
            $0.protocolType = protocolType ?? ""
            $0.generation = generation
            $0.protocolName = protocolName
            $0.leader = leaderID
            $0.currentStateTimestamp = nowMilliseconds
            $0.members = membersInOrder.map { member in
                GroupMetadataValue.Member {
                    $0.memberID = member.id
                    $0.groupInstanceID = member.instanceID
                    $0.clientID = member.clientID
                    $0.clientHost = member.clientHost
                    $0.rebalanceTimeoutMilliseconds = Int32(
                        clamping: member.rebalanceTimeoutMilliseconds)
                    $0.sessionTimeoutMilliseconds = Int32(
                        clamping: member.sessionTimeoutMilliseconds)
                    $0.subscription = member.metadata(for: protocolName)
                    $0.assignment = member.assignment
                }
            }
        }
        return .group(groupID, value)
    }

    /// The group as it was kept. Its members have a whole session to be heard of again.
    ///
    /// - Parameter now: on the steady clock of the machine's other events.
    init(
        groupID: String, kept: GroupMetadataValue, rules: GroupRules, now: Int64
    ) {
        self.init(groupID: groupID, rules: rules)
        generation = kept.generation
        protocolType = kept.protocolType.isEmpty ? nil : kept.protocolType
        guard !kept.members.isEmpty else { return }
        state = .stable
        protocolName = kept.protocolName
        leaderID = kept.leader
        for member in kept.members {
            let session = Int64(member.sessionTimeoutMilliseconds)
            let rebalance = Int64(member.rebalanceTimeoutMilliseconds)
            members[member.memberID] = GroupMember(
                id: member.memberID, instanceID: member.groupInstanceID,
                clientID: member.clientID, clientHost: member.clientHost,
                sessionTimeoutMilliseconds: session,
                rebalanceTimeoutMilliseconds: rebalance < 0 ? session : rebalance,
                offers: [
                    GroupMember.Offer(name: kept.protocolName ?? "", metadata: member.subscription)
                ],
                assignment: member.assignment, joinIndex: nextJoinIndex, hasSynced: true,
                sessionDeadlineMilliseconds: now + session)
            nextJoinIndex += 1
            if let instance = member.groupInstanceID { staticMembers[instance] = member.memberID }
        }
    }
}
