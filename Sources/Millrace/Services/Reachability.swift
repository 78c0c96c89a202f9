// Does anybody listen there? Asked before a client is let loose, which would try for minutes.

import Foundation
import MillraceBase

/// Whether somebody else's server can be connected to at all.
enum Reachability {
    /// How long one host may take; a server that is up answers a connection much sooner.
    private static let patienceMilliseconds: Int32 = 5_000

    /// Connects to each host in turn until one answers.
    ///
    /// - Returns: `nil` when one did, else why the last one did not.
    static func trouble(of endpoint: Endpoint, defaultPort: Int) async -> String? {
        let thread = SerialThread("reachability")
        return try? await thread.run {
            var last: String? = "the URL names no host"
            for host in endpoint.hosts {
                last = trouble(name: host.name, port: host.port ?? defaultPort)
                    .map { "\(host.name):\(host.port ?? defaultPort): \($0)" }
                if last == nil { return nil }
            }
            return last
        }
    }

    /// - Throws: `Failure` when nobody listens at any of the hosts.
    static func demand(
        _ endpoint: Endpoint, defaultPort: Int, what: String, at place: String, next: String
    ) async throws {
        if let trouble = await trouble(of: endpoint, defaultPort: defaultPort) {
            throw Failure("cannot reach \(what)", at: place, because: trouble, next: next)
        }
    }

    private static func trouble(name: String, port: Int) -> String? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, String(port), &hints, &found)
        guard status == 0 else { return String(cString: gai_strerror(status)) }
        defer { freeaddrinfo(found) }
        var last: String? = "it has no address"
        var next = found
        while let info = next {
            last = trouble(connecting: info.pointee)
            if last == nil { return nil }
            next = info.pointee.ai_next
        }
        return last
    }

    private static func trouble(connecting info: addrinfo) -> String? {
        let descriptor = socket(info.ai_family, info.ai_socktype, info.ai_protocol)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        defer { close(descriptor) }
        guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
            return String(cString: strerror(errno))
        }
        if connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 { return nil }
        guard errno == EINPROGRESS else { return String(cString: strerror(errno)) }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&waiting, 1, patienceMilliseconds) > 0 else {
            return "no answer in \(patienceMilliseconds / 1_000) s"
        }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else {
            return String(cString: strerror(errno))
        }
        return code == 0 ? nil : String(cString: strerror(code))
    }
}
