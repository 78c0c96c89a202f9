// A dictionary that knows what its entries take in memory, so that clients cannot fill it.

import KafkaProtocol

/// What clients may make large.
protocol KeptInMemory {
    /// About the bytes it takes; cheap to tell.
    var keptBytes: Int { get }
}

extension Int64: KeptInMemory {
    /// A deadline takes no more than the place of every entry.
    var keptBytes: Int { 0 }
}

/// Values by name, and the sum of what they take.
///
/// Every way to change a value goes through the subscript, which reckons it before and after: the sum
/// is right whatever changes an entry, and needs no walk over all of them.
struct KeptTable<Value: KeptInMemory & Sendable>: Sendable, ExpressibleByDictionaryLiteral {
    private var entries: [String: Value] = [:]
    /// Names, values and their places, in bytes.
    private(set) var keptBytes = 0

    init() {}

    init(_ entries: [String: Value]) {
        self.entries = entries
        for name in entries.keys { keptBytes += bytes(of: name) }
    }

    init(dictionaryLiteral elements: (String, Value)...) {
        self.init(Dictionary(elements) { $1 })
    }

    var keys: Dictionary<String, Value>.Keys { entries.keys }
    var values: Dictionary<String, Value>.Values { entries.values }
    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }

    subscript(name: String) -> Value? {
        get { entries[name] }
        _modify {
            let before = bytes(of: name)
            defer { keptBytes += bytes(of: name) - before }
            yield &entries[name]
        }
    }

    subscript(name: String, default value: @autoclosure () -> Value) -> Value {
        get { entries[name] ?? value() }
        _modify {
            let before = bytes(of: name)
            defer { keptBytes += bytes(of: name) - before }
            yield &entries[name, default: value()]
        }
    }

    @discardableResult
    mutating func removeValue(forKey name: String) -> Value? {
        keptBytes -= bytes(of: name)
        return entries.removeValue(forKey: name)
    }

    private func bytes(of name: String) -> Int {
        guard let value = entries[name]?.keptBytes else { return 0 }
        return Self.entryBytes(name) + value
    }

    /// What an entry takes besides its value.
    static func entryBytes(_ name: String) -> Int {
        name.utf8.count + MemoryLayout<Value>.stride + Limits.keptEntryBytes
    }
}

extension KeptTable: Sequence {
    func makeIterator() -> Dictionary<String, Value>.Iterator { entries.makeIterator() }
}

extension Group: KeptInMemory {
    /// Of its members; what the group has committed has bounds of its own.
    var keptBytes: Int { (classic?.keptBytes ?? 0) + (consumer?.keptBytes ?? 0) }
}

extension GroupMachine {
    var keptBytes: Int {
        members.keptBytes + pendingMembers.keptBytes + (protocolType?.utf8.count ?? 0)
    }
}

extension ConsumerGroupMachine {
    var keptBytes: Int {
        members.keptBytes + resolved.keptBytes + seen.keptBytes
            + owners.count * Limits.ownedPartitionBytes
    }
}

extension ConsumerGroupMachine.Resolved: KeptInMemory {
    var keptBytes: Int { topics.count * Limits.matchedTopicBytes }
}

extension ConsumerGroupMachine.Seen: KeptInMemory {
    var keptBytes: Int { topics.count * Limits.matchedTopicBytes }
}

extension GroupMember: KeptInMemory {
    var keptBytes: Int {
        offers.reduce(assignment.count + ownBytes) { $0 + $1.keptBytes }
    }

    private var ownBytes: Int {
        (instanceID?.utf8.count ?? 0) + clientID.utf8.count + clientHost.utf8.count
    }
}

extension GroupMember.Offer: KeptInMemory {
    var keptBytes: Int { name.utf8.count + metadata.count + Limits.keptEntryBytes }
}

extension ConsumerMember: KeptInMemory {
    var keptBytes: Int { profileBytes }
}

extension ConsumerMember.Profile: KeptInMemory {
    var keptBytes: Int {
        let texts = [instanceID, rackID, clientID, clientHost, topicPattern, assignor]
        let own = texts.reduce(0) { $0 + ($1?.utf8.count ?? 0) }
        let names = topicNames.reduce(own) { $0 + $1.utf8.count + Limits.keptEntryBytes }
        return (classic?.offers ?? []).reduce(names) { $0 + $1.keptBytes }
    }
}

/// Room for what a member brings.
struct GroupRoom: Sendable {
    /// Bytes that its group, and all groups together, may still take.
    var groupBytes = Int.max

    static let unbounded = GroupRoom()

    /// Why a member may not grow to `after` bytes from `before`; `nil` when it may. Who brings no more
    /// than it had is never refused.
    ///
    /// UNKNOWN_SERVER_ERROR is what Kafka makes of a record that its offsets topic does not take.
    func error(growing before: Int, to after: Int) -> KafkaErrorCode? {
        guard after > before else { return nil }
        guard after <= Limits.groupMemberBytesMax else { return .unknownServerError }
        return after - before <= groupBytes ? nil : .groupMaxSizeReached
    }
}
