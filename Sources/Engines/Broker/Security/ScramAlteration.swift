// What a change of SCRAM credentials would do: records for the users in order, errors for the others.
// Source: KIP-554; each user is named once in a request, and fails or succeeds alone

import KafkaProtocol

struct ScramAlteration {
    struct Fault: Equatable {
        var code: KafkaErrorCode
        var message: String
    }

    /// All that the request names, each once, in its order.
    private(set) var users: [String] = []
    private(set) var faults: [String: Fault] = [:]
    private(set) var records: [MetadataRecord] = []

    init(
        _ request: AlterUserScramCredentialsRequest,
        known: [String: [Int8: ScramCredential]]
    ) {
        var pairs: Set<String> = []
        let named =
            request.deletions.map { ($0.name, $0.mechanism) }
            + request.upsertions.map { ($0.name, $0.mechanism) }
        for (name, mechanism) in named {
            if !users.contains(name) { users.append(name) }
            guard pairs.insert("\(mechanism):\(name)").inserted else {
                refuse(
                    name, .duplicateResource,
                    "A user credential cannot be altered twice in the same request")
                continue
            }
        }
        for deletion in request.deletions { check(deletion, known) }
        for upsertion in request.upsertions { check(upsertion) }
        // A user fails as a whole, so records come after all checks.
        for deletion in request.deletions where faults[deletion.name] == nil {
            records.append(.removeScram(deletion.name, mechanism: deletion.mechanism))
        }
        for upsertion in request.upsertions where faults[upsertion.name] == nil {
            guard let hash = Self.hash(upsertion.mechanism) else { continue }
            records.append(
                .scram(
                    upsertion.name, mechanism: upsertion.mechanism,
                    hash.credential(
                        saltedPassword: upsertion.saltedPassword, salt: upsertion.salt,
                        iterations: upsertion.iterations)))
        }
    }

    private static func hash(_ number: Int8) -> ScramHash? {
        [ScramHash.sha256, .sha512].first { $0.mechanism.scramNumber == number }
    }

    private mutating func refuse(_ user: String, _ code: KafkaErrorCode, _ message: String) {
        if faults[user] == nil { faults[user] = Fault(code: code, message: message) }
    }

    private mutating func check(
        _ deletion: AlterUserScramCredentialsRequest.Deletion,
        _ known: [String: [Int8: ScramCredential]]
    ) {
        if deletion.name.isEmpty {
            refuse(deletion.name, .unacceptableCredential, "Username must not be empty")
        } else if Self.hash(deletion.mechanism) == nil {
            refuse(deletion.name, .unsupportedSaslMechanism, "Unknown SCRAM mechanism")
        } else if known[deletion.name]?[deletion.mechanism] == nil {
            refuse(
                deletion.name, .resourceNotFound,
                "Attempt to delete a user credential that does not exist")
        }
    }

    private mutating func check(_ upsertion: AlterUserScramCredentialsRequest.Upsertion) {
        let name = upsertion.name
        guard !name.isEmpty else {
            return refuse(name, .unacceptableCredential, "Username must not be empty")
        }
        guard let hash = Self.hash(upsertion.mechanism) else {
            return refuse(name, .unsupportedSaslMechanism, "Unknown SCRAM mechanism")
        }
        if name.utf8.count > Limits.saslUserNameBytesMax {
            refuse(name, .unacceptableCredential, "Username is too long")
        } else if upsertion.iterations < Limits.scramIterations.lowerBound {
            refuse(name, .unacceptableCredential, "Too few iterations")
        } else if upsertion.iterations > Limits.scramIterations.upperBound {
            refuse(name, .unacceptableCredential, "Too many iterations")
        } else if upsertion.salt.isEmpty || upsertion.salt.count > Limits.scramSaltBytesMax {
            refuse(name, .unacceptableCredential, "Attempt to set an invalid salt")
        } else if upsertion.saltedPassword.count != hash.sizeBytes {
            refuse(name, .unacceptableCredential, "Attempt to set an invalid salted password")
        }
    }
}
