// Answers on their way out: bytes, parts of files, and what a client does not take.

import Logging
import NIOCore
import NIOPosix

extension ConnectionHandler {
    /// Hands pieces to the channel, up to a part of a file that must be read first.
    /// - Returns: whether there is something to flush.
    func write(_ pieces: [AnswerPiece], _ context: ChannelHandlerContext) -> Bool {
        for (position, piece) in pieces.enumerated() {
            switch piece {
            case .bytes(let buffer):
                context.write(wrapOutboundOut(buffer), promise: nil)
            case .file(let part):
                guard isPlain else {
                    piecesLater = Array(pieces[(position + 1)...])
                    readStep(part)
                    return position > 0
                }
                guard send(part, context) else { return position > 0 }
            }
        }
        return !pieces.isEmpty
    }

    /// From the disk's cache to the socket, without this process touching the bytes.
    private func send(_ part: FilePart, _ context: ChannelHandlerContext) -> Bool {
        do {
            let (region, handle) = try part.region()
            let sent = context.eventLoop.makePromise(of: Void.self)
            let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
            fileBytesWaiting += part.count
            sent.futureResult.whenComplete { _ in
                // An error would only say that it is closed already.
                try? handle.close()
                connection.value.fileBytesWaiting -= part.count
            }
            context.channel.write(region, promise: sent)
            return true
        } catch {
            core.logger.warning("closing a connection", metadata: ["reason": "\(error)"])
            close()
            return false
        }
    }

    // MARK: Files with TLS

    /// Reads the next step of a part and writes it; the step after waits until the client took it.
    private func readStep(_ part: FilePart) {
        guard let context else { return }
        isReadingFile = true
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        core.readThreads.submit { state in
            guard case .active = state else { return }
            let count = min(part.count, Limits.fileStepBytes)
            let bytes = try? part.file.readBuffer(count, at: part.position)
            eventLoop.execute { connection.value.stepRead(bytes, of: part, count) }
        }
    }

    private func stepRead(_ bytes: ByteBuffer?, of part: FilePart, _ count: Int) {
        guard let context, !isEnding || context.channel.isActive else { return }
        // The client was told how much comes: what the disk does not give cannot be left out.
        guard let bytes, bytes.readableBytes == count else { return close() }
        let rest = FilePart(
            file: part.file, position: part.position + count, count: part.count - count)
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let taken = context.eventLoop.makePromise(of: Void.self)
        taken.futureResult.whenSuccess {
            if rest.count > 0 {
                connection.value.readStep(rest)
            } else {
                connection.value.partIsOut()
            }
        }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: taken)
        countAnswers(context)
    }

    private func partIsOut() {
        isReadingFile = false
        guard let context else { return }
        let pieces = piecesLater
        piecesLater = []
        if write(pieces, context) { context.flush() }
        pump()
    }

    // MARK: What is not taken

    /// Whether a fetch may be started: only while clients take what they asked for.
    func hasRoomForAnswers(_ context: ChannelHandlerContext) -> Bool {
        guard !waitsForAnswers else { return false }
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        let hasRoom = core.answers.hasRoom {
            eventLoop.execute {
                connection.value.waitsForAnswers = false
                connection.value.pump()
            }
        }
        waitsForAnswers = !hasRoom
        return hasRoom
    }

    /// Counts what the socket did not take at once, until it has.
    func countAnswers(_ context: ChannelHandlerContext) {
        let waiting = bytesWaiting(context)
        guard waiting > 0 || answerBytesCounted > 0 else { return }
        if waiting > answerBytesCounted { core.answers.take(waiting - answerBytesCounted) }
        if waiting < answerBytesCounted { core.answers.give(answerBytesCounted - waiting) }
        answerBytesCounted = waiting
        if waiting > 0 { watchAnswers(context, waiting) }
    }

    private func bytesWaiting(_ context: ChannelHandlerContext) -> Int {
        guard let options = context.channel.syncOptions,
            let waiting = try? options.getOption(.bufferedWritableBytes)
        else { return 0 }
        return max(waiting - fileBytesWaiting, 0)
    }

    /// Looks again after a while; a client that took nothing is given up when others need the room.
    private func watchAnswers(_ context: ChannelHandlerContext, _ before: Int) {
        guard !watchesAnswers else { return }
        watchesAnswers = true
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let out = context.eventLoop.makePromise(of: Void.self)
        let timer = context.eventLoop.scheduleTask(in: .seconds(Limits.stallSeconds)) {
            connection.value.lookAtAnswers(before)
        }
        out.futureResult.whenComplete { _ in
            timer.cancel()
            connection.value.watchesAnswers = false
            connection.value.answersAreOut()
        }
        // Nothing, behind everything: it is out when all before it is.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: out)
    }

    private func lookAtAnswers(_ before: Int) {
        guard let context, watchesAnswers else { return }
        let waiting = bytesWaiting(context)
        if waiting >= before && core.answers.isWanted { return close() }
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .seconds(Limits.stallSeconds)) {
            connection.value.lookAtAnswers(waiting)
        }
    }

    private func answersAreOut() {
        guard let context, context.channel.isActive else { return }
        countAnswers(context)
    }
}
