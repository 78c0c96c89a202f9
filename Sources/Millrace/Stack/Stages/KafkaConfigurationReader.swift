// The embedded broker's configuration: from a file like server.properties, over it the URL's options,
// and the users from the environment.

import AirflowClient
import AsyncHTTPClient
import Foundation
import MillraceBase
import MillraceBroker
import NIOCore
import NIOHTTP1

/// `embedded:?config=broker.properties&ssl.client.auth=required`.
struct KafkaConfigurationReader {
    let engine: EngineOptions
    let settings: Settings

    /// Options of the URL that are not the broker's settings.
    private static let own: Set = ["host", "port", "durability", "config"]

    func configuration(
        directory: String, durability: Durability
    ) throws -> (configuration: BrokerConfiguration, isToldListeners: Bool) {
        var configuration = BrokerConfiguration(directory: directory, host: engine.host)
        configuration.durability = durability
        var properties: [String: String] = [:]
        do {
            if let path = engine.endpoint.options["config"] {
                guard let text = Self.text(of: path) else {
                    throw BrokerError.security(path, because: "there is no such readable file")
                }
                properties = try BrokerProperties.parse(text)
            }
            for (name, value) in engine.endpoint.options where !Self.own.contains(name) {
                properties[name] = value
            }
            configuration.sasl.fetch = Self.fetch
            let users = settings.text("kafka-users").replacing(",", with: "\n")
            try configuration.sasl.addUsers(users, from: "kafka-users")
            var reader = BrokerProperties(properties, read: Self.text)
            try reader.apply(to: &configuration)
            let usesSASL = configuration.listeners.contains { $0.securityProtocol.usesSASL }
            guard users.isEmpty || usesSASL else {
                throw BrokerError.security(
                    "kafka-users",
                    because: "no listener uses SASL; make it SASL_PLAINTEXT or SASL_SSL in "
                        + "listeners or listener.security.protocol.map, or leave the setting out")
            }
        } catch let error as BrokerError {
            throw Failure(
                "the embedded kafka cannot be configured", at: engine.place,
                because: error.description, next: "docs/kafka.md, sections Security and Settings")
        }
        let isToldListeners = properties["listeners"] != nil
        if isToldListeners, engine.isTold("port") || engine.isTold("host") {
            throw Failure(
                "the embedded kafka is told its address twice", at: engine.place,
                next: "host= and port=, or listeners=")
        }
        return (configuration, isToldListeners)
    }

    /// A key set takes no more.
    private static let fetchedBytesMax = 1 << 20
    private static let fetchSeconds: Int64 = 10

    @Sendable private static func fetch(_ url: String) async throws -> String {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "accept", value: "application/json, application/jwk-set+json")
        // Unlike the shared client it says at once that nobody listens any more.
        let answer = try await AirflowConnection.http.execute(
            request, timeout: .seconds(fetchSeconds))
        guard answer.status == .ok else {
            throw Failure(
                "the key set is refused", at: url, because: "HTTP \(answer.status.code)",
                next: "sasl.oauthbearer.jwks.endpoint.url")
        }
        return String(buffer: try await answer.body.collect(upTo: fetchedBytesMax))
    }

    private static func text(of path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
