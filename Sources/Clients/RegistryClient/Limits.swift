// Every bound of the registry client, in one place.

import MillraceBase

public enum RegistryLimits {
    /// Between the tries of one call, after answers 5xx and 429 and broken connections.
    static let backoff = Backoff(first: .milliseconds(50), longest: .seconds(2), triesMax: 100)
    /// How long one try may take; the HTTP client tries to connect for as long.
    static let tryWait = Duration.seconds(5)
    /// The same while there is another address that was not tried yet.
    static let firstTryWait = Duration.seconds(1)
    /// How long a call may take with all its tries.
    public static let patience = Duration.seconds(15)
    /// Bytes of an answer, at most.
    static let answerBytesMax = 16 << 20
    /// Schemas asked for in one answer of `/schemas`; Confluent's registry gives no more.
    public static let listedSchemas = 1_000
    /// Schemas kept by id; ids never change their meaning, so none is ever dropped but by room.
    static let cachedSchemasMax = 1_000
    /// Schemas that one schema may refer to, directly or not.
    static let referencesMax = 1_000
    /// Numbers in the path to a Protobuf message.
    static let messageDepthMax = 100
}
