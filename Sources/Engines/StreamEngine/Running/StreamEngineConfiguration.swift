// What the engine needs to know to run queries.

package import MillraceBase

/// Where the engine finds what its queries name, and how it behaves.
package struct StreamEngineConfiguration: Sendable {
    /// `kafka://host:9092,…`
    package var kafka: Endpoint
    /// `cassandra://host:9042,…`
    package var store: Endpoint
    /// The folder of all checkpoints; made when it is missing.
    package var checkpoints: String
    package var batchRowsMax = StreamLimits.batchRowsMax
    package var pollWait = StreamLimits.pollWait
    package var stopWait = StreamLimits.stopWait
    /// Between tries when something cannot be reached. It is tried for ever.
    package var retry = Backoff(
        first: StreamLimits.retryFirst, longest: StreamLimits.retryLongest, triesMax: .max)
    package var clock = WallClock.system

    package init(kafka: Endpoint, store: Endpoint, checkpoints: String) {
        self.kafka = kafka
        self.store = store
        self.checkpoints = checkpoints
    }
}
