// From what a member has to what it is to have, in safe steps.
// Source: apache/kafka CurrentAssignmentBuilder.java

import KafkaProtocol

/// One step of one member towards the group's target.
///
/// A member gives partitions up before it gets new ones, and gets only what nobody else has. So no
/// partition ever has two owners, whatever order the members come in.
struct Reconciliation {
    /// The epoch of the target.
    var epoch: Int32
    var target: PartitionMap
    /// Topics that the member still wants; of others it gets nothing.
    var topics: Set<KafkaUUID>
    /// What the member says it has; `nil` when it does not say.
    var owned: PartitionMap?
    /// Whether somebody else has a partition, or has not given it up yet.
    var isTaken: (TopicIDPartition) -> Bool

    func next(after current: ConsumerMember.Current) -> ConsumerMember.Current {
        switch current.state {
        case .stable:
            if current.epoch != epoch { return approach(current) }
            return withoutUnwanted(current)
        case .unrevoked:
            return stillOwns(current.revoking) ? withoutUnwanted(current) : approach(current)
        case .unreleased:
            return approach(current)
        }
    }

    private func stillOwns(_ revoking: PartitionMap) -> Bool {
        guard let owned else { return true }
        return !owned.isDisjoint(with: revoking)
    }

    /// Takes away what the member no longer wants, without going on to the target.
    private func withoutUnwanted(
        _ current: ConsumerMember.Current
    ) -> ConsumerMember.Current {
        let unwanted = current.assigned.filter { !topics.contains($0.key) }
        guard !unwanted.isEmpty else { return current }
        var next = current
        for topic in unwanted.keys { next.assigned[topic] = nil }
        var revoking = current.revoking
        revoking.formUnion(unwanted)
        if stillOwns(revoking) {
            next.state = .unrevoked
            next.revoking = revoking
        }
        return next
    }

    private func approach(_ current: ConsumerMember.Current) -> ConsumerMember.Current {
        var kept: PartitionMap = [:]
        var revoking: PartitionMap = [:]
        for place in current.assigned.sortedPartitions {
            if wants(place) { kept.insert(place) } else { revoking.insert(place) }
        }
        var next = current
        if !revoking.isEmpty && stillOwns(revoking) {
            next.state = .unrevoked
            next.assigned = kept
            next.revoking = revoking
            return next
        }
        next.state = .stable
        for place in target.sortedPartitions where wants(place) && !kept.contains(place) {
            if isTaken(place) { next.state = .unreleased } else { kept.insert(place) }
        }
        next.arrive(at: epoch)
        next.assigned = kept
        next.revoking = [:]
        return next
    }

    private func wants(_ place: TopicIDPartition) -> Bool {
        topics.contains(place.topic) && target.contains(place)
    }
}
