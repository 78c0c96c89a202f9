// Bounds of the connections that speak Kafka's protocol without librdkafka.

enum WireLimits {
    /// Bytes of one answer; more ends the connection.
    static let answerBytesMax = 128 << 20
    static let connectTimeoutSeconds: Int64 = 10
    /// How long one answer may take.
    static let answerTimeoutSeconds: Int64 = 30
    /// Answers waited for on one connection.
    static let requestsInFlightMax = 64
    /// Tries of a call that a coordinator or controller refuses because it moves or loads.
    static let retriesMax = 10
    static let retryMilliseconds = 200
    /// Iterations a server may demand of SCRAM; more would only burn our processor.
    static let scramIterationsMax = 1_000_000
    static let scramIterationsMin = 4_096
}
