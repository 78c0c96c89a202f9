// The registry's server and client together, with their schemas in the embedded broker.

import Foundation
import KafkaClient
import Logging
import MillraceBase
import MillraceBroker
import MillraceSchemas
import RegistryClient
import SchemaRegistry
import Testing

/// A registry over a broker of its own.
struct RegistryFixture {
    let broker: KafkaClientBroker
    let server: RegistryServer

    var connection: RegistryConnection { Self.connection(server.port) }

    static func connection(_ port: Int, patience: Duration = .seconds(15)) -> RegistryConnection {
        RegistryConnection(
            Endpoint(scheme: "http", hosts: [.init("127.0.0.1", port: port)]), patience: patience)
    }

    static func kafka(_ broker: KafkaClientBroker) -> Endpoint {
        Endpoint(scheme: "kafka", hosts: [.init("127.0.0.1", port: broker.server.port)])
    }

    static func startServer(_ broker: KafkaClientBroker, port: Int = 0) async throws
        -> RegistryServer
    {
        try await RegistryServer.start(
            RegistryConfiguration(kafka: kafka(broker), port: port),
            logger: KafkaClientBroker.quiet)
    }

    static func with(_ body: (Self) async throws -> Void) async throws {
        try await KafkaClientBroker.with { broker in
            let server = try await startServer(broker)
            do { try await body(Self(broker: broker, server: server)) } catch {
                await server.stop()
                throw error
            }
            await server.stop()
        }
    }
}

@Suite struct RegistryTests {
    private func user(_ fields: [String]) throws -> SchemaDocument {
        let members = fields.map { name in
            let fallback = name.hasPrefix("optional") ? #","default":"""# : ""
            return #"{"name":"\#(name)","type":"string"\#(fallback)}"#
        }
        return try SchemaDocument(
            .avro,
            #"{"type":"record","name":"User","fields":[\#(members.joined(separator: ","))]}"#)
    }

    @Test func registersAndReadsBack() async throws {
        try await RegistryFixture.with { registry in
            let client = registry.connection
            let first = try user(["id"])
            let id = try await client.register(subject: "users/value", schema: first)
            // A second connection has no cache to answer from.
            let other = registry.connection
            #expect(try await other.register(subject: "users/value", schema: first) == id)
            #expect(try await other.register(subject: "people", schema: first) == id)
            let second = try await client.register(
                subject: "users/value", schema: try user(["id", "optionalName"]))
            #expect(second == id + 1)
            #expect(try await client.subjects() == ["people", "users/value"])
            #expect(try await client.versions(of: "users/value") == [1, 2])
            let latest = try await client.latest(subject: "users/value")
            #expect((latest.version, latest.id) == (2, second))
            #expect(try await other.schema(id: id).canonicalText == first.canonicalText)
            #expect(try await client.version(1, of: "users/value").id == id)
        }
    }

    @Test func incompatibleSchemasNameTheField() async throws {
        try await RegistryFixture.with { registry in
            let client = registry.connection
            _ = try await client.register(subject: "s", schema: try user(["id"]))
            let worse = try user(["id", "email"])
            let found = try await client.isCompatible(subject: "s", schema: worse)
            #expect(found.contains { $0.contains("'email'") })
            let error = await #expect(throws: RegistryError.self) {
                try await client.register(subject: "s", schema: worse)
            }
            guard case .incompatible(let subject, let messages)? = error else {
                Issue.record("the error is \(String(describing: error))")
                return
            }
            #expect(subject == "s" && messages.contains { $0.contains("'email'") })
            try await client.setCompatibility(.none, of: "s")
            #expect(try await client.compatibility(of: "s") == .none)
            #expect(try await client.compatibility() == .backward)
            _ = try await client.register(subject: "s", schema: worse)
        }
    }

