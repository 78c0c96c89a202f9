// How an embedded broker is to be run: where its data is, where it listens, when it answers.

/// When an append counts as done, and what readers may see.
///
/// | | survives `kill -9` | survives a power cut |
/// | --- | --- | --- |
/// | `none` | yes: written before the answer | maybe not the last seconds; never a torn batch |
/// | `group` | yes | yes: flushed before the answer, one flush for all that wait |
/// | `always` | yes | yes: one flush for each request |
package enum Durability: String, Sendable, CaseIterable {
    case none, group, always
}

package struct BrokerConfiguration: Sendable {
    /// Holds the partitions' folders and the broker's own files; created when missing.
    package var directory: String
    package var host = "127.0.0.1"
    /// 0 takes a free one.
    package var port = 9092
    /// The name clients are told to dial. `nil`: `host`, or `localhost` when that is a wildcard.
    package var advertisedHost: String?
    /// The port clients are told to dial. `nil`: the bound one.
    package var advertisedPort: Int?
    package var durability = Durability.group
    /// Partitions of a topic that was created without a number: Kafka's `num.partitions`.
    package var partitionsDefault: Int32 = 1
    /// Kafka's `auto.create.topics.enable`.
    package var autoCreateTopics = true
    package var nodeID: Int32 = 1
    /// 22 characters of base64url, kept in `meta.properties`. `nil`: the kept one, or a new one.
    package var clusterID: String?

    package init(directory: String, host: String = "127.0.0.1", port: Int = 9092) {
        self.directory = directory
        self.host = host
        self.port = port
    }

    var hostToAdvertise: String {
        if let advertisedHost { return advertisedHost }
        return ["0.0.0.0", "::", ""].contains(host) ? "localhost" : host
    }
}
