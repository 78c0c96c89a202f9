// What a client fetches again and again, remembered so that its requests and answers name only changes.
// Source: KIP-227; apache/kafka server/.../FetchSession.java, FetchContext.java

import KafkaProtocol
import NIOCore

/// How a fetch names a topic: by its name up to version 12, by its id from 13 on.
struct FetchTopic: Hashable, Sendable {
    /// Empty for an id that was never resolved.
    var name = ""
    var id = KafkaUUID.zero
}

/// What a client wants of a partition.
struct FetchWanted: Equatable, Sendable {
    var partition: Int32
    var offset: Int64
    var bytesMax: Int32
    var currentLeaderEpoch: Int32
    var lastFetchedEpoch: Int32
}

/// One client's fetch session, as a value.
///
/// Partitions keep the order in which they came; those that brought records move to the end, so that
/// the limit of an answer's bytes does not starve the last ones.
///
/// Invariant: between an opening and its answer neither the partitions nor their order change, unless
/// the epoch does; so an answer's partitions are those of its opening, one by one.
struct FetchSession: Sendable {
    /// Closes a session, and makes none.
    static let finalEpoch: Int32 = -1
    /// Closes a session, and asks for a new one.
    static let initialEpoch: Int32 = 0

    private struct Place: Hashable {
        var topic: Int32
        var partition: Int32
    }

    private struct Slot {
        var topic: Int32
        var wanted: FetchWanted
        /// As the client was told; -1 before, and after an error.
        var highWatermark: Int64 = -1
        var startOffset: Int64 = -1

        /// Notes what the client is told now; whether it must be told.
        mutating func changed(
            to data: FetchResponse.TopicResponse.PartitionData
        ) -> Bool {
            let hasError = data.errorCode != .none
            let isSame =
                highWatermark == data.highWatermark && startOffset == data.logStartOffset
                && !hasError
            // Once an error is gone, the partition is told again.
            highWatermark = hasError ? -1 : data.highWatermark
            startOffset = data.logStartOffset
            return !isSame || data.records?.readableBytes ?? 0 > 0 || data.divergingEpoch.epoch >= 0
        }
    }

    /// Which epoch the next request must have.
    private(set) var epoch: Int32 = FetchSession.next(initialEpoch)
    let usesTopicIDs: Bool
    /// Milliseconds of a clock that is never set back.
    let createdAt: Int64
    private(set) var usedAt: Int64

    /// Also those of which no partition is left, until their place is taken again.
    private(set) var topics: [FetchTopic] = []
    private var partitionCounts: [Int32] = []
    private var topicPlaces: [FetchTopic: Int32] = [:]
    private var freeTopics: [Int32] = []
    private var slots: [Slot] = []
    private var places: [Place: Int32] = [:]
    private var freeSlots: [Int32] = []
    /// Slots in the order in which they are read.
    private var order: [Int32] = []

    /// A session from a full fetch and what was found for it.
    /// - Parameter found: in the order of the request's partitions.
    init(
        _ wanted: [FetchRequest.Topic], found: [FetchResponse.TopicResponse.PartitionData],
        names: [FetchTopic], usesTopicIDs: Bool, now: Int64
    ) {
        self.usesTopicIDs = usesTopicIDs
        createdAt = now
        usedAt = now
        var rest = found[...]
        for (topic, named) in zip(wanted, names) where !topic.partitions.isEmpty {
            let place = place(of: FetchTopic(topic))
            topics[Int(place)].name = named.name
            for partition in topic.partitions {
                let slot = add(FetchWanted(partition), to: place)
                guard let data = rest.popFirst() else { continue }
                _ = slots[slot].changed(to: data)
            }
        }
    }

    /// The epoch after this one; 0 and -1 have meanings of their own.
    static func next(_ epoch: Int32) -> Int32 { epoch == .max ? 1 : epoch + 1 }

    var count: Int { order.count }

    /// About what it takes of memory; what was forgotten counts too, because its place is kept.
    var sizeBytes: Int {
        slots.count * Limits.fetchSessionPartitionBytes
            + topics.reduce(0) { $0 + Limits.fetchSessionPartitionBytes + $1.name.utf8.count }
    }

    // MARK: Requests

