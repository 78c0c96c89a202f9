// How the one broker of the cluster says in the metadata log that it is there.

import KafkaProtocol
import Logging

extension BrokerCore {
    /// Writes where the broker listens, as a node does that joins its controller. Blocks.
    ///
    /// A disk that does not take it is no reason not to serve what can be served: it is said in the log.
    func register() {
        var random = SystemRandomNumberGenerator()
        let record = RegisterBrokerRecord {
            $0.brokerID = configuration.nodeID
            $0.incarnationID = .random(using: &random)
            $0.brokerEpoch = metadata.image.endOffset
            $0.endPoints = security.listeners.map { listener in
                RegisterBrokerRecord.BrokerEndpoint {
                    $0.name = listener.configuration.name
                    $0.host = listener.advertisedHost(arrival: nil)
                    $0.port = UInt16(clamping: listener.advertisedPort)
                    $0.securityProtocol = listener.configuration.securityProtocol.number
                }
            }
            $0.features = BrokerFeatures.all.map { feature in
                RegisterBrokerRecord.BrokerFeature {
                    $0.name = feature.name
                    $0.minSupportedVersion = feature.levels.lowerBound
                    $0.maxSupportedVersion = feature.levels.upperBound
                }
            }
            $0.fenced = false
            $0.logDirs = [UUIDElement(metadata.node.directoryID)]
        }
        do throws(MetadataLogError) {
            try metadata.append([.registerBroker(record)])
        } catch {
            logger.error("the broker is not registered", metadata: ["error": "\(error)"])
        }
    }
}

extension SecurityProtocol {
    /// Kafka's number for it in records.
    fileprivate var number: Int16 {
        switch self {
        case .plaintext: 0
        case .ssl: 1
        case .saslPlaintext: 2
        case .saslSSL: 3
        }
    }
}
