// What members want and what they are to get: subscriptions, expressions, the target assignment.
// Source: apache/kafka GroupMetadataManager.java, TargetAssignmentBuilder.java, TopicRegexResolver.java

import KafkaProtocol

extension ConsumerGroupMachine {
    /// Topics that a member wants, by name; some may not exist.
    func topics(
        of member: ConsumerMember, _ source: any GroupTopicSource
    ) -> Set<String> {
        guard let pattern = member.profile.topicPattern, let known = resolved[pattern] else {
            return member.profile.topicNames
        }
        if hasRights, unheard.contains(member.id) {
            // What it was given it was allowed to see; the rest it is asked about when it comes.
            let given = Set(member.current.assigned.keys).union((target[member.id] ?? [:]).keys)
            let names = Set(given.compactMap { source.topic(id: $0)?.name })
            return member.profile.topicNames.union(known.topics.intersection(names))
        }
        guard let seen = seen[member.id], seen.pattern == pattern else {
            return member.profile.topicNames.union(known.topics)
        }
        return member.profile.topicNames.union(known.topics.intersection(seen.topics))
    }

    /// Topics that anybody wants.
    func subscribedTopics(_ source: any GroupTopicSource) -> Set<String> {
        subscribedCache ?? members.values.reduce(into: []) { $0.formUnion(topics(of: $1, source)) }
    }

    func topicIDs(
        of member: ConsumerMember, _ context: ConsumerContext
    ) -> Set<KafkaUUID> {
        Set(topics(of: member, context.topics).compactMap { context.topics.topic(name: $0)?.id })
    }

