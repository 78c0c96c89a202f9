// What `fetch_users` hands on: not the people, but where they were put.

/// A handle on people that a run fetched and staged on disk, page by page. Small enough to be the
/// result of a task, whatever the number of people.
public struct StagedPeople: Codable, Sendable, Equatable {
    /// The run that fetched them; the name of their folder.
    public var run: String
    /// Pages are counted from 1.
    public var pages: Int
    /// Records that are people, repetitions included.
    public var people: Int
    /// Records that are not, by the reason. They went to the dead-letter topic.
    public var rejected: [String: Int]
    /// How many records were asked for; more than came when a file is exhausted.
    public var asked: Int
}

/// One person of a staged page, as far as a pipeline looks at them.
public struct Person: Sendable, Equatable {
    /// `login.uuid`, in lower case: the key everywhere.
    public let id: String
    /// The API's own field; empty when the record has none.
    public internal(set) var gender: String
    /// `Mr`, `Madame`, …; empty when the record has none.
    public let title: String
    /// The record as compact JSON, without its secrets.
    let raw: [UInt8]

    /// The same person with a gender found another way.
    public func with(gender: String) -> Person {
        var copy = self
        copy.gender = gender
        return copy
    }
}
