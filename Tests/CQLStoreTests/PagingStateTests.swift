// Paging states: what we wrote comes back, and nothing else does.

import CHash
import CQLProtocol
import Testing

@testable import CQLStore

@Suite("Paging state")
struct PagingStateTests {
    private static let table = CQLUUID.random()

    private static func state() -> PagingState {
        var state = PagingState(tableID: table)
        state.remaining = 7
        state.givenInPartition = 3
        state.partitionKey = [1, 2, 3]
        state.clustering = [4, 5]
        return state
    }

    @Test func whatWasWrittenComesBack() throws {
        let state = Self.state()
        #expect(try PagingState(reading: state.bytes, tableID: Self.table) == state)
        #expect(throws: StatementError.self) {
            try PagingState(reading: state.bytes, tableID: .random())
        }
    }

    /// Method: a forger knows the sum at the end, and puts extreme counts before it.
    @Test(arguments: [18, 26, 34], [Int64.min, -2, 1 << 31, .max])
    func forgedCountsAreRefused(_ place: Int, _ count: Int64) {
        var bytes = Self.state().bytes
        bytes.replaceSubrange(place..<place + 8, with: count.bigBytes)
        bytes.removeLast(4)
        bytes += bytes.withUnsafeBytes { chash_crc32(0, $0.baseAddress, $0.count) }.bigBytes
        #expect(throws: StatementError.self) {
            try PagingState(reading: bytes, tableID: Self.table)
        }
    }

    @Test func cutAndFlippedStatesAreRefused() {
        let bytes = Self.state().bytes
        for count in bytes.indices {
            #expect(throws: StatementError.self) {
                try PagingState(reading: Array(bytes.prefix(count)), tableID: Self.table)
            }
            var flipped = bytes
            flipped[count] ^= 1
            #expect(throws: StatementError.self) {
                try PagingState(reading: flipped, tableID: Self.table)
            }
        }
    }
}
