// One connection on its event loop: bytes, stream ids, deadlines.

import CQLProtocol
import MillraceBase
import NIOCore
import Synchronization

/// The end of a NIO pipeline. Everything in it happens on the channel's event loop.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What came of connecting.
    enum Outcome: Error {
        case tryLowerVersion(CQLServerError)
        case failed(CQLError)
    }

    /// What a taken stream id stands for.
    enum Pending {
        case request(PendingRequest)
        case row(place: Int, of: BulkRun, deadline: NIODeadline)
        case heartbeat(deadline: NIODeadline)
        /// Its answer did not come in time; it may still come, so the id is not free.
        case overdue
    }

    private enum Phase {
        case shaking(HandshakeMachine)
        case open
        case closed(CQLError)
    }

    let host: String
    let version: ProtocolVersion
    let ready: EventLoopPromise<Void>
    private let heartbeatInterval: TimeAmount
    private let requestTimeout: Duration
    private var phase: Phase
    private var reader = FrameReader()
    private var writer = FrameWriter()
    private var streams = StreamTable<Pending>(count: CQLClientLimits.inFlightMax)
    private var waiting = CircularBuffer<PendingRequest>()
    private var runs: [BulkRun] = []
    private var overdueCount = 0
    private var lastRead = NIODeadline.now()
    private var isHeartbeatOut = false
    private var flushIsDue = false
    private var ticking: RepeatedTask?
    private var context: ChannelHandlerContext?
    /// Told of what the server says unasked, once this connection has registered for it.
    var onEvent: ((CQLEvent) -> Void)?

    /// - Parameter keyspace: the session's, which may have changed since it was opened.
    init(
        host: String, version: ProtocolVersion, options: SessionOptions, keyspace: String?,
        ready: EventLoopPromise<Void>
    ) {
        self.host = host
        self.version = version
        self.ready = ready
        heartbeatInterval = TimeAmount(options.heartbeatInterval)
        requestTimeout = options.requestTimeout
        phase = .shaking(
            HandshakeMachine(
                .init(
                    user: options.user, password: options.password, keyspace: keyspace,
                    compression: options.compression, version: version)))
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(.connectionLost(host: host, because: "it was closed"))
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        lastRead = .now()
        let tick = TimeAmount(CQLClientLimits.tick)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        ticking = context.eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in
            bound.value.tick()
        }
        if case .shaking(var machine) = phase {
            let action = machine.connected()
            phase = .shaking(machine)
            act(action)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastRead = .now()
        reader.append(unwrapInboundIn(data))
        do throws(WireError) {
            while !isClosed, let envelope = try reader.next() { received(envelope) }
        } catch {
            close(.wire(error, host: host))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        fill()
        flush()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.connectionLost(host: host, because: "the server closed it"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(.connectionLost(host: host, because: "\(error)"))
    }

    // MARK: Requests

    func submit(_ request: PendingRequest) {
        if case .closed(let why) = phase {
            request.finish(.failure(why))
            return
        }
        guard !request.isCancelled.load(ordering: .acquiring) else {
            request.finish(.failure(.cancelled))
            return
        }
        guard streams.freeCount > 0 else {
            guard waiting.count < CQLClientLimits.waitingMax else {
                request.finish(.failure(.busy(host: host)))
                return
            }
            waiting.append(request)
            return
        }
        start(request)
        flushSoon()
    }

    func submit(_ run: BulkRun) {
        if case .closed(let why) = phase { run.stop(why) }
        runs.append(run)
        fill()
        flushSoon()
    }

    /// The answer to a cancelled request may still come; its stream id stays taken until then.
    func cancel(_ request: PendingRequest) {
        if let index = waiting.firstIndex(where: { $0 === request }) { waiting.remove(at: index) }
        var found = 0
        streams.update { pending in
            guard case .request(let other) = pending, other === request else { return nil }
            found += 1
            return .overdue
        }
        overdueCount += found
        request.finish(.failure(.cancelled))
    }

    func shutDown() { close(.closed) }

    private func start(_ request: PendingRequest) {
        guard let stream = streams.take(.request(request)) else {
            preconditionFailure("a free stream id was there")
        }
        do throws(WireError) {
            try writer.write(request.request, stream: stream, version: version)
        } catch {
            _ = streams.remove(stream)
            request.finish(.failure(.wire(error, host: host)))
        }
    }

    /// Uses free stream ids for what waits: single requests first, then rows.
    private func fill() {
        while streams.freeCount > 0, let request = waiting.popFirst() { start(request) }
        guard !runs.isEmpty else { return }
        runs.removeAll { run in
            while true {
                while streams.freeCount > 0, let place = run.next() { write(place, of: run) }
                switch run.settle() {
                case .finished: return true
                case .waiting: return false
                case .hasMore: if streams.freeCount == 0 { return false }
                }
            }
        }
    }

    private func write(_ place: Int, of run: BulkRun) {
        let deadline = NIODeadline.now() + TimeAmount(run.timeout)
        guard let stream = streams.take(.row(place: place, of: run, deadline: deadline)) else {
            preconditionFailure("a free stream id was there")
        }
        do throws(WireError) {
            try writer.write(
                version: version, isResponse: false, stream: stream, opcode: .execute
            ) { out in run.writeBody(of: place, to: &out) }
        } catch {
            _ = streams.remove(stream)
            run.failed(place: place, .wire(error, host: host))
        }
    }

    // MARK: Answers

    private var isClosed: Bool {
        if case .closed = phase { return true }
        return false
    }

    private func received(_ envelope: Envelope) {
        switch phase {
        case .closed: break
        case .shaking(var machine):
            do throws(WireError) {
                let version = envelope.protocolVersion ?? version
                let answer = try ResponseEnvelope(reading: envelope, version: version)
                let action = machine.received(answer.response)
                phase = .shaking(machine)
                act(action)
            } catch {
                close(.wire(error, host: host))
            }
        case .open:
            // Events come on stream -1. One that is not understood is no reason to give up.
            guard envelope.stream >= 0 else {
                if let onEvent,
                    case .event(let event)? = try? ResponseEnvelope(
                        reading: envelope, version: version
                    ).response
                {
                    onEvent(event)
                }
                return
            }
            guard let pending = streams.remove(envelope.stream) else {
                close(.wire(WireError(.invalid("answers no request"), in: "stream"), host: host))
                return
            }
            answered(pending, by: envelope)
        }
    }

    private func answered(_ pending: Pending, by envelope: Envelope) {
        switch pending {
        case .overdue: overdueCount -= 1
        case .heartbeat: isHeartbeatOut = false
        case .request(let request): request.finish(answer(in: envelope))
        case .row(let place, let run, _):
            guard envelope.opcode != Opcode.result.rawValue else {
                run.succeeded()
                return
            }
            switch answer(in: envelope) {
            case .failure(let error): run.failed(place: place, error)
            case .success(let other):
                let opcode = Int(other.response.opcode.rawValue)
                run.failed(
                    place: place, .wire(WireError(.unsupported(opcode), in: "answer"), host: host))
            }
        }
    }

    private func answer(in envelope: Envelope) -> PendingRequest.Answer {
        do throws(WireError) {
            let answer = try ResponseEnvelope(reading: envelope, version: version)
            if case .error(let error) = answer.response {
                return .failure(.server(error, host: host))
            }
            return .success(answer)
        } catch {
            return .failure(.wire(error, host: host))
        }
    }

    // MARK: Handshake

    private func act(_ action: HandshakeMachine.Action) {
        switch action {
        case .none: break
        case .send(let request): send(request)
        case .startFraming(let compression, let request):
            startFraming(compression)
            if let request { send(request) } else { open() }
        case .ready: open()
        case .tryLowerVersion(let error): refuse(.tryLowerVersion(error))
        case .refused(let error): refuse(.failed(.server(error, host: host)))
        case .passwordWanted: refuse(.failed(.passwordWanted(host: host)))
        case .misfit(let why): refuse(.failed(.configuration("\(host): \(why)")))
        case .confused(let opcode):
            let error = WireError(.unsupported(Int(opcode.rawValue)), in: "handshake's answer")
            refuse(.failed(.wire(error, host: host)))
        }
    }

    private func startFraming(_ compression: BodyCompression?) {
        if version >= .v5 {
            reader.beginSegments(compressed: compression != nil)
            writer.beginSegments(compressed: compression != nil)
        } else if let compression {
            reader.beginCompressedBodies(compression)
            writer.beginCompressedBodies(compression)
        }
    }

    private func send(_ request: CQLRequest) {
        do throws(WireError) {
            try writer.write(RequestEnvelope(request), stream: 0, version: version)
            flush()
        } catch {
            close(.wire(error, host: host))
        }
    }

    private func open() {
        phase = .open
        ready.succeed()
    }

    private func refuse(_ outcome: Outcome) {
        ready.fail(outcome)
        close(.closed)
    }

    // MARK: Time and end

    private func tick() {
        guard case .open = phase else { return }
        let now = NIODeadline.now()
        while let first = waiting.first, first.deadline <= now {
            waiting.removeFirst()
            first.finish(.failure(.timeout(first.timeout, host: host)))
        }
        streams.update { pending in
            switch pending {
            case .request(let request) where request.deadline <= now:
                request.finish(.failure(.timeout(request.timeout, host: host)))
            case .row(let place, let run, let deadline) where deadline <= now:
                run.failed(place: place, .timeout(run.timeout, host: host))
            case .heartbeat(let deadline) where deadline <= now:
                isHeartbeatOut = false
                overdueCount = CQLClientLimits.overdueMax
            case .request, .row, .heartbeat, .overdue: return nil
            }
            overdueCount += 1
            return .overdue
        }
        if overdueCount > CQLClientLimits.overdueMax {
            close(.connectionLost(host: host, because: "too many answers are overdue"))
        } else if !isHeartbeatOut, now - lastRead > heartbeatInterval {
            beat(at: now)
        }
        fill()
        flush()
    }

    private func beat(at now: NIODeadline) {
        let deadline = now + TimeAmount(requestTimeout)
        guard let stream = streams.take(.heartbeat(deadline: deadline)) else { return }
        isHeartbeatOut = true
        do throws(WireError) {
            try writer.write(RequestEnvelope(.options), stream: stream, version: version)
        } catch {
            close(.wire(error, host: host))
        }
    }

    /// Requests that come in one turn of the event loop leave in one write.
    private func flushSoon() {
        guard !flushIsDue, let context else { return }
        flushIsDue = true
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.execute { bound.value.flush() }
    }

    private func flush() {
        flushIsDue = false
        guard let context, let bytes = writer.flush() else { return }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    private func close(_ why: CQLError) {
        end(why)
        context?.close(promise: nil)
    }

    /// Tells everybody who waits. The first reason is the one that counts.
    private func end(_ why: CQLError) {
        guard !isClosed else { return }
        phase = .closed(why)
        ticking?.cancel()
        ready.fail(Outcome.failed(why))
        for request in waiting { request.finish(.failure(why)) }
        waiting.removeAll()
        for pending in streams.removeAll() {
            switch pending {
            case .request(let request): request.finish(.failure(why))
            case .row(let place, let run, _): run.failed(place: place, why)
            case .heartbeat, .overdue: break
            }
        }
        for run in runs {
            run.stop(why)
            _ = run.settle()
        }
        runs.removeAll()
    }
}
