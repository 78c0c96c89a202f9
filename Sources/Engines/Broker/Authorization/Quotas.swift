// Client quotas: how much each user and client may send, read and ask, and who has to wait.
// Source: apache/kafka ClientQuotaManager.java; KIP-13, KIP-55, KIP-124, KIP-599, KIP-612

import NIOCore
import Synchronization

/// What can be limited. Raw values are Kafka's names.
package enum QuotaKey: String, Sendable, CaseIterable {
    /// Bytes a second.
    case producerByteRate = "producer_byte_rate"
    /// Bytes a second.
    case consumerByteRate = "consumer_byte_rate"
    /// Percent of one thread's time.
    case requestPercentage = "request_percentage"
    /// Partitions created and deleted a second.
    case controllerMutationRate = "controller_mutation_rate"
    /// Connections a second of one address.
    case connectionCreationRate = "connection_creation_rate"

    /// Whether the limit is of an address; else of users and clients.
    package var isOfAddress: Bool { self == .connectionCreationRate }
}

/// The quotas that are set, and how far each client has used its own.
///
/// A client's limit is that of the most particular entity; entities of the same kind with one limit
/// share it only when they are the same user or client.
package final class Quotas: Sendable {
    /// Samples of one second that a rate is measured over: Kafka's `quota.window.num`.
    package static let windows = 11
    /// The longest a client is told to wait.
    static let throttleMillisecondsMax: Int64 = 60_000

    private struct Consumer: Hashable {
        var key: QuotaKey
        var user: String?
        var clientID: String?
    }

    private struct State {
        var limits: [QuotaEntity: [String: Double]] = [:]
        /// Keys that any entity has a limit for.
        var keys: Set<QuotaKey> = []
        var changes = -1
        var rates: [Consumer: QuotaRate] = [:]
        var buckets: [Consumer: QuotaBucket] = [:]
        /// When idle ones were last looked for; `nil`: never.
        var swept: Int64?

        /// Forgets those who have done nothing lately, when there are many.
        mutating func forgetIdle(_ now: Int64, above kept: Int) {
            guard max(rates.count, buckets.count) > kept,
                swept.map({ now - $0 >= Limits.quotaSweepMilliseconds }) ?? true
            else { return }
            swept = now
            rates = rates.filter { !$0.value.isIdle(now) }
            buckets = buckets.filter { !$0.value.isFull(now) }
        }
    }

    private let state = Mutex(State())
    private let consumersKept: Int
    private let consumersMax: Int
    private let milliseconds: @Sendable () -> Int64
    /// Whether any quota is set: nearly never, and then nothing else is looked at.
    private let isUsed = Atomic(false)

    /// - Parameters:
    ///   - consumersKept: how many are remembered without a look for idle ones.
    ///   - consumersMax: how many are remembered at most, of rates and of buckets each.
    ///   - milliseconds: of a clock that only goes forward.
    package init(
        consumersKept: Int = Limits.quotaConsumersKept,
        consumersMax: Int = Limits.quotaConsumersMax,
        milliseconds: @escaping @Sendable () -> Int64 = {
            Int64(NIODeadline.now().uptimeNanoseconds / 1_000_000)
        }
    ) {
        self.consumersKept = consumersKept
        self.consumersMax = consumersMax
        self.milliseconds = milliseconds
    }

    convenience init(_ metadata: MetadataLog) {
        self.init()
        metadata.observe { [self] image in update(image) }
    }

    package func update(_ image: MetadataImage) {
        state.withLock { state in
            guard state.changes != image.quotaChanges else { return }
            state.changes = image.quotaChanges
            state.limits = image.quotas
            state.keys = Set(image.quotas.values.flatMap(\.keys).compactMap(QuotaKey.init))
        }
        isUsed.store(!image.quotas.isEmpty, ordering: .relaxed)
    }

    // MARK: Limits

    /// The limit of a client and whom it counts for, by Kafka's order of precedence.
    private static func limit(
        _ key: QuotaKey, user: String, clientID: String, _ limits: [QuotaEntity: [String: Double]]
    ) -> (limit: Double, consumer: Consumer)? {
        let (shortUser, shortClientID) = (short(user), short(clientID))
        let both = Consumer(key: key, user: shortUser, clientID: shortClientID)
        let ofUser = Consumer(key: key, user: shortUser)
        let ofClient = Consumer(key: key, clientID: shortClientID)
        let order: [([QuotaEntity.Kind: String?], Consumer)] = [
            ([.user: user, .clientID: clientID], both),
            ([.user: user, .clientID: nil], both),
            ([.user: user], ofUser),
            ([.user: nil, .clientID: clientID], both),
            ([.user: nil, .clientID: nil], both),
            ([.user: nil], ofUser),
            ([.clientID: clientID], ofClient),
            ([.clientID: nil], ofClient),
        ]
        for (parts, consumer) in order {
            if let limit = limits[QuotaEntity(parts)]?[key.rawValue] { return (limit, consumer) }
        }
        return nil
    }

    /// What a name is remembered by.
    private static func short(_ name: String) -> String {
        guard name.utf8.count > Limits.quotaNameBytesMax else { return name }
        return String(decoding: name.utf8.prefix(Limits.quotaNameBytesMax), as: UTF8.self)
    }

    // MARK: Use

    var isInUse: Bool { isUsed.load(ordering: .relaxed) }

    /// How many are remembered.
    var remembered: (rates: Int, buckets: Int) {
        state.withLock { ($0.rates.count, $0.buckets.count) }
    }

    /// Who a client counts as: when there are too many, all new ones are one. Not to count them would
    /// let them do anything.
    private func counted<Use>(_ consumer: Consumer, in uses: [Consumer: Use]) -> Consumer {
        guard uses.count >= consumersMax, uses[consumer] == nil else { return consumer }
        return Consumer(key: consumer.key)
    }

    /// Notes it, and says how long to wait.
    private func use(
        _ amount: Double, _ consumer: Consumer, limit: Double, _ state: inout State
    ) -> Int32 {
        let now = milliseconds()
        state.forgetIdle(now, above: consumersKept)
        let consumer = counted(consumer, in: state.rates)
        state.rates[consumer, default: QuotaRate()].record(amount, now: now)
        let wait = state.rates[consumer]?.throttleMilliseconds(limit: limit, now: now) ?? 0
        return Int32(clamping: min(wait, Self.throttleMillisecondsMax))
    }

    /// Notes what a client has used.
    ///
    /// - Returns: milliseconds it has to wait; 0 when it is within its quota, or has none.
    package func record(
        _ key: QuotaKey, _ amount: Double, user: String, clientID: String?
    ) -> Int32 {
        guard isUsed.load(ordering: .relaxed) else { return 0 }
        return state.withLock { state in
            guard state.keys.contains(key),
                let (limit, consumer) = Self.limit(
                    key, user: user, clientID: clientID ?? "", state.limits)
            else { return 0 }
            return use(amount, consumer, limit: limit, &state)
        }
    }

    /// Notes that a client changes so many partitions.
    ///
    /// - Parameter isStrict: whether the client understands a refusal; else it only waits afterwards.
    /// - Returns: whether it may, and milliseconds it has to wait.
    package func mutate(
        _ partitions: Int, isStrict: Bool, user: String, clientID: String?
    ) -> (isAllowed: Bool, waitMilliseconds: Int32) {
        guard isUsed.load(ordering: .relaxed) else { return (true, 0) }
        return state.withLock { state in
            let key = QuotaKey.controllerMutationRate
            guard state.keys.contains(key),
                let (limit, consumer) = Self.limit(
                    key, user: user, clientID: clientID ?? "", state.limits)
            else { return (true, 0) }
            let now = milliseconds()
            state.forgetIdle(now, above: consumersKept)
            let counted = counted(consumer, in: state.buckets)
            let (taken, wait) = state.buckets[counted, default: QuotaBucket()].take(
                Double(partitions), limit: limit, isStrict: isStrict, now: now)
            return (taken, Int32(clamping: min(wait, Self.throttleMillisecondsMax)))
        }
    }

    /// Notes a new connection of an address.
    /// - Returns: milliseconds after which it may go on; 0 for at once.
    package func connected(from address: String) -> Int32 {
        guard isUsed.load(ordering: .relaxed) else { return 0 }
        return state.withLock { state in
            let key = QuotaKey.connectionCreationRate
            guard state.keys.contains(key) else { return 0 }
            let limit =
                state.limits[QuotaEntity([.ip: address])]?[key.rawValue]
                ?? state.limits[QuotaEntity([.ip: nil])]?[key.rawValue]
            guard let limit, limit > 0 else { return 0 }
            return use(1, Consumer(key: key, user: address), limit: limit, &state)
        }
    }
}