    @Test func jsonSchemasAreCompared() async throws {
        try await RegistryFixture.with { registry in
            let client = registry.connection
            let open = try SchemaDocument(
                .json, #"{"type":"object","properties":{"id":{"type":"string"}}}"#)
            let closed = try SchemaDocument(
                .json,
                #"{"type":"object","properties":{"id":{"type":"integer"}},"additionalProperties":false}"#
            )
            _ = try await client.register(subject: "s", schema: open)
            #expect(try await client.latest(subject: "s").schema.kind == .json)
            let found = try await client.isCompatible(subject: "s", schema: closed)
            #expect(
                found.contains { $0.contains("TYPE_CHANGED") && $0.contains("#/properties/id") })
        }
    }

    /// Goal: everything is in the topic; a new server knows it all, and goes on counting.
    @Test func survivesARestart() async throws {
        try await KafkaClientBroker.with { broker in
            let first = try await RegistryFixture.startServer(broker)
            let client = RegistryFixture.connection(first.port)
            let id = try await client.register(subject: "a", schema: try user(["id"]))
            _ = try await client.register(subject: "b", schema: try user(["name"]))
            try await client.setCompatibility(.full)
            #expect(try await client.delete(subject: "b") == [1])
            await first.stop()

            let second = try await RegistryFixture.startServer(broker)
            let again = RegistryFixture.connection(second.port)
            #expect(try await again.subjects() == ["a"])
            #expect(try await again.latest(subject: "a").id == id)
            #expect(try await again.compatibility() == .full)
            #expect(try await again.register(subject: "c", schema: try user(["other"])) == id + 2)
            await second.stop()
        }
    }

    /// Goal: two servers on one topic see each other's schemas.
    @Test func followsTheTopic() async throws {
        try await RegistryFixture.with { registry in
            let other = try await RegistryFixture.startServer(registry.broker)
            let id = try await registry.connection.register(subject: "s", schema: try user(["id"]))
            let reader = RegistryFixture.connection(other.port)
            var versions: [Int] = []
            for _ in 0..<100 where versions.isEmpty {
                versions = (try? await reader.versions(of: "s")) ?? []
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(try await reader.latest(subject: "s").id == id)
            await other.stop()
        }
    }

    @Test func concurrentWritersGetOneOrder() async throws {
        try await RegistryFixture.with { registry in
            try await registry.connection.setCompatibility(.none)
            let schemas = try (0..<20).map { try user(["field\($0)"]) }
            let ids = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
                for index in 0..<60 {
                    group.addTask {
                        let number = index % 20
                        // A connection each, so that no cache answers.
                        let client = RegistryFixture.connection(registry.server.port)
                        let id = try await client.register(subject: "s", schema: schemas[number])
                        return (number, id)
                    }
                }
                return try await group.reduce(into: [:] as [Int: Set<Int>]) {
                    $0[$1.0, default: []].insert($1.1)
                }
            }
            #expect(ids.values.allSatisfy { $0.count == 1 })
            #expect(Set(ids.values.joined()) == Set(1...20))
            #expect(try await registry.connection.versions(of: "s") == Array(1...20))
        }
    }

    @Test func takenPortIsNamed() async throws {
        try await RegistryFixture.with { registry in
            let error = await #expect(throws: RegistryServerError.self) {
                try await RegistryFixture.startServer(
                    registry.broker, port: registry.server.port)
            }
            #expect(error == .portTaken(registry.server.port))
        }
    }

    @Test func refusalsAndSilenceHaveTypes() async throws {
        try await RegistryFixture.with { registry in
            let client = registry.connection
            let absent = await #expect(throws: RegistryError.self) {
                try await client.latest(subject: "absent")
            }
            #expect(absent?.isNotFound == true)
            await registry.server.stop()
            let hasty = RegistryFixture.connection(
                registry.server.port, patience: .milliseconds(300))
            let error = await #expect(throws: RegistryError.self) {
                _ = try await hasty.subjects()
            }
            guard case .unreachable? = error else {
                Issue.record("the error is \(String(describing: error))")
                return
            }
        }
    }
}
