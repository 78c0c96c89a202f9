// What goes out, and when nothing more may come in.

import CQLProtocol
import NIOCore

extension ConnectionHandler {
    // MARK: Out

    /// Answers at once, on the event loop.
    func answer(_ response: CQLResponse, _ envelope: Envelope) {
        outbox?.send(
            response, stream: envelope.stream, version: envelope.protocolVersion ?? .latest,
            requestBytes: nil)
    }

    /// The last thing that is said.
    func fail(_ why: String, stream: Int16) {
        outbox?.send(
            .error(CQLServerError(.protocolError, why)), stream: stream, version: version,
            requestBytes: nil)
        closesAfterFlush = true
    }

    private var version: ProtocolVersion {
        if case .ready(let version) = machine.state { version } else { .latest }
    }

    func flush() {
        guard let context, let outbox, !isGone else { return }
        let taken = outbox.take()
        inFlight -= taken.answered
        inFlightBytes -= taken.answeredBytes
        budgets.requests.give(taken.answeredBytes)
        if let bytes = taken.bytes {
            let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
            let channel = context.channel
            let closes = closesAfterFlush
            let count = taken.answerBytes
            context.writeAndFlush(wrapOutboundOut(bytes)).whenComplete { _ in
                connection.value.bytesSinceLook += count
                outbox.sent(count)
                if closes { channel.close(promise: nil) }
            }
            watch()
        } else if closesAfterFlush {
            context.close(promise: nil)
        }
        readIfWanted(context)
    }

    // MARK: In

    var isOverloaded: Bool {
        inFlight >= StoreLimits.requestsInFlightMax
            || inFlightBytes >= StoreLimits.requestBytesInFlightMax || budgets.requests.isFull
    }

    private var mayRead: Bool {
        inFlight < StoreLimits.requestsInFlightMax
            && inFlightBytes < StoreLimits.requestBytesInFlightMax
            && (context?.channel.isWritable ?? false) && !closesAfterFlush && !waitsForRoom
            && !waitsForOthers
    }

    func read(context: ChannelHandlerContext) {
        waitForOthers(context)
        if mayRead { context.read() } else { wantsRead = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        readIfWanted(context)
        context.fireChannelWritabilityChanged()
    }

    func readIfWanted(_ context: ChannelHandlerContext) {
        guard wantsRead, mayRead else { return }
        wantsRead = false
        context.read()
    }

    /// Stops reading while all connections together have too many requests. Who wants an error
    /// instead is read from, and gets it.
    private func waitForOthers(_ context: ChannelHandlerContext) {
        guard !waitsForOthers, !throwsOnOverload else { return }
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        let hasRoom = budgets.requests.takeIfRoom(0) {
            eventLoop.execute { connection.value.goOn() }
        }
        waitsForOthers = !hasRoom
    }

    private func goOn() {
        waitsForOthers = false
        guard let context, !isGone else { return }
        readIfWanted(context)
    }

    /// Counts a large request before it comes, or stops reading until there is room for it.
    ///
    /// - Returns: whether it may be read on.
    func letIn(_ claimed: Int) -> Bool {
        guard let context else { return false }
        if throwsOnOverload {
            if budgets.coming.takeIfRoom(claimed) {
                comingBytes = claimed
            } else {
                reader.dropNext()
            }
            return true
        }
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        let budget = budgets.coming
        let isIn = budget.takeIfRoom(claimed) {
            eventLoop.execute {
                let handler = connection.value
                guard !handler.isGone, let context = handler.context else {
                    return budget.give(claimed)
                }
                handler.comingBytes = claimed
                handler.waitsForRoom = false
                handler.watch()
                handler.readRequests()
                handler.readIfWanted(context)
            }
        }
        if isIn {
            comingBytes = claimed
            watch()
        } else {
            waitsForRoom = true
        }
        return isIn
    }

    // MARK: Who does not go on

    /// A request that comes too slowly, or answers that are not taken, end the connection, but only
    /// when others wait for the room they take.
    func watch() {
        guard stallTimer == nil, let context, comingBytes > 0 || outbox?.hasUnsent ?? false else {
            return
        }
        bytesSinceLook = 0
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        stallTimer = context.eventLoop.scheduleTask(in: .seconds(StoreLimits.stallSeconds)) {
            connection.value.look()
        }
    }

    private func look() {
        stallTimer = nil
        guard !isGone else { return }
        let isSlow = bytesSinceLook < StoreLimits.stallBytesMin
        let isInTheWay =
            comingBytes > 0 && budgets.coming.isFull
            || outbox?.hasUnsent ?? false && budgets.answers.isFull
        if isSlow && isInTheWay {
            context?.close(promise: nil)
        } else {
            watch()
        }
    }
}
