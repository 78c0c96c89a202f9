// What Protobuf itself bounds. Source: protobuf.dev, "Assigning Field Numbers" and descriptor.proto.

enum ProtobufLimits {
    static let fieldNumberMax = 536_870_911
    /// Kept for Protobuf itself.
    static let ownFieldNumbers = 19_000...19_999
    /// Their numbers in `google.protobuf.Edition`.
    static let editions = ["2023": 1_000, "2024": 1_001]
    /// Messages and groups inside each other in binary descriptors.
    static let wireDepthMax = 100
}
