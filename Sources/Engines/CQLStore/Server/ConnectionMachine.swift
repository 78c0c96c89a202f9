// What may be said when on a connection, as a value.

import CQLProtocol

/// The life of a connection: nothing but OPTIONS and STARTUP at first, then everything.
///
/// Source: native_protocol_v5.spec, section 4.1; the switch to segments is described at
/// `FrameReader`.
struct ConnectionMachine {
    enum State: Equatable {
        case waitingForStartup
        /// STARTUP was answered by AUTHENTICATE; nothing is served yet.
        case loggingIn(ProtocolVersion, failures: Int, isChecking: Bool)
        case ready(ProtocolVersion)
        case closing
    }

    enum Action: Equatable {
        /// Answer in the newest version we know, then close.
        case refuseVersion(UInt8, stream: Int16)
        /// The bytes are no requests; answer if it can be told whom, then close.
        case refuse(String, stream: Int16)
        /// The request is out of place; the connection goes on.
        case reject(String)
        case answerOptions
        case start(ProtocolVersion)
        /// A client that logs in although nobody asked it to.
        case acceptCredentials
        case checkCredentials
        case register
        case run
        case ignore
    }

    private(set) var state = State.waitingForStartup

    mutating func received(_ envelope: Envelope) -> Action {
        switch state {
        case .closing: return .ignore
        case .waitingForStartup: return first(envelope)
        case .ready(let version), .loggingIn(let version, _, _):
            guard envelope.protocolVersion != nil else {
                state = .closing
                return .refuseVersion(envelope.version, stream: envelope.stream)
            }
            guard envelope.protocolVersion == version else {
                state = .closing
                return .refuse(
                    "Invalid message version. Got \(envelope.version)/v\(envelope.version) but "
                        + "previous messages on this connection had version \(version.listed)",
                    stream: envelope.stream)
            }
            if let why = Self.wrong(envelope) { return .reject(why) }
            if case .loggingIn(_, let failures, let isChecking) = state {
                return login(envelope, version, failures: failures, isChecking: isChecking)
            }
            return next(envelope)
        }
    }

    /// Source: native_protocol_v5.spec, section 4.2.3.
    private mutating func login(
        _ envelope: Envelope, _ version: ProtocolVersion, failures: Int, isChecking: Bool
    ) -> Action {
        guard envelope.knownOpcode == .authResponse, !isChecking else {
            return .reject(
                "Unexpected message \(envelope.knownOpcode?.name ?? ""), needs authentication through "
                    + "AUTH_RESPONSE message")
        }
        state = .loggingIn(version, failures: failures, isChecking: true)
        return .checkCredentials
    }

    /// STARTUP is answered by AUTHENTICATE.
    mutating func loginNeeded() {
        if case .ready(let version) = state {
            state = .loggingIn(version, failures: 0, isChecking: false)
        }
    }

    /// - Returns: whether the connection goes on.
    mutating func loginEnded(succeeded: Bool) -> Bool {
        guard case .loggingIn(let version, let failures, _) = state else { return true }
        if succeeded {
            state = .ready(version)
        } else if failures + 1 < StoreLimits.loginFailuresMax {
            state = .loggingIn(version, failures: failures + 1, isChecking: false)
        } else {
            state = .closing
        }
        return state != .closing
    }

    /// Why the envelope is no request.
    private static func wrong(_ envelope: Envelope) -> String? {
        guard let opcode = envelope.knownOpcode else { return "Unknown opcode \(envelope.opcode)" }
        guard opcode.isRequest == envelope.isResponse else { return nil }
        let directions = ["REQUEST", "RESPONSE"]
        return "Wrong protocol direction (expected \(directions[opcode.isRequest ? 0 : 1]), got "
            + "\(directions[envelope.isResponse ? 1 : 0])) for opcode \(envelope.opcode) "
            + "(\(opcode.name))"
    }

    private mutating func first(_ envelope: Envelope) -> Action {
        guard let version = envelope.protocolVersion else {
            state = .closing
            return .refuseVersion(envelope.version, stream: envelope.stream)
        }
        if let why = Self.wrong(envelope) {
            state = .closing
            return .refuse(why, stream: envelope.stream)
        }
        switch envelope.knownOpcode {
        case .options: return .answerOptions
        case .startup:
            state = .ready(version)
            return .start(version)
        default:
            let name = envelope.knownOpcode?.name ?? ""
            return .reject("Unexpected message \(name), expecting STARTUP or OPTIONS")
        }
    }

    private func next(_ envelope: Envelope) -> Action {
        switch envelope.knownOpcode {
        case .options: .answerOptions
        case .register: .register
        case .query, .prepare, .execute, .batch: .run
        case .authResponse: .acceptCredentials
        case .startup: .reject("Unexpected message STARTUP, the connection is already initialized")
        case .error, .ready, .authenticate, .supported, .result, .event, .authChallenge,
            .authSuccess, nil:
            .reject("Unknown opcode \(envelope.opcode)")
        }
    }

    /// STARTUP was not to our liking; the connection waits for a better one or its end.
    mutating func startupFailed() { state = .closing }
}
