// What becomes of markers that logs refuse: tried again, given up with a word, or not needed.

import Testing

@testable import MillraceBroker

@Suite("Transaction markers")
struct TransactionMarkerTests {
    @Test func theReasonDecides() {
        func place(_ fault: AppendFault, isThere: Bool = true, isOpen: Bool = true) -> MarkerPlace {
            MarkerPlace(fault, isThere: isThere, isOpen: isOpen)
        }
        func isRefused(_ place: MarkerPlace) -> Bool {
            if case .refused = place { return true }
            return false
        }
        // A later try may succeed.
        #expect(place(.storage("full")) == .left)
        #expect(place(.storage("full"), isOpen: false) == .left)
        #expect(place(.closed) == .stopped)
        // The topic is gone.
        #expect(place(.closed, isThere: false) == .ended)
        #expect(place(.storage("full"), isThere: false) == .ended)
        // No try will: an error when something stays open, else nothing is left to do.
        let final: [AppendFault] = [
            .staleProducerEpoch, .coordinatorFenced, .notABatch(""), .badChecksum,
            .tooLarge(sizeBytes: 2, bytesMax: 1), .invalidTimestamp(0), .withoutKey([]),
            .outOfOrderSequence, .invalidTransaction,
        ]
        for fault in final {
            #expect(isRefused(place(fault)))
            #expect(place(fault, isOpen: false) == .ended)
        }
    }

    @Test func pausesGrowUpToALimit() {
        let pauses = (0..<40).map(TransactionCoordinator.pauseMilliseconds(after:))
        #expect(pauses[0] == Limits.markerRetryMilliseconds)
        #expect(pauses[1] == 2 * Limits.markerRetryMilliseconds)
        #expect(zip(pauses, pauses.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(pauses.last == Limits.markerRetryMillisecondsMax)
    }
}
