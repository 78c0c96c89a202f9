// UpdateFeatures: the levels of features, raised and lowered.
// Source: apache/kafka FeatureControlManager.java; KIP-584, KIP-1022

import KafkaProtocol

/// Whether a change of one feature's level is a good one.
package enum FeatureChange {
    /// Kafka's numbers of the ways to change a level.
    private static let upgrade: Int8 = 1
    private static let unsafeDowngrade: Int8 = 3

    /// - Parameters:
    ///   - wanted: the new level; 0 takes the feature away.
    ///   - current: 0 for none.
    ///   - type: 1 up, 2 down when nothing is lost, 3 down in any case.
    /// - Returns: why not, in words; `nil` for a good change.
    package static func fault(
        _ name: String, to wanted: Int16, from current: Int16, type: Int8
    ) -> String? {
        guard let feature = BrokerFeatures.byName[name] else {
            return "the broker does not support this feature"
        }
        guard (upgrade...unsafeDowngrade).contains(type) else {
            return "the upgrade type \(type) is unknown"
        }
        guard wanted >= 0, wanted == 0 || feature.levels.contains(wanted) else {
            return
                "the broker supports \(feature.levels.lowerBound) to \(feature.levels.upperBound)"
        }
        if wanted > current, type != upgrade {
            return "cannot downgrade to a newer version"
        }
        if wanted < current, type == upgrade {
            return
                "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade."
        }
        if wanted < current, feature == BrokerFeatures.metadataVersion {
            return "metadata cannot be written in an older version"
        }
        return nil
    }
}

extension BrokerCore {
    func updateFeatures(_ request: UpdateFeaturesRequest, _ reply: Reply) {
        guard allows(reply, .alter, .cluster) else {
            return reply.send(
                UpdateFeaturesRequest.self,
                UpdateFeaturesResponse { $0.errorCode = .clusterAuthorizationFailed })
        }
        let version = reply.header.apiVersion
        blocking(reply) { [metadata] in
            let response = UpdateFeaturesResponse {
                do throws(TopicFault) {
                    try metadata.change { image throws(TopicFault) in
                        let records = try Self.records(request, image, version: version)
                        return request.validateOnly ? [] : records
                    }
                } catch {
                    $0.errorCode = error.code
                    $0.errorMessage = error.message
                }
                // Before version 2 each feature has its result; all of them stand or fall together.
                guard version < 2 else { return }
                let (code, message) = ($0.errorCode, $0.errorMessage)
                $0.results = request.featureUpdates.map { update in
                    UpdateFeaturesResponse.Result {
                        $0.feature = update.feature
                        $0.errorCode = code
                        $0.errorMessage = message
                    }
                }
                $0.errorCode = .none
                $0.errorMessage = nil
            }
            reply.send(UpdateFeaturesRequest.self, response)
        }
    }

    private static func records(
        _ request: UpdateFeaturesRequest, _ image: MetadataImage, version: Int16
    ) throws(TopicFault) -> [MetadataRecord] {
        let names = request.featureUpdates.map(\.feature)
        guard !names.isEmpty else {
            throw TopicFault(.invalidRequest, "Can not provide empty feature updates.")
        }
        guard Set(names).count == names.count else {
            throw TopicFault(.invalidRequest, "A feature is named twice.")
        }
        var records: [MetadataRecord] = []
        for update in request.featureUpdates {
            let isFixed = update.feature == BrokerFeatures.kraftVersion.name
            let current =
                isFixed
                ? BrokerFeatures.kraftVersion.initialLevel : image.features[update.feature] ?? 0
            // Version 0 has a flag where later ones have a type.
            let type: Int8 =
                version == 0 ? (update.allowDowngrade ? 2 : 1) : update.upgradeType
            let fault =
                isFixed && update.maxVersionLevel < current
                ? "the quorum's version cannot be lowered"
                : FeatureChange.fault(
                    update.feature, to: update.maxVersionLevel, from: current, type: type)
            if let fault {
                throw TopicFault(
                    .invalidUpdateVersion,
                    "Invalid update version \(update.maxVersionLevel) for feature \(update.feature): \(fault)"
                )
            }
            if !isFixed, update.maxVersionLevel != current {
                records.append(.feature(update.feature, level: update.maxVersionLevel))
            }
        }
        return records
    }
}
