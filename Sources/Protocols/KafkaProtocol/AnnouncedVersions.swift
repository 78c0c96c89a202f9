// What a broker answers to ApiVersions: the APIs it serves and the features it has.
// Source: ../shared/reference/kafka.md, A2 and A3; KIP-584, KIP-1242, KAFKA-17011

extension ApiVersionsResponse {
    /// A feature of the cluster: what this broker could do, and what has been agreed on.
    package struct Feature: Equatable, Sendable {
        package var name: String
        package var supported: ClosedRange<Int16>
        /// 0 when nothing has been agreed on.
        package var finalizedLevel: Int16

        package init(_ name: String, supported: ClosedRange<Int16>, finalizedLevel: Int16) {
            self.name = name
            self.supported = supported
            self.finalizedLevel = finalizedLevel
        }
    }

    /// What a broker that serves `keys` answers.
    ///
    /// - Parameters:
    ///   - finalizedFeaturesEpoch: rises with each change of the finalized levels; -1 when unknown.
    ///   - version: that of the request. Before version 4 clients break on a feature whose minimum
    ///     is 0, so Kafka leaves these out, and so do we (KAFKA-17011).
    package static func announcing(
        _ keys: [ApiKey], features: [Feature] = [], finalizedFeaturesEpoch: Int64 = -1,
        version: Int16 = versions.upperBound
    ) -> ApiVersionsResponse {
        ApiVersionsResponse {
            $0.apiKeys = keys.sorted { $0.rawValue < $1.rawValue }.map(Api.init(announcing:))
            $0.supportedFeatures =
                features
                .filter { version >= 4 || $0.supported.lowerBound > 0 }
                .map { feature in
                    SupportedFeatureKey {
                        $0.name = feature.name
                        $0.minVersion = feature.supported.lowerBound
                        $0.maxVersion = feature.supported.upperBound
                    }
                }
            $0.finalizedFeaturesEpoch = finalizedFeaturesEpoch
            $0.finalizedFeatures = features.filter { $0.finalizedLevel > 0 }.map { feature in
                FinalizedFeatureKey {
                    $0.name = feature.name
                    $0.minVersionLevel = feature.finalizedLevel
                    $0.maxVersionLevel = feature.finalizedLevel
                }
            }
        }
    }

    /// The answer to a version of ApiVersions that is not spoken. Write it as version 0, whatever
    /// was asked, and keep the connection: the client tries again with a version out of it.
    package static var unsupportedVersion: ApiVersionsResponse {
        ApiVersionsResponse {
            $0.errorCode = .unsupportedVersion
            $0.apiKeys = [Api(announcing: .apiVersions)]
        }
    }
}

extension ApiVersionsRequest {
    /// What is wrong with what the client says of itself and of whom it means; `nil` for nothing.
    ///
    /// - Parameter version: that of the request; before 3 a client says nothing.
    package func fault(version: Int16, clusterID: String, nodeID: Int32) -> KafkaErrorCode? {
        guard version >= 3 else { return nil }
        guard Self.isWord(clientSoftwareName), Self.isWord(clientSoftwareVersion) else {
            return .invalidRequest
        }
        guard version >= 5 else { return nil }
        guard let meant = self.clusterID else { return self.nodeID == -1 ? nil : .invalidRequest }
        guard self.nodeID != -1 else { return .invalidRequest }
        return meant == clusterID && self.nodeID == nodeID ? nil : .rebootstrapRequired
    }

    /// KIP-511: letters, digits, dashes and dots, the last two not at the ends.
    private static func isWord(_ text: String) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && text.utf8.allSatisfy {
                isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
            }
    }
}

extension ApiVersionsResponse.Api {
    package init(announcing key: ApiKey) {
        self.init()
        apiKey = key.rawValue
        minVersion = key.announcedVersions.lowerBound
        maxVersion = key.announcedVersions.upperBound
    }
}
