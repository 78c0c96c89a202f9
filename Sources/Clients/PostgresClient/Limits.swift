// The limits and defaults of this module, by name.

package enum PostgresLimits {
    /// For a connection attempt of one host; libpq's `connect_timeout`, unless the URL sets it.
    package static let connectSeconds = 10
    /// After so long without an acknowledged byte a connection counts as lost (`tcp_user_timeout`),
    /// unless the URL sets it.
    package static let unacknowledgedMilliseconds = 15_000
    /// Bytes that one `PQputCopyData` gets.
    package static let copyChunkBytes = 1 << 20
    /// Of an error's message, at most so many characters are kept.
    package static let messageCharactersMax = 400
    /// Parameters of one statement: the protocol counts them with 16 bits.
    package static let parametersMax = 65_535
}
