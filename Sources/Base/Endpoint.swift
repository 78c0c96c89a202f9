// The URL of a stage: which system plays it, and where it is.

/// An address of one stage, parsed once at the edge: `scheme:rest`, with or without `//`.
///
///     embedded:                              our own engine on its usual port
///     embedded:?port=0                       our own engine on a free port
///     kafka://a:9092,b:9092                  several hosts of one real system
///     postgres://user:secret@host:5432/db    user info, and a path
///     sqlite:data/landing.sqlite             a path of this machine
///     https://randomuser.me/api/             any other URL
///
/// Its description hides the password, so it can be printed and logged.
public struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    public struct Host: Sendable, Hashable, CustomStringConvertible {
        /// A name or an address, IPv6 without its brackets.
        public var name: String
        public var port: Int?

        public init(_ name: String, port: Int? = nil) {
            self.name = name
            self.port = port
        }

        public var description: String {
            let shown = name.contains(":") ? "[\(name)]" : name
            return port.map { "\(shown):\($0)" } ?? shown
        }
    }

    /// In lower case, without the colon.
    public var scheme: String
    public var user: String?
    public var password: String?
    /// Empty for a scheme without `//`.
    public var hosts: [Host]
    /// With its leading slash for a URL with hosts; as given for one without.
    public var path: String
    /// What stands after `?`, percent-decoded; the last of equal names wins.
    public var options: [String: String]

    public init(
        scheme: String, hosts: [Host] = [], path: String = "", options: [String: String] = [:],
        user: String? = nil, password: String? = nil
    ) {
        self.scheme = scheme
        self.hosts = hosts
        self.path = path
        self.options = options
        self.user = user
        self.password = password
    }

    public var host: String? { hosts.first?.name }

    /// The first host's port, or the option `port` of a scheme without hosts.
    public var port: Int? { hosts.first?.port ?? options["port"].flatMap { Int($0) } }

    /// What clients of several hosts take: `a:9092,b:9092`, each with a port.
    public func authorities(defaultPort: Int) -> String {
        hosts.map { Host($0.name, port: $0.port ?? defaultPort).description }
            .joined(separator: ",")
    }

    public var description: String { text(showingPassword: false) }

    /// The whole URL, password included: for a client library, never for a person or a log.
    public var secretText: String { text(showingPassword: true) }

    private func text(showingPassword: Bool) -> String {
        var out = scheme + ":"
        if !hosts.isEmpty {
            out += "//"
            if let user {
                out += PercentCoding.encoded(user)
                if let password {
                    out += ":" + (showingPassword ? PercentCoding.encoded(password) : "***")
                }
                out += "@"
            }
            out += hosts.map(\.description).joined(separator: ",")
        }
        out += path
        let secrets: Set<String> = [
            "password", "sasl.password", "sslpassword", "token", "ssl.key.password", "ssl.key.pem",
            "ssl.keystore.password", "sasl.oauthbearer.client.secret",
        ]
        let shown = options.sorted { $0.key < $1.key }.map { name, value in
            let hidden = secrets.contains(name) && !showingPassword
            return PercentCoding.encoded(name) + "="
                + (hidden ? "***" : PercentCoding.encoded(value))
        }
        return shown.isEmpty ? out : out + "?" + shown.joined(separator: "&")
    }
}
