// The requests of SASL exchanges where there are none, and of SCRAM passwords.
// Sources: KIP-554; org.apache.kafka.controller.ScramControlManager (limits and errors)

import KafkaProtocol
import MillraceBase

extension BrokerCore {
    /// Those of `handleSecurity` that are served.
    static let securityKeys: [ApiKey] = [
        .saslHandshake, .saslAuthenticate, .describeUserScramCredentials,
        .alterUserScramCredentials,
    ]

    /// SASL that comes here is out of place: `ConnectionHandler` answers what is in place.
    func handleSecurity(_ request: IncomingRequest, _ reply: Reply) throws(WireError) {
        switch request.key {
        case .saslHandshake:
            reply.send(
                SaslHandshakeRequest.self,
                SaslHandshakeResponse { $0.errorCode = .illegalSaslState })
        case .saslAuthenticate:
            reply.send(
                SaslAuthenticateRequest.self,
                SaslAuthenticateResponse {
                    $0.errorCode = .illegalSaslState
                    $0.errorMessage = "this listener asks for no SASL now"
                })
        case .describeUserScramCredentials:
            describeUserScramCredentials(try read(request), reply)
        case .alterUserScramCredentials:
            alterUserScramCredentials(try read(request), reply)
        default:
            throw WireError(.unsupported(Int(request.header.apiKey)), in: "API key of security")
        }
    }

    private static let notAuthorized = "Cluster authorization failed."

    // MARK: Describe

    private func describeUserScramCredentials(
        _ request: DescribeUserScramCredentialsRequest, _ reply: Reply
    ) {
        guard allows(reply, .describe, .cluster) else {
            return reply.send(
                DescribeUserScramCredentialsRequest.self,
                DescribeUserScramCredentialsResponse {
                    $0.errorCode = .clusterAuthorizationFailed
                    $0.errorMessage = Self.notAuthorized
                    $0.results = (request.users ?? []).map { user in
                        .init {
                            $0.user = user.name
                            $0.errorCode = .clusterAuthorizationFailed
                            $0.errorMessage = Self.notAuthorized
                        }
                    }
                })
        }
        let all = metadata.image.scramCredentials
        let asked = request.users.flatMap { $0.isEmpty ? nil : $0.map(\.name) }
        let names = asked ?? all.keys.sorted()
        let counts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
        var seen: Set<String> = []
        let results = names.filter { seen.insert($0).inserted }.map { name in
            DescribeUserScramCredentialsResponse.Result {
                $0.user = name
                guard counts[name] == 1 else {
                    $0.errorCode = .duplicateResource
                    $0.errorMessage =
                        "Cannot describe SCRAM credentials for the same user twice in a "
                        + "single request: \(name)"
                    return
                }
                guard let credentials = all[name] else {
                    $0.errorCode = .resourceNotFound
                    $0.errorMessage =
                        "Attempt to describe a user credential that does not exist: "
                        + name
                    return
                }
                $0.credentialInfos = credentials.sorted { $0.key < $1.key }.map { entry in
                    .init {
                        $0.mechanism = entry.key
                        $0.iterations = entry.value.iterations
                    }
                }
            }
        }
        reply.send(
            DescribeUserScramCredentialsRequest.self,
            DescribeUserScramCredentialsResponse { $0.results = results })
    }

    // MARK: Alter

    private func alterUserScramCredentials(
        _ request: AlterUserScramCredentialsRequest, _ reply: Reply
    ) {
        guard allows(reply, .alter, .cluster) else {
            let users = Set(request.deletions.map(\.name) + request.upsertions.map(\.name))
            return reply.send(
                AlterUserScramCredentialsRequest.self,
                AlterUserScramCredentialsResponse {
                    $0.results = users.sorted().map { user in
                        .init {
                            $0.user = user
                            $0.errorCode = .clusterAuthorizationFailed
                            $0.errorMessage = Self.notAuthorized
                        }
                    }
                })
        }
        blocking(reply) {
            let plan = ScramAlteration(request, known: self.metadata.image.scramCredentials)
            var faults = plan.faults
            do throws(MetadataLogError) {
                if !plan.records.isEmpty { try self.metadata.append(plan.records) }
            } catch {
                for user in plan.users where faults[user] == nil {
                    faults[user] = ScramAlteration.Fault(
                        code: .kafkaStorageError, message: "\(error)")
                }
            }
            reply.send(
                AlterUserScramCredentialsRequest.self,
                AlterUserScramCredentialsResponse {
                    $0.results = plan.users.map { user in
                        .init {
                            $0.user = user
                            $0.errorCode = faults[user]?.code ?? .none
                            $0.errorMessage = faults[user]?.message
                        }
                    }
                })
        }
    }

    /// Gives the users of the configuration their credentials where they have none. Blocks.
    func createScramUsers() throws(BrokerError) {
        let known = metadata.image.scramCredentials
        var records: [MetadataRecord] = []
        for (user, password) in configuration.sasl.scramUsers.sorted(by: { $0.key < $1.key }) {
            for hash in [ScramHash.sha256, .sha512] {
                guard let number = hash.mechanism.scramNumber, known[user]?[number] == nil else {
                    continue
                }
                let salt = ScramRandom.bytes(Limits.scramSaltBytes)
                let iterations = Limits.scramIterations.lowerBound
                let salted = hash.salted(
                    Array(password.text.utf8), salt: salt, iterations: iterations)
                records.append(
                    .scram(
                        user, mechanism: number,
                        hash.credential(
                            saltedPassword: salted, salt: salt, iterations: iterations)))
            }
        }
        guard !records.isEmpty else { return }
        do throws(MetadataLogError) { try metadata.append(records) } catch {
            throw .security("the users of SCRAM", because: "\(error)")
        }
    }
}

extension AlterUserScramCredentialsResponse.Result {
    fileprivate init(_ fill: (inout Self) -> Void) {
        self.init()
        fill(&self)
    }
}
