// Every bound of the registry client, in one place.

import MillraceBase
import NIOCore

enum RegistryLimits {
    /// Tries of one call, for answers 5xx and broken connections.
    static let backoff = Backoff(first: .milliseconds(50), longest: .seconds(2), triesMax: 6)
    /// How long one try may take.
    static let timeout = TimeAmount.seconds(10)
    /// Bytes of an answer, at most.
    static let answerBytesMax = 16 << 20
    /// Schemas kept by id; ids never change their meaning, so none is ever dropped but by room.
    static let cachedSchemasMax = 1_000
}
