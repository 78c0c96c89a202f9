// Why a request to a Cassandra failed.

package import CQLProtocol
package import MillraceBase

/// What the client throws. Never holds values or passwords.
package enum CQLError: Error, Sendable, CustomStringConvertible {
    /// No connection could be made, or none was there in time.
    case unreachable(host: String, because: String)
    /// The server answered with an error.
    case server(CQLServerError, host: String)
    /// No answer in time: whether the request was done is not known.
    case timeout(Duration, host: String)
    /// The connection broke before the answer: whether the request was done is not known.
    case connectionLost(host: String, because: String)
    /// The peer does not speak the protocol, or the bytes were damaged.
    case wire(WireError, host: String)
    /// A value that its column cannot hold, or values that do not match the markers.
    case value(String)
    /// The server asks for a user and a password, and none was given.
    case passwordWanted(host: String)
    /// An address or option that makes no sense.
    case configuration(String)
    /// Too many requests wait already.
    case busy(host: String)
    case closed
    case cancelled

    /// Whether the same idempotent request may well work a moment later.
    package var isRetriable: Bool {
        switch self {
        case .unreachable, .timeout, .connectionLost, .busy: true
        case .wire, .value, .passwordWanted, .configuration, .closed, .cancelled: false
        case .server(let error, _):
            switch error.code {
            case .overloaded, .isBootstrapping, .unavailable, .writeTimeout, .readTimeout,
                .unprepared:
                true
            default: false
            }
        }
    }

    /// The server's code, when the server answered.
    package var serverCode: ServerErrorCode? {
        guard case .server(let error, _) = self else { return nil }
        return error.code
    }

    /// Cassandra's name for the server's error: `SyntaxException`, `InvalidRequest`, …
    package var serverClass: String? { serverCode?.className }

    /// What a person may try next.
    package var next: String {
        switch self {
        case .unreachable: "millrace doctor, or another address by --store"
        case .server(let error, _):
            switch error.code {
            case .badCredentials:
                "cassandra://user:password@host:9042, or --user and --password-file"
            case .unauthorized: "another user by --user, or GRANT by one who may"
            case .syntaxError, .invalid, .configurationError: "another statement"
            case .overloaded, .unavailable, .writeTimeout, .readTimeout, .isBootstrapping:
                "the same again in a moment, or a lower consistency level"
            default: "the server's log"
            }
        case .timeout: "the same again, or a longer timeout_ms in the URL"
        case .connectionLost:
            "the same again; TLS by tls=true in the URL, if the server asks for it"
        case .wire: "the port of CQL (9042), and tls=true in the URL if the server asks for it"
        case .value: "another value"
        case .passwordWanted:
            "--user NAME, and --password-file FILE or CQL_PASSWORD in the environment; or "
                + "cassandra://user:password@host:9042. A new store of ours knows cassandra/cassandra"
        case .configuration: "docs/cassandra.md, which lists the URL's options"
        case .busy: "fewer requests at once, or connections=4 in the URL"
        case .closed, .cancelled: "the same again"
        }
    }

    package var description: String {
        switch self {
        case .unreachable(let host, let why): "cannot reach \(host): \(why)"
        case .server(let error, let host): "\(host) answered: \(error)"
        case .timeout(let time, let host): "\(host) did not answer within \(time)"
        case .connectionLost(let host, let why): "the connection to \(host) was lost: \(why)"
        case .wire(let error, let host): "\(host) does not speak CQL's protocol: \(error)"
        case .value(let why): why
        case .passwordWanted(let host): "\(host) asks for a user and a password"
        case .configuration(let why): why
        case .busy(let host): "too many requests wait for \(host)"
        case .closed: "the session is closed"
        case .cancelled: "cancelled"
        }
    }
}

extension ServerErrorCode {
    /// Cassandra's own name for this class of errors, as its shell and drivers show it.
    package var className: String {
        switch self {
        case .serverError: "ServerError"
        case .protocolError: "ProtocolException"
        case .badCredentials: "AuthenticationFailed"
        case .unavailable: "Unavailable"
        case .overloaded: "Overloaded"
        case .isBootstrapping: "IsBootstrapping"
        case .truncateError: "TruncateError"
        case .writeTimeout: "WriteTimeout"
        case .readTimeout: "ReadTimeout"
        case .readFailure: "ReadFailure"
        case .functionFailure: "FunctionFailure"
        case .writeFailure: "WriteFailure"
        case .cdcWriteFailure: "CDCWriteFailure"
        case .casWriteUnknown: "CASWriteUnknown"
        case .syntaxError: "SyntaxException"
        case .unauthorized: "Unauthorized"
        case .invalid: "InvalidRequest"
        case .configurationError: "ConfigurationException"
        case .alreadyExists: "AlreadyExists"
        case .unprepared: "Unprepared"
        default: description
        }
    }
}
