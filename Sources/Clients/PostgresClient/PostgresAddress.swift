// How the URL of a stage becomes libpq's connection parameters.

import MillraceBase

/// libpq's keywords and values for an address.
///
/// Source: PostgreSQL 15 manual, 34.1.2 "Parameter Key Words". Any of them may stand in the URL's
/// query (`sslmode`, `target_session_attrs`, …) and is passed on as it is; libpq refuses unknown
/// ones.
struct PostgresAddress: Sendable {
    let parameters: [(keyword: String, value: String)]

    /// - Parameter endpoint: `postgres://user:password@a:5432,b:5432/database?sslmode=require`, or
    ///   `postgres:database?host=/var/run/postgresql` for a local socket.
    init(_ endpoint: Endpoint) {
        var values: [String: String] = [
            "application_name": "millrace",
            "connect_timeout": String(PostgresLimits.connectSeconds),
            "tcp_user_timeout": String(PostgresLimits.unacknowledgedMilliseconds),
            "keepalives_idle": "5", "keepalives_interval": "5", "keepalives_count": "3",
        ]
        if !endpoint.hosts.isEmpty {
            values["host"] = endpoint.hosts.map(\.name).joined(separator: ",")
            values["port"] = endpoint.hosts.map { String($0.port ?? 5432) }.joined(separator: ",")
        }
        if let user = endpoint.user { values["user"] = user }
        if let password = endpoint.password { values["password"] = password }
        let database = PercentCoding.decoded(endpoint.path.drop { $0 == "/" })
        if !database.isEmpty { values["dbname"] = database }
        for (name, value) in endpoint.options { values[name] = value }
        // What we read and write is UTF-8, whatever the server keeps.
        values["client_encoding"] = "UTF8"
        parameters = values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
