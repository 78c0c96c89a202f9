// Every call of the registry's client against our server, and how it deals with trouble.

import Foundation
import Logging
import MillraceBase
import MillraceSchemas
import RegistryClient
import SchemaRegistry
import Testing

@Suite struct RegistryClientTests {
    private func user(_ fields: String..., name: String = "User") throws -> SchemaDocument {
        let members = fields.map { #"{"name":"\#($0)","type":"string"}"# }
        return try SchemaDocument(
            .avro,
            #"{"type":"record","name":"\#(name)","fields":[\#(members.joined(separator: ","))]}"#)
    }

    private func code(_ error: RegistryError?) -> Int? {
        guard case .refused(let code, _)? = error else { return nil }
        return code
    }

    @Test func detailsArePartOfASchema() async throws {
        try await RegistryFixture.with { registry in
            let client = registry.connection
            let plain = try await client.register(subject: "s", schema: try user("id"))
            let details = SchemaDetails(
                properties: ["owner": "me"], tags: ["User.id": ["PII"]],
                ruleSet: ["domainRules": [["name": "r", "type": "CEL", "mode": "WRITE"]]])
            let second = try await client.register(
                subject: "s", schema: try user("id"), details: details)
            #expect(second.id != plain && second.version == 2)
            let found = try await client.latest(subject: "s", properties: ["owner": "me"])
            #expect(found.id == second.id && found.details.tags == ["User.id": ["PII"]])
            #expect(found.guid == second.guid)
            let there = try await client.lookUp(
                subject: "s", schema: try user("id"), details: details)
            #expect(there.version == 2)
            let guid = try #require(second.guid)
            #expect(try await client.schema(guid: guid).canonicalText == user("id").canonicalText)
        }
    }

    @Test func listsAndDeletions() async throws {
        try await RegistryFixture.with { registry in
            let client = registry.connection
            let id = try await client.register(subject: "a", schema: try user("id"))
            _ = try await client.register(subject: "b", schema: try user("id"))
            _ = try await client.register(subject: "c", schema: try user("other"))
            #expect(try await client.subjects(prefix: "b") == ["b"])
            #expect(try await client.subjects(page: ListPage(offset: 1, limit: 1)) == ["b"])
            #expect(try await client.subjects(id: id) == ["a", "b"])
            let places = try await client.versions(id: id)
            #expect(places == ["a", "b"].map { SubjectVersion(subject: $0, version: 1) })
            #expect(try await client.schemas(latestOnly: true).map(\.subject) == ["a", "b", "c"])
            for pageItems in 1...4 {
                let all = try await client.allSchemas(latestOnly: true, pageItems: pageItems)
                #expect(all.map(\.subject) == ["a", "b", "c"])
            }
            try await client.delete(version: 1, of: "a")
            #expect(try await client.subjects(.deletedOnly) == ["a"])
            #expect(try await client.versions(of: "a", .all) == [1])
            #expect(try await client.version(1, of: "a", deleted: true).isDeleted)
            try await client.delete(version: 1, of: "a", permanently: true)
            #expect(try await client.subjects(.all) == ["b", "c"])
            #expect(Set(try await client.schemaKinds()) == Set(SchemaKind.allCases))
            #expect(try await client.clusterID()?.isEmpty == false)
        }
    }

    @Test func settings() async throws {
        try await RegistryFixture.with { registry in
            let client = registry.connection
            var config = RegistryConfig(level: .forward)
            config.group = "major"
            config.others = ["defaultMetadata": ["properties": ["a": "1"]]]
            let set = try await client.setConfig(config, of: "s")
            #expect(set == config)
            #expect(try await client.config(of: "s", isInScope: false) == config)
            #expect(try await client.compatibility(of: "other") == .backward)
            let none = await #expect(throws: RegistryError.self) {
                try await client.config(of: "other", isInScope: false)
            }
            #expect(code(none) == 40408)
            #expect(try await client.deleteConfig(of: "s").group == "major")
            try await client.setMode(.readOnly, of: "s")
            #expect(try await client.mode(of: "s") == .readOnly)
            let refused = await #expect(throws: RegistryError.self) {
                try await client.register(subject: "s", schema: try user("id"))
            }
            #expect(code(refused) == 42205)
            #expect(try await client.deleteMode(of: "s") == .readOnly)
            #expect(try await client.mode(of: "s") == .readWrite)
            try await client.setMode(.importing, of: "s")
            let imported = try await client.register(
                subject: "s", schema: try user("id"), details: nil, id: 50, version: 3)
            #expect((imported.id, imported.version) == (50, 3))
        }
    }

