// Results of any size, page by page.

package import CQLProtocol

/// The pages of a result; the next one is fetched when it is asked for.
package struct CQLPages: AsyncSequence, Sendable {
    package typealias Element = CQLRows
    package typealias Failure = CQLError
    typealias Fetch = @Sendable (_ pagingState: [UInt8]?) async throws(CQLError) -> CQLRows

    let fetch: Fetch

    package func makeAsyncIterator() -> Iterator { Iterator(fetch: fetch) }

    package struct Iterator: AsyncIteratorProtocol {
        let fetch: Fetch
        private var pagingState: [UInt8]?
        private var isOver = false

        fileprivate init(fetch: @escaping Fetch) { self.fetch = fetch }

        /// A page may be empty and yet not be the last one.
        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(CQLError) -> CQLRows? {
            guard !isOver else { return nil }
            let page = try await fetch(pagingState)
            pagingState = page.pagingState
            isOver = page.pagingState == nil
            return page
        }

        package mutating func next() async throws(CQLError) -> CQLRows? {
            try await next(isolation: nil)
        }
    }
}

/// The rows of a result, over all its pages.
package struct CQLRowSequence: AsyncSequence, Sendable {
    package typealias Element = CQLRow
    package typealias Failure = CQLError

    let pages: CQLPages

    package init(pages: CQLPages) { self.pages = pages }

    package func makeAsyncIterator() -> Iterator { Iterator(pages: pages.makeAsyncIterator()) }

    package struct Iterator: AsyncIteratorProtocol {
        private var pages: CQLPages.Iterator
        private var page: CQLRows?
        private var position = 0

        fileprivate init(pages: CQLPages.Iterator) { self.pages = pages }

        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(CQLError) -> CQLRow? {
            while true {
                if let page, position < page.count {
                    defer { position += 1 }
                    return page[position]
                }
                page = try await pages.next(isolation: actor)
                position = 0
                if page == nil { return nil }
            }
        }

        package mutating func next() async throws(CQLError) -> CQLRow? {
            try await next(isolation: nil)
        }
    }
}

extension CQLSession {
    /// All pages of a statement's result. A page is asked for when it is wanted: a slow reader slows
    /// the reading.
    package func pages(
        _ cql: String, _ values: [CQLValue] = [], options: CQLStatementOptions
    ) -> CQLPages {
        CQLPages { (pagingState) throws(CQLError) in
            var options = options
            options.pagingState = pagingState ?? options.pagingState
            return try await self.execute(cql, values, options: options)
        }
    }

    /// All pages of a prepared statement's result.
    package func pages(
        _ statement: PreparedStatement, _ values: [CQLValue] = [], options: CQLStatementOptions
    ) -> CQLPages {
        CQLPages { (pagingState) throws(CQLError) in
            var options = options
            options.pagingState = pagingState ?? options.pagingState
            return try await self.execute(statement, values, options: options)
        }
    }

    package func pages(
        _ cql: String, _ values: [CQLValue] = [], pageSize: Int32? = nil
    ) -> CQLPages { pages(cql, values, options: .reading(pageSize)) }

    package func pages(
        _ statement: PreparedStatement, _ values: [CQLValue] = [], pageSize: Int32? = nil
    ) -> CQLPages { pages(statement, values, options: .reading(pageSize)) }

    /// All rows of a statement's result.
    package func rows(
        _ cql: String, _ values: [CQLValue] = [], pageSize: Int32? = nil
    ) -> CQLRowSequence { CQLRowSequence(pages: pages(cql, values, pageSize: pageSize)) }

    /// All rows of a prepared statement's result.
    package func rows(
        _ statement: PreparedStatement, _ values: [CQLValue] = [], pageSize: Int32? = nil
    ) -> CQLRowSequence { CQLRowSequence(pages: pages(statement, values, pageSize: pageSize)) }
}

extension CQLStatementOptions {
    fileprivate static func reading(_ pageSize: Int32?) -> CQLStatementOptions {
        var options = CQLStatementOptions.idempotent
        options.pageSize = pageSize
        return options
    }
}
