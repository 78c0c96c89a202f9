// How a connection comes to be usable, as a value. It decides; `ConnectionHandler` does.

import CQLProtocol

/// OPTIONS, STARTUP, the password if the server asks for one, the keyspace if there is one.
///
/// The reply to STARTUP is the last message outside of segments (v5): the action that follows it
/// says so by `startsFraming`, before anything else is sent.
struct HandshakeMachine {
    struct Settings: Sendable {
        var user: String?
        var password: String?
        var keyspace: String?
        var compression: BodyCompression?
        var version: ProtocolVersion
    }

    enum State: Equatable {
        case idle
        case askedOptions
        case sentStartup(BodyCompression?)
        case authenticating
        case choosingKeyspace
        case done
    }

    enum Action: Equatable {
        case send(CQLRequest)
        /// Switch to the agreed framing and compression, then send the request or be ready.
        case startFraming(BodyCompression?, then: CQLRequest?)
        case ready
        /// The server does not speak this version.
        case tryLowerVersion(CQLServerError)
        case refused(CQLServerError)
        /// The server asks for a user and a password, and there is none.
        case passwordWanted
        /// The session's settings do not fit this server, in words.
        case misfit(String)
        /// An answer that cannot come here.
        case confused(Opcode)
        case none
    }

    private(set) var state = State.idle
    private let settings: Settings

    init(_ settings: Settings) { self.settings = settings }

    mutating func connected() -> Action {
        precondition(state == .idle, "a connection is made once")
        state = .askedOptions
        return .send(.options)
    }

    mutating func received(_ response: CQLResponse) -> Action {
        if case .error(let error) = response { return failed(error) }
        switch (state, response) {
        case (.askedOptions, .supported(let offered)):
            let compression = compression(offered["COMPRESSION", default: []])
            state = .sentStartup(compression)
            return .send(.startup(startup(offered, compression)))
        case (.sentStartup(let compression), .ready):
            state = settings.keyspace == nil ? .done : .choosingKeyspace
            return .startFraming(compression, then: keyspaceRequest)
        case (.sentStartup(let compression), .authenticate):
            guard let user = settings.user, let password = settings.password else {
                return .passwordWanted
            }
            state = .authenticating
            let token = [0] + Array(user.utf8) + [0] + Array(password.utf8)
            return .startFraming(compression, then: .authResponse(token))
        case (.authenticating, .authSuccess):
            guard let keyspaceRequest else {
                state = .done
                return .ready
            }
            state = .choosingKeyspace
            return .send(keyspaceRequest)
        case (.authenticating, .authChallenge):
            return .misfit("it asks for another authentication than user and password")
        case (.choosingKeyspace, .result(.setKeyspace)):
            state = .done
            return .ready
        case (_, .event):
            return .none
        default:
            return .confused(response.opcode)
        }
    }

    private mutating func failed(_ error: CQLServerError) -> Action {
        switch state {
        case .askedOptions, .sentStartup:
            error.code == .protocolError ? .tryLowerVersion(error) : .refused(error)
        case .idle, .authenticating, .choosingKeyspace, .done: .refused(error)
        }
    }

    /// Snappy is not there in v5 any more; whoever asked for it gets nothing rather than another.
    private func compression(_ offered: [String]) -> BodyCompression? {
        guard let wanted = settings.compression, offered.contains(wanted.rawValue),
            wanted == .lz4 || settings.version < .v5
        else { return nil }
        return wanted
    }

    private func startup(
        _ offered: [String: [String]], _ compression: BodyCompression?
    ) -> [String: String] {
        var options = [
            "CQL_VERSION": offered["CQL_VERSION"]?.first ?? "3.0.0",
            "DRIVER_NAME": "Millrace", "DRIVER_VERSION": "1",
        ]
        if let compression { options["COMPRESSION"] = compression.rawValue }
        return options
    }

    private var keyspaceRequest: CQLRequest? {
        settings.keyspace.map {
            .query("USE \(CQLIdentifier.quoted($0))", QueryParameters(consistency: .one))
        }
    }
}