    @Test func contextsAndReferences() async throws {
        try await RegistryFixture.with { registry in
            let client = registry.connection
            let address = try user("street", name: "Address")
            let id = try await client.register(subject: ":.c:address", schema: address)
            let home = try SchemaDocument(
                kind: .avro,
                text: #"{"type":"record","name":"U","fields":[{"name":"h","type":"Address"}]}"#,
                references: SchemaReferences(
                    [SchemaReference(name: "Address", subject: "address", version: 1)],
                    texts: ["Address": address.text]))
            let second = try await client.register(subject: ":.c:user", schema: home)
            #expect((id, second) == (1, 2))
            #expect(try await client.contexts() == [".", ".c"])
            #expect(try await client.referrers(of: 1, of: ":.c:address") == [2])
            // Another client must fetch what the schema refers to, in the schema's own context.
            let other = registry.connection
            let found = try await other.schema(id: 2, subject: ":.c:")
            #expect(found.text(format: "resolved").contains("street"))
            #expect(
                try await other.text(id: 2, format: "resolved", subject: ":.c:").contains("street"))
            let kept = await #expect(throws: RegistryError.self) {
                try await client.delete(subject: ":.c:address")
            }
            #expect(code(kept) == 42206)
            let full = await #expect(throws: RegistryError.self) {
                try await client.delete(context: ".c")
            }
            #expect(code(full) == 42211)
        }
    }

    @Test func recordsFindTheirSchemas() async throws {
        try await RegistryFixture.with { registry in
            let client = registry.connection
            let proto = try SchemaDocument(
                .protobuf,
                #"syntax = "proto3"; package p; message A {string a = 1;} message B {int32 b = 1;}"#
            )
            let ticket = try await client.ticket(for: proto, subject: "p", message: "p.B")
            #expect(ticket.messageIndexes == [1])
            let prefix = try SchemaFraming.bytes(of: ticket)
            let other = registry.connection
            let framed = try await other.schema(of: prefix + [8, 1])
            #expect((framed.messageName, framed.prefixLength) == ("p.B", prefix.count))
            let guid = try #require(try await client.latest(subject: "p").guid)
            let header = try SchemaFraming.bytes(
                of: SchemaTicket(.guid(guid), messageIndexes: [1]))
            let byHeader = try await other.schema(of: [8, 1], header: header)
            #expect((byHeader.messageName, byHeader.prefixLength) == ("p.B", 0))
            await #expect(throws: RegistryError.self) { try await other.schema(of: [7]) }
        }
    }

    /// Goal: the first address is dead; the second answers, and the first is not waited for long.
    @Test func anotherAddressAnswers() async throws {
        try await RegistryFixture.with { registry in
            let endpoint = Endpoint(
                scheme: "http",
                hosts: [
                    .init("127.0.0.1", port: 1), .init("127.0.0.1", port: registry.server.port),
                ])
            let subjects = try await RegistryConnection(endpoint).subjects()
            #expect(subjects.isEmpty)
        }
    }

    @Test func usersMustSayWhoTheyAre() async throws {
        try await KafkaClientBroker.with { broker in
            let users = RegistryUsers(["alice": "secret"])
            let server = try await RegistryServer.start(
                RegistryConfiguration(
                    kafka: RegistryFixture.kafka(broker), port: 0, users: users),
                logger: KafkaClientBroker.quiet)
            var endpoint = Endpoint(
                scheme: "http", hosts: [.init("127.0.0.1", port: server.port)])
            for credentials in [
                RegistryCredentials.none, .bearer("x"), .basic(user: "alice", password: "no"),
            ] {
                let error = await #expect(throws: RegistryError.self) {
                    try await RegistryConnection(endpoint, credentials: credentials).subjects()
                }
                #expect(error?.isUnauthorized == true)
            }
            endpoint.user = "alice"
            endpoint.password = "secret"
            let subjects = try await RegistryConnection(endpoint).subjects()
            #expect(subjects.isEmpty)
            await server.stop()
        }
    }
}
