// Requests that are still coming: what of them is held counts, and they must go on coming.

import NIOCore

extension ConnectionHandler {
    /// Called when all whole frames were taken. The next one is let in by the size it claims, before it
    /// comes: what many have begun could else grow beyond all limits.
    ///
    /// - Parameter claimed: bytes that the next frame will take; `nil` when nothing of it has come.
    func countFrame(claimed: Int?) {
        guard let claimed, claimed > Limits.frameBytesUncounted else { return }
        letIn(claimed)
    }

    /// The frame has come whole, or never will.
    func forgetFrame() {
        guard frameBytesCounted > 0 else { return }
        frameBudget.give(frameBytesCounted)
        frameBytesCounted = 0
    }

    /// Large ones have a budget of their own, or they would wait for ever where many others come; and
    /// both are apart from whole requests, or claims alone could keep small ones waiting.
    private var frameBudget: RequestBudget { frameIsLarge ? core.largeFrames : core.frames }

    /// Counts a frame, or stops reading until there is room for it. It waits for the budget of whole
    /// requests first: there it is counted as soon as it is whole.
    private func letIn(_ claimed: Int) {
        guard frameBytesCounted == 0, !waitsForFrameRoom, let context else { return }
        frameIsLarge = claimed > Limits.frameBytesLarge
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        let hasRoom = core.budget.hasRoom {
            eventLoop.execute { connection.value.reserve(claimed) }
        }
        if hasRoom {
            reserve(claimed)
        } else {
            waitsForFrameRoom = true
        }
    }

    private func reserve(_ claimed: Int) {
        guard !isEnding, let context else { return }
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        let eventLoop = context.eventLoop
        let budget = frameBudget
        let isIn = budget.takeIfRoom(claimed) {
            eventLoop.execute {
                guard !connection.value.isEnding else { return budget.give(claimed) }
                connection.value.mayCome(claimed)
            }
        }
        if isIn { mayCome(claimed) } else { waitsForFrameRoom = true }
    }

    /// The frame is counted.
    private func mayCome(_ claimed: Int) {
        frameBytesCounted = claimed
        watchFrame()
        guard waitsForFrameRoom else { return }
        waitsForFrameRoom = false
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
        guard frameBytesCounted > 0 else { return }
        // A small frame should be there long since; a large one may take a few looks.
        let wanted = max(frameBytesCounted / Limits.largeFrameLooksMax, Limits.stallBytesMin)
        // Who is held back by a quota cannot go on.
        let isSlow = bytesSinceLook < wanted && muteTimer == nil
        if isSlow && frameBudget.isWanted { return close() }
        watchFrame()
    }
}
