// What is done when a host fails or is slow: policies, as values.

package import CQLProtocol

/// What went wrong with one try of a statement.
package struct CQLFailedTry: Sendable {
    package var error: CQLError
    /// Whether doing it twice does no harm.
    package var isIdempotent: Bool
    /// How often it was tried again already.
    package var retries: Int

    package init(_ error: CQLError, isIdempotent: Bool, retries: Int) {
        self.error = error
        self.isIdempotent = isIdempotent
        self.retries = retries
    }
}

/// Whether a statement that failed is sent again, and where to.
package struct CQLRetryPolicy: Sendable {
    package enum Decision: Sendable, Equatable {
        /// To the same host, with this consistency when it is not the statement's.
        case retrySame(Consistency?)
        /// To the next host of the plan; with none left, after a wait, to the first.
        case retryNext
        /// To no host: the caller gets the error.
        case rethrow
        /// As if it had succeeded, without rows.
        case ignore
    }

    package var decide: @Sendable (CQLFailedTry) -> Decision

    package init(_ decide: @escaping @Sendable (CQLFailedTry) -> Decision) {
        self.decide = decide
    }

    /// The rules of the Java driver's DefaultRetryPolicy (core/internal/core/retry): a read that had
    /// enough replicas but no data once more, the log of a batch once more, an unavailable
    /// coordinator once elsewhere; what broke or was refused elsewhere, if it is idempotent.
    package static let standard = CQLRetryPolicy { failed in
        switch failed.error {
        case .busy: return .retryNext
        // The one that answers may be another than the one that is away.
        case .connectionLost: return failed.isIdempotent ? .retryNext : .rethrow
        case .unreachable, .timeout, .wire, .value, .passwordWanted, .configuration, .closed,
            .cancelled:
            return .rethrow
        case .server(let error, _): return standardDecision(error, failed)
        }
    }

    /// Nothing is ever sent twice.
    package static let never = CQLRetryPolicy { _ in .rethrow }

    private static func standardDecision(
        _ error: CQLServerError, _ failed: CQLFailedTry
    ) -> Decision {
        switch error.detail {
        case .readTimeout(_, let received, let blockFor, let dataPresent):
            return failed.retries == 0 && received >= blockFor && !dataPresent
                ? .retrySame(nil) : .rethrow
        case .writeTimeout(_, _, _, let writeType, _):
            return failed.retries == 0 && failed.isIdempotent && writeType == "BATCH_LOG"
                ? .retrySame(nil) : .rethrow
        case .unavailable: return failed.retries == 0 ? .retryNext : .rethrow
        case .none, .readFailure, .functionFailure, .writeFailure, .casWriteUnknown,
            .alreadyExists, .unprepared:
            break
        }
        switch error.code {
        case .isBootstrapping: return .retryNext
        // An overloaded coordinator refuses before it does anything of a single node's write; a
        // cluster's may have sent it on.
        case .overloaded, .serverError, .truncateError:
            return failed.isIdempotent ? .retryNext : .rethrow
        default: return .rethrow
        }
    }
}

/// Whether a second host is asked while the first still thinks. Only idempotent statements are.
package struct CQLSpeculation: Sendable, Equatable {
    /// After so long without an answer the next host is asked.
    package var delay: Duration
    /// Executions under way at once, the first one included.
    package var most: Int

    package static let none = CQLSpeculation(delay: .zero, most: 1)

    package static func after(_ delay: Duration, most: Int) -> CQLSpeculation {
        CQLSpeculation(delay: delay, most: min(max(most, 1), CQLClientLimits.speculativeMax))
    }

    private init(delay: Duration, most: Int) {
        self.delay = delay
        self.most = most
    }
}

/// How one statement is executed, where it differs from the session.
package struct CQLStatementOptions: Sendable {
    /// `nil`: the session's.
    package var consistency: Consistency?
    /// Of conditional writes; `nil`: the session's.
    package var serialConsistency: Consistency?
    /// Microseconds since 1970; `nil`: the session's clock.
    package var timestampMicroseconds: Int64?
    /// The coordinator's clock instead of any of ours.
    package var usesServerTimestamp = false
    /// `nil`: the session's.
    package var pageSize: Int32?
    /// Of the page before, to get the next one.
    package var pagingState: [UInt8]?
    /// For each try; `nil`: the session's.
    package var timeout: Duration?
    /// Whether it may be sent again, or to two hosts, when nobody knows if it was done.
    package var isIdempotent = false
    package var retries = CQLRetryPolicy.standard
    /// `nil`: the session's.
    package var speculation: CQLSpeculation?
    /// The server writes down what it did; `CQLRows.tracingID` then says where.
    package var isTraced = false
    /// v4 and later: bytes for extensions of the server.
    package var customPayload: [String: [UInt8]?]?
    /// v5: the keyspace of names without one.
    package var keyspace: String?
    /// v5: the time by which TTLs count, in seconds since 1970.
    package var nowInSeconds: Int32?
    /// Where a text statement's rows are, for routing; a prepared statement knows it by itself.
    package var routing: CQLRouting?

    package init(isIdempotent: Bool = false) { self.isIdempotent = isIdempotent }

    package static let standard = CQLStatementOptions()
    package static let idempotent = CQLStatementOptions(isIdempotent: true)
}

/// Where the rows of a statement are: a keyspace's replicas of a token.
package struct CQLRouting: Sendable, Hashable {
    package var keyspace: String
    package var token: Int64

    package init(keyspace: String, token: Int64) {
        self.keyspace = keyspace
        self.token = token
    }
}
