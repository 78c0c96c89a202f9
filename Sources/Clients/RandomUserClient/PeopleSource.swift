// Where people come from: a page at a time, as the bytes of single records.

/// One page to fetch. The same request to the same source gives the same people.
package struct PageRequest: Sendable, Equatable {
    package var seed: String
    /// Counted from 1, as the API does.
    package var page: Int
    /// How many records to fetch: 1…`SourceLimits.recordsPerPageMax`.
    package var count: Int
    /// How many records lie before this page, in a source that has an order of its own (a file).
    package var offset: Int

    package init(seed: String, page: Int, count: Int, offset: Int) {
        self.seed = seed
        self.page = page
        self.count = count
        self.offset = offset
    }
}

/// The bytes of one user object, not looked into yet: `PersonRecord.parse` judges them.
package struct SourceRecord: Sendable, Equatable {
    package var bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }
}

/// A source of people: the API over HTTP, or a file of recorded answers.
package protocol PeopleSource: Sendable {
    /// Fetches one page, retrying by itself what may pass.
    ///
    /// - Returns: `count` records from a server; fewer from a file whose end is near.
    func fetch(_ request: PageRequest) async throws(SourceError) -> [SourceRecord]

    /// How many records there are; `nil` for a source without an end.
    func count() async throws(SourceError) -> Int?

    /// Frees what the source holds. Nothing may be fetched afterwards.
    func close() async
}

/// Why no page came. All but `.exhausted` and `.cancelled` have been retried as far as it made
/// sense.
package enum SourceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No answer at all: the address, and the cause of the last try.
    case unreachable(String, because: String)
    /// The API refuses more people for now; how long it asks to wait, where it says so.
    case rateLimited(String, retryAfter: Duration?)
    /// An answer that is not the API's: an HTTP error, no JSON, half a body, no `results`.
    case badAnswer(String)
    /// The address or the file cannot be used as it is.
    case unusable(String, because: String)
    /// A file has no record at the offset asked for; how many it has.
    case exhausted(count: Int)
    case cancelled

    package var description: String {
        switch self {
        case .unreachable(let address, let why): "cannot reach \(address): \(why)"
        case .rateLimited(let message, _): "the source refuses more people for now: \(message)"
        case .badAnswer(let why): "the source's answer is of no use: \(why)"
        case .unusable(let what, let why): "cannot use \(what): \(why)"
        case .exhausted(let count): "the file is exhausted: it has \(count) records"
        case .cancelled: "cancelled"
        }
    }
}
