// The limits of this module, by name.

package import MillraceBase

package enum SourceLimits {
    /// The API's own bound of `results`.
    package static let recordsPerPageMax = 5_000
    /// The API's own bound of `page`; beyond it, it silently gives page 1.
    package static let pagesMax = 10_000
    /// Tries of one page: about half a minute of waits in all.
    package static let retrying = Backoff(
        first: .milliseconds(250), longest: .seconds(8), triesMax: 8)
    /// A longer `Retry-After` is not waited for: the caller gets `.rateLimited` with it.
    package static let retryAfterMax = Duration.seconds(60)
    /// The longest `Retry-After` that is told on.
    package static let retryAfterSecondsMax = 86_400
    /// One call, from connecting to the last byte.
    package static let requestTimeout = Duration.seconds(30)
    package static let connectTimeout = Duration.seconds(5)
    /// A longer body is not looked into for `{"error": …}`.
    package static let errorBodyBytesMax = 64 << 10
    /// Of the API's own error text, at most so much is repeated.
    package static let errorCharactersMax = 200
    /// An answer of 5,000 people has about 6 MB.
    package static let answerBytesMax = 64 << 20
    /// What is kept of a record in a file; the rest of a longer one is dropped, so it gets
    /// rejected.
    package static let recordBytesMax = 1 << 20
    /// Objects and arrays inside each other in one record.
    package static let depthMax = 64
    /// Bytes read from a file at once.
    package static let fileChunkBytes = 1 << 20
    /// A place in the file is remembered every so many records.
    package static let recordsPerMark = 256
}
