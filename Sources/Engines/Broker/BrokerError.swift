// Why a broker does not start, or stops.

package enum BrokerError: Error, Equatable, CustomStringConvertible {
    case portTaken(Int)
    /// The address cannot be listened on; the system's reason.
    case cannotListen(host: String, port: Int, because: String)
    /// A file operation failed; the system's reason.
    case file(path: String, operation: String, because: String)
    /// Another broker has the directory open.
    case directoryInUse(String)
    /// A file of ours says what it cannot say.
    case corrupt(path: String, because: String)
    /// The directory belongs to another cluster than the configuration says.
    case otherCluster(path: String, kept: String, wanted: String)
    /// A setting or a file of TLS, SASL or the listeners cannot be used; never says a secret.
    case security(_ place: String, because: String)

    package var description: String {
        switch self {
        case .portTaken(let port): "port \(port) is taken"
        case .cannotListen(let host, let port, let because):
            "cannot listen on \(host):\(port): \(because)"
        case .file(let path, let operation, let because): "cannot \(operation) \(path): \(because)"
        case .directoryInUse(let path): "another broker uses \(path)"
        case .corrupt(let path, let because): "\(path) is damaged: \(because)"
        case .otherCluster(let path, let kept, let wanted):
            "\(path) belongs to cluster \(kept), not \(wanted)"
        case .security(let place, let because): "\(place) cannot be used: \(because)"
        }
    }
}
