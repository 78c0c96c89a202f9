// The Kafka client over TLS and SASL/SCRAM: every kind of client logs in, and no stranger does.

import Foundation
import KafkaClient
import MillraceBase
import MillraceBroker
import Testing

/// A certificate for 127.0.0.1 that is its own root, made by `openssl`.
private struct KafkaClientCertificate {
    let folder: String
    var certificate: String { folder + "/server.pem" }
    var key: String { folder + "/server.key" }

    init() throws {
        folder = NSTemporaryDirectory() + "millrace-kafka-certificate-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout", key, "-out", certificate,
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        try #require(openssl.terminationStatus == 0)
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}

@Suite("Kafka client: secured listeners") struct KafkaClientSecurityTests {
    private func with(
        _ body: (KafkaClientBroker, (String, String) -> KafkaConfiguration) async throws -> Void
    ) async throws {
        let certificate = try KafkaClientCertificate()
        defer { certificate.remove() }
        try await KafkaClientBroker.with(
            set: { configuration in
                configuration.listeners.append(
                    Listener(
                        port: 0, securityProtocol: .saslSSL,
                        tls: ListenerTLS(
                            certificateFile: certificate.certificate, keyFile: certificate.key),
                        saslMechanisms: [.scramSHA256, .scramSHA512]))
            },
            { broker in
                let port = broker.server.ports["SASL_SSL"] ?? 0
                try await body(broker) { password, mechanism in
                    KafkaConfiguration(
                        Endpoint(
                            scheme: "kafka", hosts: [.init("127.0.0.1", port: port)],
                            options: [
                                "security.protocol": "sasl_ssl", "sasl.mechanisms": mechanism,
                                "ssl.ca.location": certificate.certificate,
                            ], user: "alice", password: password))
                }
            })
    }

    @Test(arguments: ["SCRAM-SHA-256", "SCRAM-SHA-512"])
    func everyClientLogsIn(mechanism: String) async throws {
        try await with { broker, secured in
            let open = try KafkaAdmin(broker.configuration(), logger: KafkaClientBroker.quiet)
            try await open.upsertScram(
                user: "alice", password: "wonder,land=", mechanism: mechanism, iterations: 4_096)
            await open.close()
            let configuration = secured("wonder,land=", mechanism)
            let admin = try KafkaAdmin(configuration, logger: KafkaClientBroker.quiet)
            try await admin.createTopic("t", partitions: 1)
            #expect(try await admin.describeTopics(["t"]).map(\.name) == ["t"])
            let producer = try KafkaProducer(configuration, logger: KafkaClientBroker.quiet)
            _ = try await producer.send([ProducerRecord(topic: "t", key: nil, value: [1])])
            let consumer = try KafkaGroupConsumer(
                configuration, group: "g", logger: KafkaClientBroker.quiet)
            try await consumer.subscribe(["t"])
            var iterator = consumer.batches().makeAsyncIterator()
            #expect(try await iterator.next()?.bytes == [1])
            #expect(try await admin.describeGroup("g").members.count == 1)
            await consumer.close()
            await producer.close()
            await admin.close()
        }
    }

    @Test func strangersAreRefused() async throws {
        try await with { broker, secured in
            let open = try KafkaAdmin(broker.configuration(), logger: KafkaClientBroker.quiet)
            try await open.upsertScram(
                user: "alice", password: "right", mechanism: "SCRAM-SHA-256", iterations: 4_096)
            await open.close()
            func refusal(_ configuration: KafkaConfiguration) async throws -> KafkaError? {
                let admin = try KafkaAdmin(configuration, logger: KafkaClientBroker.quiet)
                let error = await #expect(throws: KafkaError.self) {
                    _ = try await admin.describeTopics()
                }
                await admin.close()
                return error
            }
            #expect(try await refusal(secured("wrong", "SCRAM-SHA-256"))?.name == "_AUTHENTICATION")
            #expect(try await refusal(secured("right", "SCRAM-SHA-512"))?.name == "_AUTHENTICATION")
            #expect(try await refusal(secured("right", "PLAIN"))?.name == "_AUTHENTICATION")
            var distrusting = secured("right", "SCRAM-SHA-256")
            distrusting.properties["ssl.ca.location"] = nil
            #expect(try await refusal(distrusting)?.name == "_TRANSPORT")
        }
    }
}
