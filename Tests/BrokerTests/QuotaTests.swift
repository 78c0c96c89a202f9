// How quotas are found, measured and filtered.

import KafkaProtocol
import Synchronization
import Testing

@testable import MillraceBroker

@Suite("Quotas")
struct QuotaTests {
    private static func image(_ quotas: [(QuotaEntity, String, Double)]) throws -> MetadataImage {
        var image = MetadataImage()
        for (entity, key, value) in quotas { try image.apply(.quota(entity, key, value)) }
        return image
    }

    // MARK: Rates

    /// Goal: Kafka's arithmetic. 5000 at once at 100 a second, over a window of 10 s: 500 a second, which
    /// is 4 limits too much, so 40 s.
    @Test func aBurstWaits() {
        var rate = QuotaRate()
        rate.record(5_000, now: 0)
        #expect(rate.throttleMilliseconds(limit: 100, now: 0) == 40_000)
        #expect(rate.throttleMilliseconds(limit: 500, now: 0) == 0)
    }

    /// Goal: what is longer ago than the window does not count.
    @Test func oldSamplesAreForgotten() {
        var rate = QuotaRate()
        rate.record(5_000, now: 0)
        rate.record(1, now: 11_000)
        #expect(rate.throttleMilliseconds(limit: 100, now: 11_000) == 0)
        #expect(!rate.isIdle(21_999))
        #expect(rate.isIdle(22_000))
    }

    @Test func aSteadyRateDoesNotWait() {
        var rate = QuotaRate()
        for second in 0..<60 {
            rate.record(100, now: Int64(second) * 1_000)
            #expect(rate.throttleMilliseconds(limit: 110, now: Int64(second) * 1_000) == 0)
        }
        #expect(rate.throttleMilliseconds(limit: 50, now: 59_000) > 0)
    }

    /// Goal: a bucket may be overdrawn once, then it refuses whoever understands that.
    @Test func aBucketIsOverdrawnOnce() {
        var bucket = QuotaBucket()
        let first = bucket.take(30, limit: 1, isStrict: true, now: 0)
        #expect(first.taken && first.waitMilliseconds == 19_000)
        let second = bucket.take(1, limit: 1, isStrict: true, now: 1_000)
        #expect(!second.taken && second.waitMilliseconds == 18_000)
        let lenient = bucket.take(1, limit: 1, isStrict: false, now: 1_000)
        #expect(lenient.taken && lenient.waitMilliseconds == 19_000)
        #expect(bucket.take(1, limit: 1, isStrict: true, now: 21_000).taken)
    }

    // MARK: Precedence

    @Test func theMostParticularEntityCounts() throws {
        let order: [[QuotaEntity.Kind: String?]] = [
            [.clientID: nil], [.clientID: "c"], [.user: nil],
            [.user: nil, .clientID: nil], [.user: nil, .clientID: "c"],
            [.user: "u"], [.user: "u", .clientID: nil], [.user: "u", .clientID: "c"],
        ]
        // Each is more particular than those before, and alone lets the client through.
        for count in 1...order.count {
            let quotas = Quotas { 0 }
            let limits = order.prefix(count).enumerated().map { position, parts in
                (
                    QuotaEntity(parts), "producer_byte_rate",
                    position == count - 1 ? 1e9 : 1.0
                )
            }
            quotas.update(try Self.image(limits))
            #expect(quotas.record(.producerByteRate, 1_000, user: "u", clientID: "c") == 0)
            // Somebody whom only the default of all clients is for.
            if count > 1 {
                #expect(quotas.record(.consumerByteRate, 1_000, user: "u", clientID: "c") == 0)
            }
        }
    }

    /// Goal: two clients of one user share the user's limit, but not that of each client.
    @Test func usersShareClientsDoNot() throws {
        let shared = Quotas { 0 }
        shared.update(
            try Self.image([(QuotaEntity([.user: "u"]), "consumer_byte_rate", 100)]))
        #expect(shared.record(.consumerByteRate, 1_000, user: "u", clientID: "a") == 0)
        #expect(shared.record(.consumerByteRate, 1_000, user: "u", clientID: "b") > 0)
        #expect(shared.record(.consumerByteRate, 1_000, user: "v", clientID: "a") == 0)
        let each = Quotas { 0 }
        each.update(
            try Self.image([(QuotaEntity([.clientID: nil]), "consumer_byte_rate", 100)]))
        #expect(each.record(.consumerByteRate, 1_000, user: "u", clientID: "a") == 0)
        #expect(each.record(.consumerByteRate, 1_000, user: "u", clientID: "b") == 0)
        #expect(each.record(.consumerByteRate, 1, user: "v", clientID: "a") > 0)
    }

