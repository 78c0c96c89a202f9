// Which changes of feature levels are taken.

import KafkaProtocol
import Testing

@testable import MillraceBroker

@Suite("Features")
struct FeatureChangeTests {
    @Test func upAndDown() {
        func fault(_ name: String, _ wanted: Int16, from current: Int16, _ type: Int8) -> String? {
            FeatureChange.fault(name, to: wanted, from: current, type: type)
        }
        #expect(fault("transaction.version", 2, from: 1, 1) == nil)
        #expect(fault("transaction.version", 1, from: 2, 1) != nil)
        #expect(fault("transaction.version", 1, from: 2, 2) == nil)
        #expect(fault("transaction.version", 0, from: 2, 3) == nil)
        #expect(fault("transaction.version", 3, from: 2, 1) != nil)
        #expect(fault("transaction.version", 2, from: 2, 1) == nil)
        #expect(fault("group.version", 0, from: 1, 2) == nil)
        #expect(fault("metadata.version", 24, from: 25, 3) != nil)
        #expect(fault("metadata.version", 99, from: 25, 1) != nil)
        #expect(fault("weather", 1, from: 0, 1) != nil)
        #expect(fault("group.version", 1, from: 0, 9) != nil)
    }

    /// Goal: what is announced has the initial levels, and clients below version 4 see no minimum of 0.
    @Test func announcement() {
        let levels = Dictionary(
            uniqueKeysWithValues: BrokerFeatures.all.map { ($0.name, $0.initialLevel) })
        let new = ApiVersionsResponse.announcing(
            [], features: BrokerFeatures.announced(levels), finalizedFeaturesEpoch: 5, version: 4)
        #expect(new.supportedFeatures.count == BrokerFeatures.all.count)
        #expect(new.finalizedFeatures.count == BrokerFeatures.all.count)
        let old = ApiVersionsResponse.announcing(
            [], features: BrokerFeatures.announced(levels), finalizedFeaturesEpoch: 5, version: 3)
        #expect(old.supportedFeatures.map(\.name) == ["metadata.version"])
        #expect(old.finalizedFeatures.count == BrokerFeatures.all.count)
    }
}
