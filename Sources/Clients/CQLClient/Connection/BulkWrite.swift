// Many rows for one statement, shared by the connections that write them.

import CQLProtocol
import NIOCore
import Synchronization

/// The rows of one `executeAll`, and which of them nobody works at yet.
///
/// Connections claim ranges and give back what was not written, so that each row is acknowledged at
/// least once however often connections break. Rows whose node is known are claimed by connections to
/// it, as long as there are any; what was given back, by everybody.
///
/// A place is a number in the order of claiming, in which the rows of one node stand together.
final class BulkWrite: Sendable {
    /// Rows that a connection claims at once: one lock for so many.
    static let claimMax = 64

    let rows: EncodedRows
    /// Microseconds for row 0, one more for each row after it: a later row wins, a repeated row has
    /// the timestamp it had, so that repeating it changes nothing.
    let firstTimestamp: Int64
    /// The row at each place; `nil` when it is the place's own number.
    private let order: [Int]?
    private let state: Mutex<State>

    private struct State {
        /// Places of each node's rows that nobody has claimed; `nil` is the rows for any node.
        var lanes: [Int?: Range<Int>]
        var returned: [Range<Int>] = []
        var acknowledged = 0
        var isStopped = false

        mutating func take(_ node: Int?) -> Range<Int>? {
            guard let lane = lanes[node], !lane.isEmpty else { return nil }
            let claimed = lane.prefix(BulkWrite.claimMax)
            lanes[node] = claimed.upperBound..<lane.upperBound
            return claimed
        }

        mutating func takeReturned() -> Range<Int>? {
            guard let range = returned.popLast() else { return nil }
            let claimed = range.prefix(BulkWrite.claimMax)
            if claimed.count < range.count {
                returned.append(claimed.upperBound..<range.upperBound)
            }
            return claimed
        }
    }

    /// - Parameter homes: for each row the node that it goes to; `nil`: any may take any.
    init(rows: EncodedRows, firstTimestamp: Int64, homes: [Int?]? = nil) {
        self.rows = rows
        self.firstTimestamp = firstTimestamp
        guard let homes else {
            order = nil
            state = Mutex(State(lanes: [nil: 0..<rows.count]))
            return
        }
        var members: [Int?: [Int]] = [:]
        for (row, home) in homes.enumerated() { members[home, default: []].append(row) }
        var order: [Int] = []
        order.reserveCapacity(rows.count)
        var lanes: [Int?: Range<Int>] = [:]
        for (home, rows) in members {
            lanes[home] = order.count..<order.count + rows.count
            order += rows
        }
        self.order = order
        state = Mutex(State(lanes: lanes))
    }

    var acknowledged: Int { state.withLock { $0.acknowledged } }
    var isDone: Bool { acknowledged == rows.count }

    @inline(__always)
    func row(at place: Int) -> Int { order?[place] ?? place }

    /// Nobody claims any more: the caller was cancelled.
    func stop() { state.withLock { $0.isStopped = true } }

    /// Who works at it now: rows of other nodes may be claimed by everybody.
    func open(to nodes: Set<Int>) {
        state.withLock { state in
            for (node, lane) in state.lanes {
                guard let node, !nodes.contains(node) else { continue }
                if !lane.isEmpty { state.returned.append(lane) }
                state.lanes[node] = nil
            }
        }
    }

    func claim(for node: Int) -> Range<Int>? {
        state.withLock { state in
            if state.isStopped { return nil }
            return state.takeReturned() ?? state.take(node) ?? state.take(nil)
        }
    }

    func giveBack(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        state.withLock { $0.returned.append(range) }
    }

    func acknowledge(_ count: Int) {
        guard count > 0 else { return }
        state.withLock { $0.acknowledged += count }
    }
}

/// The part of a bulk write that one connection does. Confined to the connection's event loop.
final class BulkRun {
    let work: BulkWrite
    /// The pool's number of the node it writes to.
    let node: Int
    let inFlightMax: Int
    let timeout: Duration
    private let head: [UInt8]
    private let finish: (CQLError?) -> Void
    private var claimed: Range<Int> = 0..<0
    private(set) var inFlight = 0
    /// Rows acknowledged that the shared count does not hold yet.
    private var acknowledged = 0
    private(set) var failure: CQLError?

    init(
        _ work: BulkWrite, node: Int, statement: PreparedStatement.State,
        consistency: Consistency, version: ProtocolVersion, inFlightMax: Int, timeout: Duration,
        finish: @escaping (CQLError?) -> Void
    ) {
        self.work = work
        self.node = node
        self.inFlightMax = inFlightMax
        self.timeout = timeout
        self.finish = finish
        head = Self.head(
            statement, columnCount: work.rows.columnCount, consistency: consistency,
            version: version)
    }

    /// The body of EXECUTE up to the first value: the same for each row.
    private static func head(
        _ statement: PreparedStatement.State, columnCount: Int, consistency: Consistency,
        version: ProtocolVersion
    ) -> [UInt8] {
        var out = ByteBuffer()
        out.writeCQLShortBytes(statement.id)
        if version >= .v5 { out.writeCQLShortBytes(statement.resultMetadataID ?? []) }
        out.writeInteger(consistency.rawValue)
        // values, skip_metadata, default timestamp
        let flags: UInt8 = 0x02 | 0x20 | (columnCount > 0 ? 0x01 : 0)
        if version >= .v5 { out.writeInteger(UInt32(flags)) } else { out.writeInteger(flags) }
        if columnCount > 0 { out.writeInteger(UInt16(columnCount)) }
        return Array(out.readableBytesView)
    }

    /// The place of the next row to write; `nil` when there is none, or none may be written now.
    func next() -> Int? {
        guard failure == nil, inFlight < inFlightMax else { return nil }
        if claimed.isEmpty {
            guard let more = work.claim(for: node) else { return nil }
            claimed = more
        }
        inFlight += 1
        return claimed.removeFirst()
    }

    func writeBody(of place: Int, to out: inout ByteBuffer) {
        let row = work.row(at: place)
        out.writeBytes(head)
        let range = work.rows.range(of: row)
        work.rows.bytes.withUnsafeBytes { bytes in
            _ = out.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
        out.writeInteger(work.firstTimestamp &+ Int64(row))
    }

    func succeeded() {
        inFlight -= 1
        acknowledged += 1
    }

    func failed(place: Int, _ error: CQLError) {
        inFlight -= 1
        work.giveBack(place..<place + 1)
        stop(error)
    }

    /// Writes no more rows. What is under way may still be acknowledged.
    func stop(_ error: CQLError) {
        if failure == nil { failure = error }
        work.giveBack(claimed)
        claimed = 0..<0
    }

    enum Standing {
        /// Nothing left to do here, and `finish` was told so.
        case finished
        /// Answers are still to come.
        case waiting
        /// There are rows to write again, which another connection gave back.
        case hasMore
    }

    /// To be asked when `next()` has no more rows.
    func settle() -> Standing {
        work.acknowledge(acknowledged)
        acknowledged = 0
        guard inFlight == 0 else { return .waiting }
        if let failure {
            finish(failure)
            return .finished
        }
        if claimed.isEmpty {
            guard let more = work.claim(for: node) else {
                finish(nil)
                return .finished
            }
            claimed = more
        }
        return .hasMore
    }
}
