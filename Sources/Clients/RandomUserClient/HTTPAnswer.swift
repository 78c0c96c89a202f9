// What an HTTP answer of the API means: people, or a reason to try again or to give up.

import MillraceBase

/// Why a call brought no page.
struct PageFailure: Error {
    var error: SourceError
    /// Whether the same call may succeed later.
    var mayPass: Bool
    /// How long the server asks to wait.
    var retryAfter: Duration?

    init(_ error: SourceError, mayPass: Bool, retryAfter: Duration? = nil) {
        self.error = error
        self.mayPass = mayPass
        self.retryAfter = retryAfter
    }
}

/// A whole answer, body included.
struct HTTPAnswer: Sendable {
    var status: Int
    /// The header as it came.
    var retryAfter: String?
    var body: [UInt8]

    /// - Parameter asked: the records asked for; another number of them is no answer to our call.
    func records(asked: Int) throws(PageFailure) -> [SourceRecord] {
        switch status {
        case 200: return try recordsOfBody(asked: asked)
        case 429:
            let wait = retryAfterDuration
            throw PageFailure(
                .rateLimited(errorText ?? "HTTP 429", retryAfter: wait), mayPass: true,
                retryAfter: wait)
        case 408, 425, 500...599:
            throw PageFailure(
                .badAnswer(errorText ?? "HTTP \(status)"), mayPass: true,
                retryAfter: retryAfterDuration)
        default: throw PageFailure(.badAnswer("HTTP \(status)"), mayPass: false)
        }
    }

    private func recordsOfBody(asked: Int) throws(PageFailure) -> [SourceRecord] {
        var finder = AnswerFinder(position: 0)
        var records: [SourceRecord] = []
        records.reserveCapacity(min(asked, SourceLimits.recordsPerPageMax))
        body.withUnsafeBufferPointer { bytes in
            _ = finder.scan(bytes) { range in
                records.append(SourceRecord(bytes: Array(bytes[range])))
                return true
            }
        }
        guard finder.isComplete, !finder.isBroken, finder.documents == 1 else {
            let why = finder.hasResults ? "half a body" : "no JSON"
            throw PageFailure(.badAnswer("\(why) (\(body.count) bytes)"), mayPass: true)
        }
        guard finder.hasResults else {
            let why = errorText ?? "JSON without results"
            throw PageFailure(.badAnswer(why), mayPass: true, retryAfter: retryAfterDuration)
        }
        guard records.count == asked else {
            throw PageFailure(
                .badAnswer("\(records.count) records where \(asked) were asked for"), mayPass: true)
        }
        return records
    }

    /// The API's own words in `{"error": …}`, one line of them.
    private var errorText: String? {
        guard body.count <= SourceLimits.errorBodyBytesMax,
            let text = (try? JSONValue(parsing: body))?["error"]?.string
        else { return nil }
        let line = text.map { $0.isNewline ? " " : $0 }.prefix(SourceLimits.errorCharactersMax)
        return "it says \"\(String(line))\""
    }

    /// RFC 9110, section 10.2.3, as a number of seconds. A date is not followed: the usual wait
    /// goes.
    private var retryAfterDuration: Duration? {
        guard let text = retryAfter, let seconds = Int(text), seconds >= 0 else { return nil }
        return .seconds(min(seconds, SourceLimits.retryAfterSecondsMax))
    }
}
