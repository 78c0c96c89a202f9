// What goes into the landing tables and what comes out of them, as values.

/// People that came from the source at one moment.
package struct PeoplePage: Sendable {
    package var people: [PersonRow]
    /// Milliseconds since 1970.
    package var fetchedAtMilliseconds: Int64

    package init(people: [PersonRow], fetchedAtMilliseconds: Int64) {
        self.people = people
        self.fetchedAtMilliseconds = fetchedAtMilliseconds
    }
}

/// A record that is no person, on its way to the dead-letter topic.
package struct RejectedRow: Sendable, Equatable {
    /// The page of the run that brought it, and its place there: with the run, its identity.
    package var page: Int
    package var index: Int
    /// Becomes the header `reason`.
    package var reason: String
    /// The record as it came.
    package var raw: [UInt8]

    package init(page: Int, index: Int, reason: String, raw: [UInt8]) {
        self.page = page
        self.index = index
        self.reason = reason
        self.raw = raw
    }
}

package struct UpsertResult: Sendable, Equatable {
    package var inserted = 0
    package var updated = 0
    /// People who were there with the same `raw`, and repetitions of an id within one call.
    package var unchanged = 0

    package init(inserted: Int = 0, updated: Int = 0, unchanged: Int = 0) {
        self.inserted = inserted
        self.updated = updated
        self.unchanged = unchanged
    }

    package static func += (a: inout Self, b: Self) {
        a.inserted += b.inserted
        a.updated += b.updated
        a.unchanged += b.unchanged
    }
}

/// One record waiting for the broker.
package struct OutboxRow: Sendable {
    /// Rises in the order of commits; gaps mean nothing.
    package var sequence: Int64
    package var topic: String
    package var key: [UInt8]
    package var value: [UInt8]
    package var headers: [OutboxHeader]
    package var run: String
    package var fetchedAtMilliseconds: Int64
    package var landedAtMilliseconds: Int64
    /// It was claimed before and not acknowledged, so the broker may have it already.
    package var isResend: Bool
}

package struct OutboxHeader: Sendable, Equatable {
    package var name: String
    package var value: [UInt8]

    package init(_ name: String, _ value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

package struct LandingCounts: Sendable, Equatable {
    /// Rows of `users`, by the text of their gender.
    package var peopleByGender: [String: Int] = [:]
    /// Rows of the outbox.
    package var pending = 0
    /// Records sent to the dead-letter topic so far.
    package var rejected = 0

    package init(peopleByGender: [String: Int] = [:], pending: Int = 0, rejected: Int = 0) {
        self.peopleByGender = peopleByGender
        self.pending = pending
        self.rejected = rejected
    }

    package var people: Int { peopleByGender.values.reduce(0, +) }
}

/// What the console shows of a person.
package struct LandedPerson: Sendable, Equatable {
    package var id: String
    package var firstName: String
    package var lastName: String
    package var gender: String
    package var email: String
    package var picture: String
    package var nationality: String
    package var run: String
    package var landedAtMilliseconds: Int64
}