    /// Takes the changes of an incremental fetch; what is wanted and forgotten at once is forgotten.
    mutating func merge(_ request: FetchRequest, now: Int64) {
        usedAt = now
        epoch = Self.next(epoch)
        for topic in request.topics where !topic.partitions.isEmpty {
            let place = place(of: FetchTopic(topic))
            for partition in topic.partitions { add(FetchWanted(partition), to: place) }
        }
        var hasForgotten = false
        for topic in request.forgottenTopicsData where !topic.partitions.isEmpty {
            guard let place = topicPlaces[FetchTopic(name: topic.topic, id: topic.topicID)]
            else { continue }
            for partition in topic.partitions {
                hasForgotten = forget(Place(topic: place, partition: partition)) || hasForgotten
            }
        }
        if hasForgotten { order.removeAll { slots[Int($0)].topic < 0 } }
    }

    /// Looked up once for all partitions of a topic: a name may be long, and so may be the list.
    private mutating func place(of topic: FetchTopic) -> Int32 {
        topicPlaces[topic] ?? addTopic(topic)
    }

    /// - Parameter topic: the place of the topic.
    /// - Returns: the partition's slot.
    @discardableResult
    private mutating func add(_ wanted: FetchWanted, to topic: Int32) -> Int {
        let place = Place(topic: topic, partition: wanted.partition)
        if let known = places[place] {
            slots[Int(known)].wanted = wanted
            return Int(known)
        }
        let slot = freeSlots.popLast() ?? Int32(slots.count)
        let fresh = Slot(topic: topic, wanted: wanted)
        if Int(slot) == slots.count { slots.append(fresh) } else { slots[Int(slot)] = fresh }
        places[place] = slot
        partitionCounts[Int(topic)] += 1
        order.append(slot)
        return Int(slot)
    }

    private mutating func addTopic(_ topic: FetchTopic) -> Int32 {
        let place = freeTopics.popLast() ?? Int32(topics.count)
        if Int(place) == topics.count {
            topics.append(topic)
            partitionCounts.append(0)
        } else {
            topics[Int(place)] = topic
        }
        topicPlaces[topic] = place
        return place
    }

    /// Leaves the order to the caller, who knows when all are forgotten.
    private mutating func forget(_ place: Place) -> Bool {
        guard let slot = places.removeValue(forKey: place) else { return false }
        slots[Int(slot)].topic = -1
        freeSlots.append(slot)
        let topic = Int(place.topic)
        partitionCounts[topic] -= 1
        if partitionCounts[topic] == 0 {
            var key = topics[topic]
            if usesTopicIDs { key.name = "" }
            topicPlaces[key] = nil
            topics[topic] = FetchTopic()
            freeTopics.append(place.topic)
        }
        return true
    }

    /// Calls `body` with each partition and its topic's place in `topics`, in the order of reading.
    func eachPartition(_ body: (_ topic: Int, _ wanted: FetchWanted) -> Void) {
        for slot in order { body(Int(slots[Int(slot)].topic), slots[Int(slot)].wanted) }
    }

    // MARK: Answers

    /// Takes what was found for its partitions.
    ///
    /// - Parameters:
    ///   - found: in the order of `eachPartition`.
    ///   - names: the topics, in the order of `topics`, with the names that ids have now. A name stays
    ///     when its id is gone: so a topic that was made anew is told from one that never was.
    /// - Returns: the positions in `found` that the client is told of.
    mutating func answer(
        _ found: [FetchResponse.TopicResponse.PartitionData], names: [FetchTopic]
    ) -> [Int] {
        precondition(found.count == order.count, "an answer has the partitions of its opening")
        for (place, topic) in names.enumerated() where topics[place].name.isEmpty {
            topics[place].name = topic.name
        }
        var told: [Int] = []
        var moved: [Int32] = []
        var kept = 0
        for (position, data) in found.enumerated() {
            let slot = order[position]
            if slots[Int(slot)].changed(to: data) { told.append(position) }
            if data.records?.readableBytes ?? 0 > 0 {
                moved.append(slot)
            } else {
                order[kept] = slot
                kept += 1
            }
        }
        order.replaceSubrange(kept..., with: moved)
        return told
    }
}

extension FetchTopic {
    init(_ topic: FetchRequest.Topic) { self.init(name: topic.topic, id: topic.topicID) }
}

extension FetchWanted {
    init(_ wanted: FetchRequest.Topic.Partition) {
        self.init(
            partition: wanted.partition, offset: wanted.fetchOffset,
            bytesMax: wanted.partitionMaxBytes, currentLeaderEpoch: wanted.currentLeaderEpoch,
            lastFetchedEpoch: wanted.lastFetchedEpoch)
    }
}