    /// A number that changes when a topic comes, goes, is made anew, or grows.
    func hash(of names: Set<String>, _ context: ConsumerContext) -> Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ value: UInt64) { hash = (hash ^ value) &* 0x0000_0100_0000_01b3 }
        for topic in names.sorted().compactMap({ context.topics.topic(name: $0) }) {
            mix(topic.id.high)
            mix(topic.id.low)
            mix(UInt64(UInt32(bitPattern: topic.partitions)))
        }
        return Int64(bitPattern: hash)
    }

    // MARK: Expressions

    /// Reads a new expression, so that a bad one is refused before anything has changed.
    mutating func compile(_ pattern: String?) throws(GroupFault) {
        guard let pattern, !pattern.isEmpty, patterns[pattern] == nil else { return }
        do throws(TopicPatternError) {
            patterns[pattern] = try TopicPattern(pattern)
        } catch {
            throw GroupFault(
                .invalidRegularExpression,
                "SubscribedTopicRegex `\(pattern)` is not a valid regular expression: \(error).")
        }
    }

    /// Looks at all topics again if there are new expressions, or some time has passed; and at what
    /// the member that asks may see of them.
    ///
    /// - Returns: whether that member now wants other topics of those that the group knew.
    mutating func resolvePatterns(_ context: ConsumerContext, for id: String) -> Bool {
        // Classic members do not come here, and tell nothing of whether there is an authorizer.
        if hasRights != (context.maySee != nil) {
            hasRights = context.maySee != nil
            subscribedCache = nil
        }
        let before = members[id].map { topics(of: $0, context.topics) }
        if unheard.remove(id) != nil { subscribedCache = nil }
        let wanted = Set(members.values.compactMap(\.profile.topicPattern).filter { !$0.isEmpty })
        guard !wanted.isEmpty else { return false }
        match(wanted, context)
        let sawBefore = seen[id]
        if let pattern = members[id]?.profile.topicPattern, let found = matched[pattern],
            let maySee = context.maySee
        {
            seen[id] = Seen(pattern: pattern, topics: found.filter(maySee))
        } else {
            seen[id] = nil
        }
        // Others may want other topics then; the hash tells whether the group does.
        if seen[id] != sawBefore { subscribedCache = nil }
        for pattern in wanted {
            let topics = visible(pattern, context)
            guard resolved[pattern]?.topics != topics else { continue }
            resolved[pattern] = Resolved(topics: topics, atMilliseconds: context.wallMilliseconds)
            dirty.insert(.pattern(pattern))
            subscribedCache = nil
        }
        return before != members[id].map { topics(of: $0, context.topics) }
    }

    private mutating func match(_ wanted: Set<String>, _ context: ConsumerContext) {
        let isDue = context.now >= patternsDue
        guard isDue || wanted.contains(where: { matched[$0] == nil }) else { return }
        let names = context.topics.topics.map(\.name)
        // As long as there are the same topics only what is new is looked at: matching is the work of
        // expressions times names, and each member may have an expression of its own.
        let isOther = topicNames != names.hashValue
        if isDue { patternsDue = context.now + Limits.patternRefreshMilliseconds }
        topicNames = names.hashValue
        for pattern in wanted where isOther || matched[pattern] == nil {
            // One that was kept by an earlier run is read here for the first time.
            let compiled = patterns[pattern] ?? (try? TopicPattern(pattern))
            patterns[pattern] = compiled
            matched[pattern] = Set(names.filter { compiled?.matches($0) ?? false })
        }
    }

    /// What an expression matches and one of its members may see. Of a member that has not said
    /// anything since a start it is not known: for it, what was kept counts.
    private func visible(_ pattern: String, _ context: ConsumerContext) -> Set<String> {
        let found = matched[pattern] ?? []
        guard context.maySee != nil else { return found }
        var topics: Set<String> = []
        for member in members.values where member.profile.topicPattern == pattern {
            if let seen = seen[member.id], seen.pattern == pattern {
                topics.formUnion(seen.topics)
            } else {
                topics.formUnion(resolved[pattern]?.topics ?? [])
            }
        }
        return topics.intersection(found)
    }

    mutating func dropPatternIfUnused(_ pattern: String?) {
        guard let pattern, !members.values.contains(where: { $0.profile.topicPattern == pattern })
        else { return }
        patterns[pattern] = nil
        matched[pattern] = nil
        if resolved.removeValue(forKey: pattern) != nil { dirty.insert(.pattern(pattern)) }
    }

    // MARK: Targets

    /// Raises the epoch if members or topics have changed, and then computes the target.
    ///
    /// - Parameter id: the member that asks, whose rights are known; `nil` for one of the classic
    ///   protocol, which has no expressions and leaves those of others as they are.
    mutating func bringUpToDate(
        _ context: ConsumerContext, for id: String? = nil, hasChanged: Bool
    ) {
        let otherRights = id.map { resolvePatterns(context, for: $0) } ?? false
        let hasChanged = hasChanged || otherRights
        if hasChanged { subscribedCache = nil }
        let names = subscribedTopics(context.topics)
        subscribedCache = names
        let hash = hash(of: names, context)
        if hasChanged || hash != metadataHash {
            metadataHash = hash
            raiseEpoch()
        }
        if epoch > targetEpoch { computeTarget(context) }
    }

    private mutating func computeTarget(_ context: ConsumerContext) {
        var partitions: [KafkaUUID: Int32] = [:]
        for topic in subscribedTopics(context.topics).compactMap({ context.topics.topic(name: $0) })
        {
            partitions[topic.id] = topic.partitions
        }
        // By the name that lasts: a static member that came back keeps its place in the order.
        let ordered = members.values.sorted {
            ($0.profile.instanceID ?? $0.id, $0.id) < ($1.profile.instanceID ?? $1.id, $1.id)
        }
        let problem = AssignmentProblem(
            members: ordered.map { member in
                AssignmentProblem.Member(
                    id: member.id, topics: topicIDs(of: member, context),
                    previous: target[member.id] ?? [:])
            }, partitions: partitions)
        for (id, assigned) in assignor.assign(problem) where target[id] != assigned {
            target[id] = assigned
            dirty.insert(.target(id))
        }
        targetEpoch = epoch
        dirty.insert(.targetEpoch)
    }

    /// Walks a member one step towards its target.
    mutating func reconcile(_ id: String, owned: PartitionMap?, _ context: ConsumerContext) {
        guard let member = members[id] else { return }
        let step = Reconciliation(
            epoch: targetEpoch, target: target[id] ?? [:],
            topics: topicIDs(of: member, context), owned: owned,
            isTaken: { [owners] place in (owners[place] ?? id) != id })
        let next = step.next(after: member.current)
        guard next != member.current else { return }
        setCurrent(next, of: id)
        switch next.state {
        case .unrevoked: startRebalanceTimer(id, context)
        case .stable, .unreleased: members[id]?.deadlines.rebalance = nil
        }
    }
}
