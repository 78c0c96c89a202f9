// What `fetch_users` hands on: not the people, but where they were put.

import MillraceLanding
import RandomUserClient

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
    /// All that the source said, in the memory of the page.
    let row: PersonRow
    /// A gender found another way, when there is one.
    private(set) var otherGender: String?

    /// `login.uuid`, in lower case: the key everywhere.
    public var id: String { row.id }
    /// The API's own field; empty when the record has none.
    public var gender: String { otherGender ?? row.gender }
    /// `Mr`, `Madame`, …; empty when the record has none.
    public var title: String { row.title }

    init(row: PersonRow) { self.row = row }

    init(_ record: PersonRecord) { row = LandingContext.row(of: record) }

    /// The same person with a gender found another way.
    public func with(gender: String) -> Person {
        var copy = self
        copy.otherGender = gender == row.gender ? nil : gender
        return copy
    }

    /// The person as the landing takes it. What the topic carries follows another gender; the
    /// record, and so the rest, stays.
    func landingRow() throws(RecordRejection) -> PersonRow {
        guard let otherGender else { return row }
        var record = try PersonRecord.parse(row.raw)
        record.setGender(otherGender)
        return Person(record).row
    }
}
