// The store a command works on: a real cluster by its URL, the live stack's, or the data directory's own.

import ArgumentParser
import CQLClient
import CQLProtocol
import Foundation
import MillraceBase

/// Who is asking, for stores that want to know. The password comes from a file or the environment.
struct StoreUserArguments: ParsableArguments {
    @Option(name: [.short, .long], help: "The user's name, where the store asks for one.")
    var user: String?
    @Option(
        help: """
            A file whose first line is the password. Without it: CQL_PASSWORD in the environment, \
            or the URL's own.
            """)
    var passwordFile: String?
}

/// Where the commands for tables find their store.
enum StoreAccess {
    /// Runs `work` with a session; the embedded store of a data directory that is not up is started
    /// for the time.
    ///
    /// - Parameter tune: changes the session's settings before it is opened.
    static func with<Value: Sendable>(
        _ arguments: SettingsArguments, _ user: StoreUserArguments,
        tune: @escaping @Sendable (inout SessionOptions) -> Void = { _ in },
        _ work: @escaping @Sendable (CQLSession) async throws -> Value
    ) async throws -> Value {
        let settings = try arguments.settings()
        let place = settings.place(of: StageName.store.rawValue)
        let logger = SettingsArguments.logger(settings)
        let (name, file) = (user.user, user.passwordFile)
        let open: @Sendable (Endpoint) async throws -> Value = { endpoint in
            var endpoint = endpoint
            if let name { endpoint.user = name }
            if let file {
                endpoint.password = nil
                endpoint.options["password_file"] = file
            }
            var options = try SessionOptions(endpoint)
            tune(&options)
            let session = try await CQLSession.connect(options, logger: logger)
            do {
                let value = try await work(session)
                await session.close()
                return value
            } catch {
                await session.close()
                throw error
            }
        }
        do {
            let given = settings.endpoint(StageName.store.rawValue)
            if given.scheme != "embedded" { return try await open(given) }
            return try await StackAccess.with(arguments, stages: [.store]) { file, _ in
                try await open(try file.endpoint(StageName.store.rawValue))
            }
        } catch CQLError.cancelled {
            throw CancellationError()
        } catch let error as CQLError {
            throw failure(error, at: place)
        }
    }

    /// The client's error in the terms of a person at a terminal.
    static func failure(_ error: CQLError, at place: String) -> Failure {
        let what: String
        switch error {
        case .unreachable: what = "the store cannot be reached"
        case .server(let answer, _):
            what =
                answer.code == .badCredentials
                ? "the store does not let you in" : "the store refuses"
        case .timeout: what = "the store did not answer in time"
        case .connectionLost: what = "the connection to the store was lost"
        case .wire: what = "that is no CQL store"
        case .passwordWanted: what = "the store does not let you in"
        case .value, .configuration: what = "the store cannot be used like this"
        case .busy, .closed, .cancelled: what = "the store was not asked"
        }
        return Failure(what, at: place, because: error.description, next: error.next)
    }

    /// `keyspace.table`, each part in double quotes or folded to lower case as CQL does it.
    static func table(_ text: String) throws -> (keyspace: String, table: String) {
        let tokens = (try? CQLLexer.tokens(of: Array(text.utf8))) ?? []
        let names = tokens.filter { $0.kind == .word || $0.kind == .quotedName }
        guard tokens.count == 4, names.count == 2, tokens[1].text == "." else {
            throw Failure(
                "that is no table", at: text, because: "a table is named with its keyspace",
                next: "keyspace.table, or \"Keyspace\".\"Table\" where case matters")
        }
        return (names[0].folded, names[1].folded)
    }
}
