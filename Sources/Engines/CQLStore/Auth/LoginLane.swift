// Checks names and passwords: one thread, since bcrypt is meant to be slow.

import CQLProtocol
import Synchronization

/// What a client sent to log in. Never logged, never shown.
struct Credentials: Sendable {
    var name: String
    var password: String

    /// SASL PLAIN: `[authorization] NUL name NUL password`.
    ///
    /// Source: RFC 4616; the texts are those of Cassandra's PasswordAuthenticator.
    static func read(_ token: [UInt8]?) -> Result<Credentials, StatementError> {
        let parts = (token ?? []).split(separator: 0, omittingEmptySubsequences: false)
        guard parts.count <= 3 else {
            return .failure(
                .badCredentials(
                    "Credential format error: username or password is empty or contains "
                        + "NUL(\\0) character"))
        }
        guard parts.count >= 2, let password = parts.last, !password.isEmpty else {
            return .failure(.badCredentials("Password must not be null"))
        }
        guard parts.count == 3, !parts[1].isEmpty else {
            return .failure(.badCredentials("Authentication ID must not be null"))
        }
        return .success(
            Credentials(
                name: String(decoding: parts[1], as: UTF8.self),
                password: String(decoding: password, as: UTF8.self)))
    }
}

/// All logins wait in one line, so that guessing passwords takes one core at most and no lane of
/// those who are in.
final class LoginLane: Sendable {
    private struct Job: Sendable {
        var credentials: Credentials
        var answer: @Sendable (Result<String, StatementError>) -> Void
    }

    private let core: StoreCore
    private let jobs = WorkQueue<Job>()
    private let waiting = Atomic<Int>(0)
    private let thread = Mutex<LaneThread?>(nil)

    init(_ core: StoreCore) {
        self.core = core
        guard core.authenticator == .password else { return }
        thread.withLock { $0 = LaneThread("cql-login") { [self] in loop() } }
    }

    /// - Parameter answer: called once, on the lane's thread: the role's name or why not.
    func add(
        _ credentials: Credentials,
        _ answer: @escaping @Sendable (Result<String, StatementError>) -> Void
    ) {
        let length = waiting.add(1, ordering: .relaxed).newValue
        guard length <= StoreLimits.loginsWaitingMax else {
            waiting.subtract(1, ordering: .relaxed)
            return answer(.failure(.overloaded("too many logins at the same time")))
        }
        if !jobs.add(Job(credentials: credentials, answer: answer)) {
            answer(.failure(.server("the store is shutting down")))
        }
    }

    func close() {
        jobs.close()
        thread.withLock { $0 }?.join()
    }

    private func loop() {
        while let job = jobs.takeOne() {
            waiting.subtract(1, ordering: .relaxed)
            job.answer(Self.check(job.credentials, core.auth))
        }
    }

    /// A name that is not there takes as long as one that is.
    private static func check(
        _ credentials: Credentials, _ state: AuthState
    ) -> Result<String, StatementError> {
        let role = state.roles[credentials.name]
        let hash = role?.saltedHash
        let matches = Bcrypt.matches(
            credentials.password, hash ?? Role.initial.saltedHash ?? "")
        guard matches, hash != nil else {
            return .failure(
                .badCredentials(
                    "Provided username \(credentials.name) and/or password are incorrect"))
        }
        guard role?.canLogin ?? false else {
            return .failure(.badCredentials("\(credentials.name) is not permitted to log in"))
        }
        return .success(credentials.name)
    }
}
