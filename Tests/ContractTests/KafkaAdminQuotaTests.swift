// Client quotas over the wire: set, found, kept, and felt.

import KafkaProtocol
import MillraceBroker
import Testing

@Suite("Kafka quotas")
struct KafkaAdminQuotaTests {
    private static func described(
        _ wire: KafkaBrokerWire, version: Int16 = 1
    ) async throws -> [String] {
        let response = try await wire.ask(DescribeClientQuotasRequest(), version: version)
        return (response.entries ?? []).flatMap { entry in
            entry.values.map { value in
                let who = entry.entity.map { "\($0.entityType)=\($0.entityName ?? "*")" }
                return "\(who.joined(separator: ",")) \(value.key)=\(value.value)"
            }
        }.sorted()
    }

    @Test func quotasAreKeptFoundAndRemoved() async throws {
        let stage = KafkaBrokerStage()
        try await stage.run { wire, _ async throws in
            #expect(
                try await wire.setQuota([("user", "u")], "producer_byte_rate", 1_000) == .none)
            #expect(
                try await wire.setQuota(
                    [("user", nil), ("client-id", "c")], "request_percentage", 12.5) == .none)
            #expect(
                try await wire.setQuota([("user", "u")], "weather", 1) == .invalidRequest)
            #expect(
                try await wire.setQuota([], "producer_byte_rate", 1) == .invalidRequest)
        }
        try await stage.run { wire, _ async throws in
            for version in DescribeClientQuotasRequest.versions {
                #expect(
                    try await Self.described(wire, version: version) == [
                        "client-id=c,user=* request_percentage=12.5",
                        "user=u producer_byte_rate=1000.0",
                    ])
            }
            #expect(try await wire.setQuota([("user", "u")], "producer_byte_rate", nil) == .none)
            #expect(
                try await Self.described(wire) == ["client-id=c,user=* request_percentage=12.5"])
        }
    }

    private static func produced(_ wire: KafkaBrokerWire, bytes: Int) async throws -> Int32 {
        let batch = KafkaBrokerRequests.batch([String(repeating: "x", count: bytes)])
        return try await wire.ask(KafkaBrokerRequests.produce(batch, to: "t"), version: 9)
            .throttleTimeMilliseconds
    }

    /// Goal: who sends more than allowed is answered with the time to wait, and then not heard so long.
    @Test func producersWait() async throws {
        try await KafkaBrokerStage().run { wire, server async throws in
            _ = try await wire.createTopic("t")
            #expect(try await Self.produced(wire, bytes: 50_000) == 0)
            let quota = [("client-id", Optional("test"))]
            #expect(try await wire.setQuota(quota, "producer_byte_rate", 10_000) == .none)
            #expect(try await Self.produced(wire, bytes: 101_000) > 0)
            // The connection is deaf now; another one is not.
            let other = try await KafkaBrokerWire(port: server.port)
            #expect(try await other.endOffset("t") == 2)
            await other.close()
            #expect(try await wire.endOffset("t") == 2)
        }
    }

    @Test func consumersWait() async throws {
        try await KafkaBrokerStage().run { wire, _ async throws in
            _ = try await wire.createTopic("t")
            #expect(try await Self.produced(wire, bytes: 101_000) == 0)
            let quota = [("client-id", Optional("test"))]
            #expect(try await wire.setQuota(quota, "consumer_byte_rate", 10_000) == .none)
            let fetched = try await wire.ask(KafkaBrokerRequests.fetch("t", from: 0), version: 12)
            #expect(fetched.throttleTimeMilliseconds > 0)
            #expect(fetched.responses[0].partitions[0].errorCode == .none)
        }
    }

    /// Goal: clients that understand it are refused, older ones wait afterwards.
    @Test func creatorsOfPartitionsWait() async throws {
        try await KafkaBrokerStage().run { wire, server async throws in
            #expect(
                try await wire.setQuota(
                    [("user", "ANONYMOUS")], "controller_mutation_rate", 1) == .none)
            let first = try await wire.createTopic("a", partitions: 500)
            #expect(first.errorCode == .none)
            let other = try await KafkaBrokerWire(port: server.port)
            let second = try await other.createTopic("b")
            #expect(second.errorCode == .throttlingQuotaExceeded)
            await other.close()
        }
    }
}
