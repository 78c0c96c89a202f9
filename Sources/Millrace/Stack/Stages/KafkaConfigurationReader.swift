// The embedded broker's configuration: from a file like server.properties, over it the URL's options,
// and the users from the environment.

import Foundation
import MillraceBase
import MillraceBroker

/// `embedded:?config=broker.properties&ssl.client.auth=required`.
struct KafkaConfigurationReader {
    let engine: EngineOptions
    let settings: Settings

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
            let names = BrokerProperty.all.map(\.name)
            for (name, value) in engine.endpoint.options where names.contains(name) {
                properties[name] = value
            }
            let users = settings.text("kafka-users").replacing(",", with: "\n")
            try configuration.sasl.addUsers(users, from: "kafka-users")
            var reader = BrokerProperties(properties, read: Self.text)
            try reader.apply(to: &configuration)
        } catch let error as BrokerError {
            throw Failure(
                "the embedded kafka cannot be configured", at: engine.place,
                because: error.description, next: "docs/kafka.md, section Security")
        }
        let isToldListeners = properties["listeners"] != nil
        if isToldListeners, engine.isTold("port") || engine.isTold("host") {
            throw Failure(
                "the embedded kafka is told its address twice", at: engine.place,
                next: "host= and port=, or listeners=")
        }
        return (configuration, isToldListeners)
    }

    private static func text(of path: String) -> String? {
        try? String(contentsOfFile: path, encoding: .utf8)
    }
}
