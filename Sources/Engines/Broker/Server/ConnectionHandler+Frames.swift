// Requests that are still coming: what of them is held counts, and they must go on coming.

import NIOCore

extension ConnectionHandler {
    /// Called when all whole frames were taken. What has come of the next one counts as held; a large
    /// one is let in as a whole, or a few bytes that claim much could keep all others waiting.
    ///
    /// - Parameters:
    ///   - claimed: bytes that the next frame will take; `nil` when nothing of it has come.
    ///   - came: bytes of it that have come.
    func countFrame(claimed: Int?, came: Int) {
        let claimed = claimed ?? 0
        let isLarge = claimed > Limits.frameBytesLarge
        hold(isLarge || came <= Limits.frameBytesUncounted ? 0 : came)
        if isLarge {
            letIn(claimed)
        } else if largeFrameBytes > 0 {
            core.largeFrames.give(largeFrameBytes)
            largeFrameBytes = 0
        }
        if frameBytesCounted + largeFrameBytes > 0 { watchFrame() }
    }

    private func hold(_ bytes: Int) {
        if bytes > frameBytesCounted { core.budget.take(bytes - frameBytesCounted) }
        if bytes < frameBytesCounted { core.budget.give(frameBytesCounted - bytes) }
        frameBytesCounted = bytes
    }

    /// Counts a large frame, or stops reading until there is room for it.
    private func letIn(_ claimed: Int) {
        guard largeFrameBytes != claimed, !waitsForLargeRoom, let context else { return }
        core.largeFrames.give(largeFrameBytes)
        largeFrameBytes = 0
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        let hasRoom = core.largeFrames.hasRoom {
            eventLoop.execute { connection.value.largeRoomAgain(claimed) }
        }
        guard hasRoom else { return waitsForLargeRoom = true }
        core.largeFrames.take(claimed)
        largeFrameBytes = claimed
    }

    private func largeRoomAgain(_ claimed: Int) {
        waitsForLargeRoom = false
        guard !isEnding else { return }
        letIn(claimed)
        if largeFrameBytes > 0 { watchFrame() }
        readAgain()
    }

    /// A frame that comes too slowly is given up, but only when others wait for the room it takes.
    private func watchFrame() {
        guard stallTimer == nil, let context else { return }
        bytesSinceLook = 0
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        stallTimer = context.eventLoop.scheduleTask(in: .seconds(Limits.stallSeconds)) {
            connection.value.lookAtFrame()
        }
    }

    private func lookAtFrame() {
        stallTimer = nil
        guard frameBytesCounted + largeFrameBytes > 0 else { return }
        // A small frame should be there long since; a large one may take a few looks.
        let wanted = max(largeFrameBytes / Limits.largeFrameLooksMax, Limits.stallBytesMin)
        let isFull = (largeFrameBytes > 0 ? core.largeFrames : core.budget).isFull
        if isFull && bytesSinceLook < wanted { return close() }
        watchFrame()
    }
}
