// How a group's state is kept: what failed is written again, and nobody is answered ahead of it.

import KafkaProtocol
import MillraceBase

extension GroupCoordinator {
    /// Keeps records of a group's state, and notes whether that is to be done again.
    ///
    /// - Returns: whether they are kept as durably as the broker's policy says.
    func keep(_ records: [GroupStoredRecord], of id: String) async -> Bool {
        let write = stateWrites[id, default: GroupWrites()].began()
        let isKept = await append(records, group: id)
        if isKept {
            groups[id]?.forgetRetryIfAllIsKept()
        } else {
            groups[id]?.retryAt = now + Limits.groupRetryMilliseconds
        }
        for waiting in stateWrites[id]?.ended(write) ?? [] { waiting.resume() }
        if stateWrites[id]?.isIdle ?? false { stateWrites[id] = nil }
        return isKept
    }

    /// Waits for the writes of a group's state that have begun.
    func stateWritesEnded(_ id: String) async {
        guard stateWrites[id] != nil else { return }
        await withCheckedContinuation { stateWrites[id]?.wait($0) }
    }

    /// Keeps a classic group as it stands, and takes away what is left of it as one of KIP-848.
    func keepClassic(_ id: String) async -> Bool {
        // The group may have gone on during a wait; its record is of this moment.
        guard let machine = groups[id]?.classic else { return true }
        let time = clock.milliseconds()
        groups[id]?.keptAtMilliseconds = time
        let leftovers = groups[id]?.takeLeftovers() ?? []
        let record = machine.metadataRecord(nowMilliseconds: time)
        if await keep([record] + leftovers, of: id) {
            groups[id]?.isUnkept = false
            groups[id]?.forgetRetryIfAllIsKept()
            return true
        }
        groups[id]?.putBack(leftovers)
        groups[id]?.isUnkept = true
        return false
    }

    /// Whether what a member is told of its assignment is kept.
    func isAssignmentKept(_ id: String) async -> Bool {
        await stateWritesEnded(id)
        guard groups[id]?.isUnkept ?? false else { return true }
        return await keepClassic(id)
    }

    /// Writes again what could not be kept, when its time has come.
    func retryWrites(of id: String) async {
        guard let group = groups[id], let retryAt = group.retryAt, retryAt <= now else { return }
        groups[id]?.retryAt = nil
        if group.consumer != nil {
            _ = await settle(id)
        } else if group.classic?.state == .completingRebalance {
            // The generation is one that nobody was assigned anything in: its own record comes soon.
            groups[id]?.retryAt = now + Limits.groupRetryMilliseconds
        } else if group.isUnkept || !group.leftovers.isEmpty {
            _ = await keepClassic(id)
        }
    }
}
