// People of a staged handle, as a lazy sequence of pages.

import MillraceBase

/// Staged people, filtered and changed as asked, read from disk a page at a time.
public struct People: Sendable {
    let handle: StagedPeople
    let staging: StagingArea
    /// Gets a page that is not staged any more; `nil` when it cannot.
    let again: @Sendable (Int) async throws -> StagedPage?
    let transform: @Sendable (Person) -> Person?

    init(
        handle: StagedPeople, staging: StagingArea,
        again: @escaping @Sendable (Int) async throws -> StagedPage?,
        transform: @escaping @Sendable (Person) -> Person?
    ) {
        self.handle = handle
        self.staging = staging
        self.again = again
        self.transform = transform
    }

    public func filter(_ keeps: @escaping @Sendable (Person) -> Bool) -> People {
        let earlier = transform
        return People(handle: handle, staging: staging, again: again) { person in
            earlier(person).flatMap { keeps($0) ? $0 : nil }
        }
    }

    public func map(_ change: @escaping @Sendable (Person) -> Person) -> People {
        let earlier = transform
        return People(handle: handle, staging: staging, again: again) { earlier($0).map(change) }
    }

    /// The different values of a property, in the order they are first met.
    public func distinct<Value: Hashable & Sendable>(
        _ value: @Sendable (Person) -> Value
    ) async throws -> [Value] {
        var seen: Set<Value> = []
        var order: [Value] = []
        try await forEachPage { page in
            for person in page.people where seen.insert(value(person)).inserted {
                order.append(value(person))
            }
        }
        return order
    }

    /// Visits the pages in order, each with the people that pass.
    ///
    /// - Throws: `Failure` when a page is gone or damaged.
    func forEachPage(_ visit: (StagedPage) async throws -> Void) async throws {
        for number in stride(from: 1, through: handle.pages, by: 1) {
            try Task.checkCancellation()
            var found = try await staging.page(number, of: handle.run)
            if found == nil { found = try await again(number) }
            guard var page = found else {
                throw Failure(
                    "a staged page is gone or damaged", at: "page \(number) of \(handle.run)",
                    next: "millrace tasks clear, from the task that staged it")
            }
            page.people = page.people.compactMap(transform)
            try await visit(page)
        }
    }
}
