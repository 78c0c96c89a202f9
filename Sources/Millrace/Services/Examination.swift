// The checks of `millrace doctor`, one finding each.

import AsyncHTTPClient
import CQLClient
import Foundation
import KafkaClient
import Logging
import MillraceBase
import MillraceLanding
import NIOCore
import PostgresClient
import RandomUserClient
import RegistryClient

struct Finding: Sendable {
    var check: String
    var isWell: Bool
    var detail: String
    var next = ""
}

struct Examination: Sendable {
    let settings: Settings
    let logger: Logger

    /// Less than this on the data directory's disk is a finding.
    static let freeBytesMin = 1 << 30
    private static let patience: Duration = .seconds(10)

    func findings() async -> [Finding] {
        var all = libraries() + [disk()]
        let isLive = ((try? StackFile.live(in: DataDirectory(settings.data))) ?? nil) != nil
        // All at once: one that does not answer must not make the others wait.
        let stages = StageName.allCases
        let found = await withTaskGroup(of: (Int, Finding?).self) { group in
            for (index, stage) in stages.enumerated() {
                group.addTask { (index, await finding(of: stage, isLive: isLive)) }
            }
            return await group.reduce(into: [Int: Finding]()) { $0[$1.0] = $1.1 }
        }
        all += stages.indices.compactMap { found[$0] }
        return all
    }

    private func finding(of stage: StageName, isLive: Bool) async -> Finding? {
        let endpoint = settings.endpoint(stage.rawValue)
        guard endpoint.scheme == "embedded" else { return await reach(stage, endpoint) }
        if isLive { return Finding(check: stage.rawValue, isWell: true, detail: "embedded, up") }
        return port(of: stage, endpoint)
    }

    private func libraries() -> [Finding] {
        [
            ("librdkafka", KafkaLibrary.version), ("libpq", PostgresLibrary.version),
            ("SQLite", SQLiteLibrary.version),
        ].map { Finding(check: $0.0, isWell: true, detail: $0.1) }
    }

    private func disk() -> Finding {
        var path = settings.data
        while !FileManager.default.fileExists(atPath: path) {
            let parent = (path as NSString).deletingLastPathComponent
            path = parent.isEmpty ? "." : parent
        }
        var finding = Finding(check: "disk of \(settings.data)", isWell: false, detail: "")
        guard access(path, W_OK) == 0, let free = DataDirectory.freeBytes(at: path) else {
            finding.detail = "not writable: \(String(cString: strerror(errno)))"
            finding.next = "--data PATH of a folder you may write"
            return finding
        }
        finding.isWell = free >= Self.freeBytesMin
        finding.detail = "\(Shown.count(free >> 20)) MiB free"
        finding.next = "make room, or --data PATH on another disk"
        return finding
    }

    private func port(of stage: StageName, _ endpoint: Endpoint) -> Finding? {
        guard let port = endpoint.port ?? stage.standardPort, port > 0 else { return nil }
        let reason = LoopbackPort.whyTaken(port)
        return Finding(
            check: stage.rawValue, isWell: reason == nil,
            detail: reason.map { "port \(port): \($0)" } ?? "embedded, port \(port) is free",
            next: "--\(stage.rawValue) \"embedded:?port=0\", or stop the program on port \(port)")
    }

    private func reach(_ stage: StageName, _ endpoint: Endpoint) async -> Finding {
        var finding = Finding(check: "\(stage.rawValue) \(endpoint)", isWell: true, detail: "")
        finding.next = "start it, or mend the URL: \(settings.place(of: stage.rawValue))"
        if let port = Self.defaultPort(endpoint),
            let trouble = await Reachability.trouble(of: endpoint, defaultPort: port)
        {
            finding.isWell = false
            finding.detail = trouble
            return finding
        }
        do {
            finding.detail = try await Self.within(Self.patience) {
                try await answer(of: stage, endpoint)
            }
        } catch {
            finding.isWell = false
            finding.detail = error is TooLate ? "no answer in 10 s" : "\(error)"
        }
        return finding
    }

    /// The port of a scheme whose server is asked by TCP first; `nil` for one that is not.
    private static func defaultPort(_ endpoint: Endpoint) -> Int? {
        switch endpoint.scheme {
        case "kafka": 9092
        case "cassandra": 9042
        case "https": 443
        case "http": 80
        default: nil
        }
    }

    /// Says hello in the stage's own protocol.
    private func answer(of stage: StageName, _ endpoint: Endpoint) async throws -> String {
        switch endpoint.scheme {
        case "kafka":
            let admin = try KafkaAdmin(KafkaConfiguration(endpoint))
            do {
                let cluster = try await admin.metadata()
                await admin.close()
                return "\(cluster.brokers.count) brokers, \(cluster.topics.count) topics"
            } catch {
                await admin.close()
                throw error
            }
        case "cassandra":
            let session = try await CQLSession.connect(endpoint, logger: logger)
            await session.close()
            return "connected"
        case "postgres", "postgresql":
            let landing = try PostgresLanding(endpoint)
            do {
                try await landing.prepare()
                await landing.close()
            } catch {
                await landing.close()
                throw error
            }
            return "connected, tables ready"
        case "sqlite": return "a file"
        case "file":
            let source = try FilePeopleSource(path: endpoint.path)
            let count = try await source.count() ?? 0
            return "\(Shown.count(count)) records"
        case "http", "https":
            if stage == .registry {
                let subjects = try await RegistryConnection(endpoint).subjects()
                return "\(subjects.count) subjects"
            }
            let source = HTTPPeopleSource(endpoint)
            let people = try await source.fetch(
                PageRequest(seed: "millrace", page: 1, count: 1, offset: 0))
            await source.close()
            return people.isEmpty ? "answers without people" : "answers with people"
        default:
            throw Failure(
                "no \(stage.rawValue) speaks \"\(endpoint.scheme)\"", at: endpoint.description,
                next: Setting.named(stage.rawValue)?.help ?? "")
        }
    }

    private struct TooLate: Error {}

    private static func within<Value: Sendable>(
        _ limit: Duration, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Value.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: limit)
                throw TooLate()
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw TooLate() }
            return first
        }
    }
}

/// Whether a port of this machine can be listened on.
enum LoopbackPort {
    /// - Returns: the system's words when it cannot, `nil` when it can.
    static func whyTaken(_ port: Int) -> String? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return String(cString: strerror(errno)) }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return bound == 0 ? nil : String(cString: strerror(errno))
    }
}
