// The body of ERROR: a code, a text, and what some codes add.

/// The error codes of protocol v3 to v5 (native_protocol_v5.spec, section 8). Others may come from
/// newer servers and are kept as numbers.
package struct ServerErrorCode: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    package var rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let serverError = Self(rawValue: 0x0000)
    package static let protocolError = Self(rawValue: 0x000A)
    package static let badCredentials = Self(rawValue: 0x0100)
    package static let unavailable = Self(rawValue: 0x1000)
    package static let overloaded = Self(rawValue: 0x1001)
    package static let isBootstrapping = Self(rawValue: 0x1002)
    package static let truncateError = Self(rawValue: 0x1003)
    package static let writeTimeout = Self(rawValue: 0x1100)
    package static let readTimeout = Self(rawValue: 0x1200)
    package static let readFailure = Self(rawValue: 0x1300)
    package static let functionFailure = Self(rawValue: 0x1400)
    package static let writeFailure = Self(rawValue: 0x1500)
    package static let cdcWriteFailure = Self(rawValue: 0x1600)
    package static let casWriteUnknown = Self(rawValue: 0x1700)
    package static let syntaxError = Self(rawValue: 0x2000)
    package static let unauthorized = Self(rawValue: 0x2100)
    package static let invalid = Self(rawValue: 0x2200)
    package static let configurationError = Self(rawValue: 0x2300)
    package static let alreadyExists = Self(rawValue: 0x2400)
    package static let unprepared = Self(rawValue: 0x2500)

    package var description: String {
        switch self {
        case .serverError: "server error"
        case .protocolError: "protocol error"
        case .badCredentials: "bad credentials"
        case .unavailable: "unavailable"
        case .overloaded: "overloaded"
        case .isBootstrapping: "bootstrapping"
        case .truncateError: "truncate error"
        case .writeTimeout: "write timeout"
        case .readTimeout: "read timeout"
        case .readFailure: "read failure"
        case .functionFailure: "function failure"
        case .writeFailure: "write failure"
        case .cdcWriteFailure: "CDC write failure"
        case .casWriteUnknown: "outcome of a conditional write unknown"
        case .syntaxError: "syntax error"
        case .unauthorized: "unauthorized"
        case .invalid: "invalid query"
        case .configurationError: "configuration error"
        case .alreadyExists: "already exists"
        case .unprepared: "unprepared"
        default: "error 0x" + String(rawValue, radix: 16)
        }
    }
}

/// An error as the server reports it.
package struct CQLServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why single replicas failed: their addresses and codes (v5), or only how many (v3, v4).
    package struct Failures: Sendable, Hashable {
        package var count: Int32
        package var reasons: [Reason]

        package struct Reason: Sendable, Hashable {
            package var address: CQLInet
            package var code: UInt16

            package init(address: CQLInet, code: UInt16) {
                self.address = address
                self.code = code
            }
        }

        package init(count: Int32, reasons: [Reason] = []) {
            self.count = count
            self.reasons = reasons
        }
    }

    /// What some codes add to the message.
    package enum Detail: Sendable, Hashable {
        case none
        case unavailable(consistency: Consistency, required: Int32, alive: Int32)
        /// `contentions`: v5, conditional writes only.
        case writeTimeout(
            consistency: Consistency, received: Int32, blockFor: Int32, writeType: String,
            contentions: UInt16?)
        case readTimeout(
            consistency: Consistency, received: Int32, blockFor: Int32, dataPresent: Bool)
        case readFailure(
            consistency: Consistency, received: Int32, blockFor: Int32, failures: Failures,
            dataPresent: Bool)
        case functionFailure(keyspace: String, function: String, argumentTypes: [String])
        case writeFailure(
            consistency: Consistency, received: Int32, blockFor: Int32, failures: Failures,
            writeType: String)
        case casWriteUnknown(consistency: Consistency, received: Int32, blockFor: Int32)
        /// `table` is empty when the keyspace exists already.
        case alreadyExists(keyspace: String, table: String)
        case unprepared(id: [UInt8])
    }

    package var code: ServerErrorCode
    package var message: String
    package var detail: Detail

    package init(_ code: ServerErrorCode, _ message: String, _ detail: Detail = .none) {
        self.code = code
        self.message = message
        self.detail = detail
    }

    package var description: String { "\(code): \(message)" }
}
