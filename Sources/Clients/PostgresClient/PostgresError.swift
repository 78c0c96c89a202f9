// What PostgreSQL, or the way to it, says against a statement.

import CPostgres

package struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Five characters of PostgreSQL's appendix A; empty when libpq itself failed.
    package var sqlState: String
    /// One line, the server's own words; never a parameter's value or a password.
    package var message: String
    /// The connection is of no use any more, or was never made.
    package var isConnectionLost: Bool

    package init(sqlState: String = "", message: String, isConnectionLost: Bool = false) {
        self.sqlState = sqlState
        self.message = message
        self.isConnectionLost = isConnectionLost
    }

    package var description: String { sqlState.isEmpty ? message : "\(message) (\(sqlState))" }

    /// The server may take the same statement later, perhaps over a new connection.
    package var mayPass: Bool {
        isConnectionLost
            || ["40001", "40P01", "53300", "57P01", "57P02", "57P03"].contains(sqlState)
    }

    /// The server has no room on its disk.
    package var isDiskFull: Bool { sqlState == "53100" }

    /// - Parameter connectionIsBad: what libpq thinks of the connection after the result.
    init(of result: OpaquePointer, connectionIsBad: Bool) {
        func field(_ code: UInt8) -> String? {
            PQresultErrorField(result, Int32(code)).map { String(cString: $0) }
        }
        // libpq's letters PG_DIAG_SQLSTATE and PG_DIAG_MESSAGE_PRIMARY. The detail is left out: it
        // repeats values of the row.
        let state = field(UInt8(ascii: "C")) ?? ""
        self.init(
            sqlState: state,
            message: field(UInt8(ascii: "M")) ?? Self.line(PQresultErrorMessage(result)),
            isConnectionLost: connectionIsBad || state.hasPrefix("08") || state == "57P01"
                || state == "57P02")
    }

    /// libpq's text as one line of bounded length.
    static func line(_ text: UnsafePointer<CChar>?) -> String {
        let whole = text.map { String(cString: $0) } ?? ""
        let line = whole.split(whereSeparator: \.isNewline).joined(separator: "; ")
        return String(line.prefix(PostgresLimits.messageCharactersMax))
    }
}