    @Test func addresses() throws {
        let quotas = Quotas { 0 }
        quotas.update(
            try Self.image([
                (QuotaEntity([.ip: "10.0.0.1"]), "connection_creation_rate", 1)
            ]))
        for _ in 0..<10 { #expect(quotas.connected(from: "10.0.0.1") == 0) }
        #expect(quotas.connected(from: "10.0.0.1") > 0)
        #expect(quotas.connected(from: "10.0.0.2") == 0)
    }

    // MARK: Memory

    /// Goal: a bucket that is full again is as one that never was, so it may be forgotten.
    @Test func bucketsFillUp() {
        var bucket = QuotaBucket()
        #expect(bucket.isFull(0))
        _ = bucket.take(30, limit: 1, isStrict: true, now: 0)
        #expect(!bucket.isFull(29_999))
        #expect(bucket.isFull(30_000))
    }

    /// Goal: clients that come and go leave nothing behind.
    @Test func idleClientsAreForgotten() throws {
        let now = Mutex<Int64>(0)
        let quotas = Quotas(consumersKept: 10) { now.withLock { $0 } }
        let everybody = QuotaEntity([.clientID: nil])
        quotas.update(
            try Self.image([
                (everybody, "controller_mutation_rate", 1), (everybody, "producer_byte_rate", 1),
            ]))
        for number in 0..<1_000 {
            _ = quotas.mutate(1, isStrict: true, user: "u", clientID: "\(number)")
            _ = quotas.record(.producerByteRate, 1, user: "u", clientID: "\(number)")
            now.withLock { $0 += 100 }
        }
        // Whoever came in the last seconds: a bucket is full after one, a rate idle after eleven.
        #expect(quotas.remembered.buckets < 50)
        #expect(quotas.remembered.rates < 150)
        now.withLock { $0 += 60_000 }
        _ = quotas.mutate(1, isStrict: true, user: "u", clientID: "last")
        #expect(quotas.remembered == (rates: 0, buckets: 1))
    }

    /// Goal: idle ones are looked for once a second at most, however many there are.
    @Test func idleClientsAreLookedForOnceASecond() throws {
        let now = Mutex<Int64>(0)
        let quotas = Quotas(consumersKept: 2) { now.withLock { $0 } }
        quotas.update(
            try Self.image([(QuotaEntity([.clientID: nil]), "producer_byte_rate", 1)]))
        let steps: [(time: Int64, clientID: String, remembered: Int)] = [
            (0, "a", 1), (0, "b", 2), (0, "c", 3), (10_900, "d", 4), (11_000, "e", 5),
            (11_899, "f", 6), (11_900, "f", 3),
        ]
        for step in steps {
            now.withLock { $0 = step.time }
            _ = quotas.record(.producerByteRate, 1, user: "u", clientID: step.clientID)
            #expect(quotas.remembered.rates == step.remembered, "at \(step.time)")
        }
    }

    /// Goal: too many clients at once take no more memory, and do not come to be without a limit; whoever
    /// was there before them goes on alone.
    @Test func tooManyClientsCountAsOne() throws {
        let quotas = Quotas(consumersKept: 2, consumersMax: 4) { 0 }
        let everybody = QuotaEntity([.clientID: nil])
        quotas.update(
            try Self.image([
                (everybody, "controller_mutation_rate", 1), (everybody, "producer_byte_rate", 100),
            ]))
        for number in 0..<20 {
            let isNew = number >= 5
            let wait = quotas.record(
                .producerByteRate, 1_000, user: "u", clientID: "\(number)")
            #expect((wait > 0) == isNew, "client \(number)")
            let change = quotas.mutate(12, isStrict: true, user: "u", clientID: "\(number)")
            #expect(change.isAllowed == !isNew, "client \(number)")
        }
        #expect(quotas.remembered == (rates: 5, buckets: 5))
        #expect(quotas.record(.producerByteRate, 0, user: "u", clientID: "3") == 0)
    }

    /// Goal: a name of any length takes little memory, and its limit is still found by all of it.
    @Test func longNamesAreCutShort() throws {
        let quotas = Quotas { 0 }
        let long = String(repeating: "n", count: 10_000)
        quotas.update(
            try Self.image([
                (QuotaEntity([.clientID: long + "1"]), "producer_byte_rate", 1),
                (QuotaEntity([.clientID: nil]), "producer_byte_rate", 1e9),
            ]))
        #expect(quotas.record(.producerByteRate, 1_000, user: "u", clientID: long + "1") > 0)
        #expect(quotas.record(.producerByteRate, 1_000, user: "u", clientID: long + "2") == 0)
        #expect(quotas.remembered.rates == 1)
    }

    // MARK: Rules

    @Test func goodAndBadEntities() {
        let good: [[(String, String?)]] = [
            [("user", "u")], [("user", nil), ("client-id", "c")], [("ip", "10.0.0.1")],
            [("ip", nil)],
        ]
        for parts in good { #expect(throws: Never.self) { try QuotaRules.entity(parts) } }
        let bad: [[(String, String?)]] = [
            [], [("user", "")], [("group", "g")], [("user", "a"), ("user", "b")],
            [("ip", "10.0.0.1"), ("user", "u")], [("ip", "no address")],
        ]
        for parts in bad { #expect(throws: TopicFault.self) { try QuotaRules.entity(parts) } }
    }

    @Test func goodAndBadLimits() throws {
        let user = QuotaEntity([.user: "u"])
        let address = QuotaEntity([.ip: "10.0.0.1"])
        try QuotaRules.check("producer_byte_rate", 1, of: user)
        try QuotaRules.check("request_percentage", 0.5, of: user)
        try QuotaRules.check("connection_creation_rate", 5, of: address)
        try QuotaRules.check("producer_byte_rate", nil, of: user)
        let bad: [(String, Double?, QuotaEntity)] = [
            ("producer_byte_rate", 0, user), ("producer_byte_rate", -1, user),
            ("producer_byte_rate", 1.5, user), ("nothing", 1, user), ("nothing", nil, user),
            ("producer_byte_rate", 1, address), ("connection_creation_rate", 1, user),
            ("request_percentage", .infinity, user),
        ]
        for (key, value, entity) in bad {
            #expect(throws: TopicFault.self) { try QuotaRules.check(key, value, of: entity) }
        }
    }

    @Test func filters() throws {
        typealias Component = DescribeClientQuotasRequest.Component
        func part(_ type: String, _ match: Int8, _ name: String? = nil) -> Component {
            Component {
                $0.entityType = type
                $0.matchType = match
                $0.match = name
            }
        }
        let user = QuotaEntity([.user: "u"])
        let both = QuotaEntity([.user: "u", .clientID: "c"])
        let standard = QuotaEntity([.user: nil])
        func matching(_ parts: [Component], strict: Bool = false) throws -> [QuotaEntity] {
            let filter = try QuotaFilter(
                DescribeClientQuotasRequest {
                    $0.components = parts
                    $0.strict = strict
                })
            return [user, both, standard].filter(filter.matches)
        }
        #expect(try matching([]) == [user, both, standard])
        #expect(try matching([part("user", 0, "u")]) == [user, both])
        #expect(try matching([part("user", 0, "u")], strict: true) == [user])
        #expect(try matching([part("user", 1)]) == [standard])
        #expect(try matching([part("user", 2)]) == [user, both, standard])
        #expect(try matching([part("user", 2), part("client-id", 2)]) == [both])
        #expect(throws: TopicFault.self) { try matching([part("user", 2), part("user", 1)]) }
        #expect(throws: TopicFault.self) { try matching([part("ip", 2), part("user", 1)]) }
        #expect(throws: TopicFault.self) { try matching([part("user", 0)]) }
        #expect(throws: TopicFault.self) { try matching([part("weather", 2)]) }
    }
}
