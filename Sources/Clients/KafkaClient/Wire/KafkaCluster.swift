// A cluster's brokers behind connections of our own: each request goes to the broker that must answer.

import KafkaProtocol
import MillraceBase

/// Keeps one connection to each broker it has needed. Calls may overlap.
actor KafkaCluster {
    private let bootstrap: [(host: String, port: Int)]
    private let properties: [String: String]
    private var connections: [String: WireConnection] = [:]
    private var addresses: [Int32: (host: String, port: Int)] = [:]
    private var controllerID: Int32 = -1
    private var isClosed = false

    init(_ configuration: KafkaConfiguration) {
        properties = KafkaConfiguration.common.merging(configuration.properties) { $1 }
        bootstrap = (properties["bootstrap.servers"] ?? "").split(separator: ",").compactMap {
            Self.address(String($0))
        }
    }

    /// `host:port`, `[::1]:port`, or a host alone.
    private static func address(_ text: String) -> (host: String, port: Int)? {
        let trimmed = text.split(separator: " ").joined()
        guard !trimmed.isEmpty else { return nil }
        guard let colon = trimmed.lastIndex(of: ":"), !trimmed.hasSuffix("]"),
            let port = Int(trimmed[trimmed.index(after: colon)...])
        else { return (trimmed, KafkaConfiguration.defaultPort) }
        let host = trimmed[..<colon].drop { $0 == "[" }
        return (String(host.hasSuffix("]") ? host.dropLast() : host), port)
    }

    func close() async {
        isClosed = true
        let open = connections.values
        connections = [:]
        for connection in open { await connection.close() }
    }

    // MARK: Who answers

    /// Any broker that can be reached.
    func any<Request: KafkaRequest>(
        _ request: Request, versionMax: Int16 = .max
    ) async throws(KafkaError) -> (response: Request.Response, version: Int16) {
        try await anyone().send(request, versionMax: versionMax)
    }

    /// The controller as the newest metadata names it; `refusal` tells an answer that says otherwise.
    func controller<Request: KafkaRequest>(
        _ request: Request, versionMax: Int16 = .max,
        refusal: (Request.Response) -> KafkaErrorCode = { _ in .none }
    ) async throws(KafkaError) -> (response: Request.Response, version: Int16) {
        try await retrying { isAgain throws(KafkaError) in
            if isAgain || self.controllerID < 0 { try await self.refresh() }
            return try await self.node(self.controllerID).send(request, versionMax: versionMax)
        } refusal: {
            refusal($0.response)
        }
    }

    /// The broker that coordinates a group.
    func coordinator<Request: KafkaRequest>(
        of group: String, _ request: Request, versionMax: Int16 = .max,
        refusal: (Request.Response) -> KafkaErrorCode
    ) async throws(KafkaError) -> (response: Request.Response, version: Int16) {
        try await retrying { _ throws(KafkaError) in
            let id = try await self.coordinatorID(of: group)
            return try await self.node(id).send(request, versionMax: versionMax)
        } refusal: {
            refusal($0.response)
        }
    }

    func node<Request: KafkaRequest>(
        _ id: Int32, _ request: Request, versionMax: Int16 = .max
    ) async throws(KafkaError) -> (response: Request.Response, version: Int16) {
        try await node(id).send(request, versionMax: versionMax)
    }

    /// - Parameter topics: `nil` for all.
    func metadata(_ topics: [String]?) async throws(KafkaError) -> MetadataResponse {
        let request = MetadataRequest {
            $0.topics = topics.map { names in names.map { name in .init { $0.name = name } } }
            $0.allowAutoTopicCreation = false
        }
        let response = try await any(request, versionMax: 12).response
        addresses = [:]
        for broker in response.brokers {
            addresses[broker.nodeID] = (broker.host, Int(broker.port))
        }
        controllerID = response.controllerID
        return response
    }

    /// The ids of all brokers.
    func nodeIDs() async throws(KafkaError) -> [Int32] {
        try await refresh()
        return addresses.keys.sorted()
    }

    // MARK: Parts

    private func refresh() async throws(KafkaError) { _ = try await metadata([]) }

    private func coordinatorID(of group: String) async throws(KafkaError) -> Int32 {
        let request = FindCoordinatorRequest { $0.key = group }
        let answer = try await retrying { _ throws(KafkaError) in
            try await self.any(request, versionMax: 3).response
        } refusal: {
            $0.errorCode
        }
        guard answer.errorCode == .none else {
            throw KafkaError(answer.errorCode, answer.errorMessage)
        }
        addresses[answer.nodeID] = (answer.host, Int(answer.port))
        return answer.nodeID
    }

    private func node(_ id: Int32) async throws(KafkaError) -> WireConnection {
        if addresses[id] == nil { try await refresh() }
        // A cluster without a controller in its metadata: whoever is there passes requests on.
        guard let address = addresses[id] else { return try await anyone() }
        do { return try await connection(address) } catch {
            // It may have come back elsewhere.
            try await refresh()
            guard let moved = addresses[id], moved != address else { throw error }
            return try await connection(moved)
        }
    }

    private func anyone() async throws(KafkaError) -> WireConnection {
        if let open = connections.values.first(where: \.isOpen) { return open }
        var failure = KafkaError.transport("no broker's address was given")
        for address in bootstrap {
            do { return try await connection(address) } catch { failure = error }
        }
        throw failure
    }

    private func connection(
        _ address: (host: String, port: Int)
    ) async throws(KafkaError) -> WireConnection {
        guard !isClosed else { throw .closed }
        let name = "\(address.host):\(address.port)"
        if let known = connections[name], known.isOpen { return known }
        let opened = try await WireConnection.open(
            host: address.host, port: address.port, try WireSecurity(properties))
        // Another call may have opened one during the wait; the first stays.
        if let known = connections[name], known.isOpen {
            await opened.close()
            return known
        }
        connections[name] = opened
        return opened
    }

    /// Tries again while an answer says that its broker is not, or not yet, the one to ask.
    private func retrying<Answer>(
        _ call: (_ isAgain: Bool) async throws(KafkaError) -> Answer,
        refusal: (Answer) -> KafkaErrorCode
    ) async throws(KafkaError) -> Answer {
        var isAgain = false
        for _ in 1..<WireLimits.retriesMax {
            let answer = try await call(isAgain)
            guard Self.passing.contains(refusal(answer)) else { return answer }
            isAgain = true
            do { try await Task.sleep(for: .milliseconds(WireLimits.retryMilliseconds)) } catch {
                throw .cancelled
            }
        }
        return try await call(true)
    }

    private static let passing: Set<KafkaErrorCode> = [
        .notController, .notCoordinator, .coordinatorNotAvailable, .coordinatorLoadInProgress,
        .unstableOffsetCommit,
    ]
}
