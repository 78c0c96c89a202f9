// Logging in: AUTH_RESPONSE, and what it is answered.

import CQLProtocol
import Logging
import MillraceBase
import NIOCore

extension ConnectionHandler {
    /// The answer to a STARTUP that is well.
    func welcome(_ envelope: Envelope) {
        switch router.core.authenticator {
        case .allowAll:
            client.change { $0.stage = "READY" }
            answer(.ready, envelope)
        case .password:
            machine.loginNeeded()
            client.change { $0.stage = "AUTHENTICATING" }
            answer(
                .authenticate("org.apache.cassandra.auth.PasswordAuthenticator"), envelope)
        }
    }

    /// Source: native_protocol_v5.spec, section 4.2.3.
    func login(_ envelope: Envelope) {
        guard let context, let version = envelope.protocolVersion else { return }
        let (loop, stream) = (context.eventLoop, envelope.stream)
        let bound = NIOLoopBound(self, eventLoop: loop)
        do throws(WireError) {
            guard case .authResponse(let token) = try request(envelope).request else { return }
            switch Credentials.read(token) {
            case .failure(let error): loginEnded(.failure(error), stream, version)
            case .success(let credentials):
                router.logins.add(credentials) { result in
                    loop.execute { bound.value.loginEnded(result, stream, version) }
                }
            }
        } catch {
            loginEnded(.failure(.badCredentials("\(error)")), stream, version)
        }
    }

    private func loginEnded(
        _ result: Result<String, StatementError>, _ stream: Int16, _ version: ProtocolVersion
    ) {
        let response: CQLResponse
        switch result {
        case .success(let name):
            client.change { details in
                details.stage = "READY"
                details.userName = name
            }
            response = .authSuccess(nil)
            _ = machine.loginEnded(succeeded: true)
        case .failure(let error):
            response = .error(error.wire)
            logger.info("a login failed", metadata: ["why": "\(error.message)"])
            if !machine.loginEnded(succeeded: false) { closesAfterFlush = true }
        }
        outbox?.send(response, stream: stream, version: version, requestBytes: nil)
    }
}

extension Outbox {
    /// The role that logged in; `nil` where nobody is asked.
    var user: String? { client.current.userName }
}
