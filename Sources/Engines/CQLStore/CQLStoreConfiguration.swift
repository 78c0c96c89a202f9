// What a store is started with: its directory, its address and how durable an answer is.

/// When a write is answered, named as Cassandra's setting `commitlog_sync`.
package enum CommitlogSync: String, Sendable, CaseIterable {
    /// Answered once the operating system has it; synced every 10 s. Survives `kill -9`, and may
    /// lose the last seconds when the power is cut.
    case periodic
    /// Answered after a sync that this write and those that came with it waited for.
    case batch
    /// Answered after a sync that many writes share, while the next ones are already being written.
    case group
}

/// Everything that `CQLStoreServer.start` needs.
package struct CQLStoreConfiguration: Sendable {
    /// Made when it is missing. One store at a time may have it open.
    package var directory: String
    package var host: String
    /// 0 takes a free one; `CQLStoreServer.port` then tells which.
    package var port: Int
    package var sync: CommitlogSync
    /// Shown to clients in `system.local`; a directory keeps the name it was first opened with.
    package var clusterName: String
    package var dataCenter: String
    package var rack: String
    package var authenticator = CQLAuthenticator.allowAll
    /// `cassandra` needs `authenticator` to be `password`.
    package var authorizer = CQLAuthorizer.allowAll
    /// Whether columns may be masked: Cassandra's `dynamic_data_masking_enabled`.
    package var masksColumns = false
    /// `nil` for plain connections.
    package var tls: CQLStoreTLS?

    package init(
        directory: String, host: String = "127.0.0.1", port: Int = 9042,
        sync: CommitlogSync = .group, clusterName: String = "Millrace",
        dataCenter: String = "datacenter1", rack: String = "rack1"
    ) {
        self.directory = directory
        self.host = host
        self.port = port
        self.sync = sync
        self.clusterName = clusterName
        self.dataCenter = dataCenter
        self.rack = rack
    }
}

/// Why the store could not be started, or had to stop.
package enum CQLStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another program listens there.
    case portTaken(Int)
    /// The address cannot be listened on; the host and the system's reason.
    case cannotListen(host: String, port: Int, because: String)
    /// Another process has the directory open.
    case directoryInUse(path: String)
    /// The directory was written by a newer version; its format and the newest we know.
    case formatTooNew(path: String, found: Int, known: Int)
    /// A file of TLS is missing or no certificate or key; the file and why.
    case tls(file: String, because: String)
    /// CassandraAuthorizer asks who somebody is, and AllowAllAuthenticator does not know.
    case authorizerNeedsPasswords
    /// The disk or RocksDB refuses; the directory and the reason as it was reported.
    case storage(path: String, because: String)

    package var description: String {
        switch self {
        case .portTaken(let port): "port \(port) is taken by another program"
        case .cannotListen(let host, let port, let because):
            "cannot listen on \(host):\(port): \(because)"
        case .directoryInUse(let path): "another process has the store at \(path) open"
        case .formatTooNew(let path, let found, let known):
            "the store at \(path) has format \(found), and this release knows up to \(known)"
        case .tls(let file, let because): "TLS cannot use \(file): \(because)"
        case .authorizerNeedsPasswords:
            "AllowAllAuthenticator can't be used with CassandraAuthorizer"
        case .storage(let path, let because): "the store at \(path) failed: \(because)"
        }
    }
}
