// Users that log in by SCRAM: listed, added, changed, removed. Passwords never leave this machine.

import KafkaProtocol
import NIOCore

/// One way a user can log in.
public struct ScramCredentialInfo: Sendable, Equatable {
    public var user: String
    /// `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    public var mechanism: String
    public var iterations: Int
}

extension KafkaAdmin {
    private static func number(_ mechanism: String) throws(KafkaError) -> (Int8, ScramHash) {
        guard let hash = ScramHash(rawValue: mechanism) else {
            throw .configuration("the mechanism is SCRAM-SHA-256 or SCRAM-SHA-512")
        }
        return (hash == .sha256 ? 1 : 2, hash)
    }

    /// - Parameter users: `nil` for all.
    public func scramCredentials(_ users: [String]? = nil) async throws(KafkaError)
        -> [ScramCredentialInfo]
    {
        let request = DescribeUserScramCredentialsRequest {
            $0.users = users.map { names in names.map { name in .init { $0.name = name } } }
        }
        let response = try await cluster.controller(request).response
        guard response.errorCode == .none else {
            throw KafkaError(response.errorCode, response.errorMessage)
        }
        var found: [ScramCredentialInfo] = []
        for result in response.results {
            guard result.errorCode == .none else {
                throw KafkaError(result.errorCode, result.errorMessage)
            }
            for info in result.credentialInfos {
                found.append(
                    ScramCredentialInfo(
                        user: result.user,
                        mechanism: info.mechanism == 1 ? "SCRAM-SHA-256" : "SCRAM-SHA-512",
                        iterations: Int(info.iterations)))
            }
        }
        return found
    }

    /// Gives a user a password, or another one.
    public func upsertScram(
        user: String, password: String, mechanism: String, iterations: Int = 8_192
    ) async throws(KafkaError) {
        let (number, hash) = try Self.number(mechanism)
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let request = AlterUserScramCredentialsRequest {
            $0.upsertions = [
                .init {
                    $0.name = user
                    $0.mechanism = number
                    $0.iterations = Int32(clamping: iterations)
                    $0.salt = salt
                    $0.saltedPassword = hash.salted(
                        password, salt: salt, iterations: iterations)
                }
            ]
        }
        try await alter(request)
    }

    public func deleteScram(user: String, mechanism: String) async throws(KafkaError) {
        let (number, _) = try Self.number(mechanism)
        try await alter(
            AlterUserScramCredentialsRequest {
                $0.deletions = [
                    .init {
                        $0.name = user
                        $0.mechanism = number
                    }
                ]
            })
    }

    private func alter(_ request: AlterUserScramCredentialsRequest) async throws(KafkaError) {
        let response = try await cluster.controller(request).response
        for result in response.results where result.errorCode != .none {
            throw KafkaError(result.errorCode, result.errorMessage)
        }
    }
}
