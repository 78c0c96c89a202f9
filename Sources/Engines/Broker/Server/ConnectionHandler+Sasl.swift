// Who a connection's client is: its certificate, its SASL exchange, and the end of its session.

import Foundation
import KafkaProtocol
import Logging
import MillraceBase
import NIOCore
import NIOSSL

extension ConnectionHandler {
    // MARK: Before the first request

    /// Called when the connection was made: time runs for a client that has to say who it is.
    func beginAuthentication(_ context: ChannelHandlerContext) {
        sasl = core.security.machine(for: listener.configuration, metadata: core.metadata)
        guard sasl != nil || listener.tls != nil else { return }
        limitFrames(
            to: min(
                core.configuration.limits.requestBytesMax, Limits.unauthenticatedRequestBytesMax))
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let time = TimeAmount.seconds(core.configuration.limits.authenticationSeconds)
        authenticationTimer = context.eventLoop.scheduleTask(in: time) {
            connection.value.close()
        }
    }

    /// Makes the session with the first bytes, which TLS gives out only after its handshake.
    /// - Returns: false when the client is refused.
    func begunSession(_ context: ChannelHandlerContext) -> Bool {
        guard session == nil else { return true }
        var session = listener.session(of: context.channel)
        if let tls = listener.tls, sasl == nil {
            do throws(BrokerError) {
                let handler = try? context.pipeline.syncOperations.handler(
                    type: NIOSSLServerHandler.self)
                session = session.named(try tls.principal(of: handler?.peerCertificate))
            } catch {
                core.logger.info("refusing a client", metadata: ["reason": "\(error)"])
                close()
                return false
            }
        }
        self.session = session
        if sasl == nil { opened() }
        return true
    }

    /// The client may ask for anything now.
    private func opened() {
        authenticationTimer?.cancel()
        authenticationTimer = nil
        limitFrames(to: core.configuration.limits.requestBytesMax)
    }

    // MARK: Requests

    /// - Returns: false for a request that the broker is to answer.
    func takesPartInSasl(_ request: IncomingRequest, _ reply: Reply) -> Bool {
        guard let sasl else { return false }
        switch sasl.verdict(on: request.key, nowMilliseconds: Self.nowMilliseconds) {
        case .serve:
            return false
        case .takesPart, .illegal:
            do throws(WireError) {
                try takePart(request, reply)
            } catch {
                close()
            }
        case .expired:
            core.logger.info(
                "closing a session that was not renewed",
                metadata: ["principal": "\(reply.principal)"])
            close()
        }
        return true
    }

    private func takePart(_ request: IncomingRequest, _ reply: Reply) throws(WireError) {
        switch request.key {
        case .saslHandshake:
            let handshake: SaslHandshakeRequest = try core.read(request)
            handle(handshake, reply)
        case .saslAuthenticate:
            let token: SaslAuthenticateRequest = try core.read(request)
            handle(token, reply)
        default:
            // Anything else has no form in which an error could be said for all versions.
            close()
        }
    }

    private func handle(_ handshake: SaslHandshakeRequest, _ reply: Reply) {
        guard
            let answer = sasl?.handshake(
                mechanism: handshake.mechanism, version: reply.header.apiVersion)
        else { return close() }
        isEnding = isEnding || answer.endsConnection
        reply.send(
            SaslHandshakeRequest.self,
            SaslHandshakeResponse {
                $0.errorCode = answer.error
                $0.mechanisms = answer.mechanisms
            })
    }

    private func handle(_ request: SaslAuthenticateRequest, _ reply: Reply) {
        guard
            let answer = sasl?.received(
                request.authBytes, nowMilliseconds: Self.nowMilliseconds)
        else { return close() }
        act(on: answer, answering: reply)
    }

    /// A token without a request around it; its answer goes out the same way.
    func receivedRawToken(_ frame: ByteBuffer) {
        guard
            let answer = sasl?.received(
                Array(frame.readableBytesView), nowMilliseconds: Self.nowMilliseconds)
        else { return close() }
        act(on: answer, answering: nil)
    }

    // MARK: Answers

    /// - Parameter reply: `nil` for raw tokens.
    private func act(on answer: SaslMachine.TokenAnswer, answering reply: Reply?) {
        switch answer {
        case .challenge(let bytes):
            send(bytes, lifetimeMilliseconds: 0, reply)
        case .check(let token):
            check(token, reply)
        case .opened(let principal, let final, let lifetimeMilliseconds):
            session = session?.named(principal)
            opened()
            core.logger.debug("a client is known", metadata: ["principal": "\(principal)"])
            send(final, lifetimeMilliseconds: lifetimeMilliseconds, reply)
        case .refused(let error, let message):
            refuse(error, message, reply)
        }
    }

    private func send(_ bytes: [UInt8], lifetimeMilliseconds: Int64, _ reply: Reply?) {
        guard let reply else {
            var frame = ByteBuffer()
            frame.writeInteger(Int32(bytes.count))
            frame.writeBytes(bytes)
            context?.writeAndFlush(wrapOutboundOut(frame), promise: nil)
            return
        }
        reply.send(
            SaslAuthenticateRequest.self,
            SaslAuthenticateResponse {
                $0.authBytes = bytes
                $0.sessionLifetimeMilliseconds = lifetimeMilliseconds
            })
    }

    /// Keys are asked by asynchronous code; the connection takes no frame meanwhile.
    private func check(_ token: String, _ reply: Reply?) {
        guard let context, let tokens = core.security.tokens else { return close() }
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        let taken = core.tasks.submit {
            let outcome = await tokens.check(token)
            eventLoop.execute { connection.value.checked(outcome, reply) }
        }
        if !taken { close() }
    }

    private func checked(_ outcome: Result<OAuthIdentity, OAuthFault>, _ reply: Reply?) {
        guard !isEnding else { return }
        if case .failure(let fault) = outcome {
            core.logger.info("refusing a token", metadata: ["reason": "\(fault.because)"])
        }
        guard
            let answer = sasl?.checked(outcome, nowMilliseconds: Self.nowMilliseconds)
        else { return close() }
        act(on: answer, answering: reply)
        takeFrames()
        pump()
    }

    /// Says no after a while, so that trying many passwords takes long, and ends the connection.
    private func refuse(_ error: KafkaErrorCode, _ message: String, _ reply: Reply?) {
        guard let context else { return }
        core.logger.info(
            "refusing a client",
            metadata: [
                "client": "\(session?.address ?? "")", "reason": "\(message)",
                "listener": "\(listener.configuration.name)",
            ])
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let delay = TimeAmount.milliseconds(Limits.authenticationFailedDelayMilliseconds)
        context.eventLoop.scheduleTask(in: delay) {
            guard let reply else { return connection.value.close() }
            connection.value.isEnding = true
            reply.send(
                SaslAuthenticateRequest.self,
                SaslAuthenticateResponse {
                    $0.errorCode = error
                    $0.errorMessage = message
                })
        }
    }

    /// Closes when the last answer has been sent.
    func endAfterAnswers() {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).assumeIsolated().whenComplete { _ in
            self.close()
        }
    }

    /// A clock that is never set back.
    private static var nowMilliseconds: Int64 {
        Int64(NIODeadline.now().uptimeNanoseconds / 1_000_000)
    }
}
