// The Kafka stage: our broker, or the address of a real one.

import Foundation
import Logging
import MillraceBase
import MillraceBroker

extension Stack {
    static func kafka(
        _ settings: Settings, _ options: StackOptions, data: DataDirectory, logger: Logger
    ) async throws -> StageInPlay {
        let endpoint = settings.endpoint("kafka")
        switch endpoint.scheme {
        case "kafka":
            try await Reachability.demand(
                endpoint, defaultPort: 9092, what: "the Kafka broker",
                at: settings.place(of: "kafka"),
                next: "start it, mend the URL, or --kafka embedded: for ours")
            return StageInPlay(name: .kafka, address: endpoint, policy: "as that cluster says")
        case "embedded":
            return try await embeddedKafka(settings, options, data: data, logger: logger)
        default:
            throw Failure(
                "no Kafka broker speaks \"\(endpoint.scheme)\"", at: settings.place(of: "kafka"),
                next: "--kafka kafka://host:9092 for a real one, --kafka embedded: for ours")
        }
    }

    private static func embeddedKafka(
        _ settings: Settings, _ options: StackOptions, data: DataDirectory, logger: Logger
    ) async throws -> StageInPlay {
        // Every name may be an option: the reader knows what to say of those it does not have.
        let engine = try EngineOptions(
            .kafka, settings: settings,
            known: Array(settings.endpoint("kafka").options.keys))
        let durability = try engine.choice("durability", Durability.group)
        var (wanted, isToldListeners) = try KafkaConfigurationReader(
            engine: engine, settings: settings
        ).configuration(directory: data.path("broker"), durability: durability)
        let insider = wanted.needsInsider ? KafkaInsider() : nil
        insider?.join(&wanted)
        let configuration = wanted
        let broker: BrokerServer
        if isToldListeners {
            do {
                broker = try await BrokerServer.start(configuration, logger: logger)
            } catch { throw engine.failure(error) }
        } else {
            broker = try await engine.start(options, isTaken: isTaken) { port in
                var configuration = configuration
                configuration.listeners[0].port = port
                return try await BrokerServer.start(configuration, logger: logger)
            }
        }
        var stage = StageInPlay(
            name: .kafka, address: address(of: wanted.listeners[0], port: broker.port),
            engine: broker, policy: words(for: durability))
        if let insider, let port = broker.ports[KafkaInsider.listenerName] {
            stage.insideAddress = insider.address(port: port)
        }
        return stage
    }

    /// What a client dials, and what it must be ready for; never a user.
    private static func address(of listener: Listener, port: Int) -> Endpoint {
        var address = Endpoint(scheme: "kafka", hosts: [.init(listener.host, port: port)])
        if listener.securityProtocol != .plaintext {
            address.options["security.protocol"] = listener.securityProtocol.rawValue
        }
        return address
    }

    private static func isTaken(_ error: any Error) -> Bool {
        if case .portTaken = error as? BrokerError { true } else { false }
    }

    private static func words(for durability: Durability) -> String {
        switch durability {
        case .none: "none: answered from the page cache, as Kafka does"
        case .group: "group: answered after an fsync that many share"
        case .always: "always: answered after an fsync of its own"
        }
    }
}

extension BrokerConfiguration {
    /// Whether the stack's own clients cannot come by the first listener as anybody can.
    fileprivate var needsInsider: Bool {
        switch authorizer {
        case .none: listeners[0].securityProtocol != .plaintext || listeners[0].isAdvertised
        case .acls: true
        }
    }
}

extension Listener {
    fileprivate var isAdvertised: Bool { advertisedHost != nil || advertisedPort != nil }
}

/// How the stack's own clients come to a broker that asks who they are: by a listener of their own on
/// loopback, as a user of their own with a password made for this run.
///
/// The listener asks for the password because any process of this machine can dial it.
struct KafkaInsider: Sendable {
    static let listenerName = "INTERNAL"
    private static let user = "millrace"
    private let password = Secret(
        (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined())

    func join(_ configuration: inout BrokerConfiguration) {
        var listener = Listener(
            name: Self.listenerName, host: "127.0.0.1", port: 0,
            securityProtocol: .saslPlaintext, saslMechanisms: [.plain])
        listener.plainUsers = [Self.user: password]
        configuration.listeners.append(listener)
        switch configuration.authorizer {
        case .none: break
        case .acls(let superUsers, let allowsEveryone):
            configuration.authorizer = .acls(
                superUsers: superUsers + [KafkaPrincipal(name: Self.user)],
                allowEveryoneIfNoAcl: allowsEveryone)
        }
    }

    func address(port: Int) -> Endpoint {
        Endpoint(
            scheme: "kafka", hosts: [.init("127.0.0.1", port: port)],
            options: ["security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN"],
            user: Self.user, password: password.text)
    }
}
