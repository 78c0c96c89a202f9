// The functions that statements may call, by name and types.

import CQLProtocol
import MillraceBase
import Synchronization

/// What functions and defaults take from outside: the time, and ids that are never given twice.
struct EvaluationContext: Sendable {
    /// Microseconds since 1970, the statement's own time.
    var nowMicroseconds: Int64
    var ids: TimeIDSource
    /// What is told to the client with the answer (`warn`, `trace`).
    var notes: StatementNotes?
    /// `dynamic_data_masking_enabled`
    var masksColumns = false

    var nowMilliseconds: Int64 { nowMicroseconds / 1000 }
    var nowSeconds: UInt32 { UInt32(clamping: nowMicroseconds / 1_000_000) }
}

/// Gives version 1 UUIDs that rise and never repeat in this process.
final class TimeIDSource: Sendable {
    private let last = Mutex<Int64>(0)
    private let clockSequenceAndNode: UInt64

    init() {
        // A random node with the multicast bit, as RFC 9562 section 6.10 asks of one without
        // address.
        clockSequenceAndNode = UInt64.random(in: 0..<1 << 62) | 1 << 63 | 1 << 40
    }

    func next(milliseconds: Int64) -> CQLUUID {
        let tick = last.withLock { last in
            last = max(last + 1, milliseconds * 10_000)
            return last
        }
        return .time(
            unixMilliseconds: tick / 10_000, extraTicks: UInt16(tick % 10_000),
            clockSequenceAndNode: clockSequenceAndNode)
    }

    /// Rises within this process, for list positions: microseconds and a counter below them.
    func nextTick(milliseconds: Int64) -> UInt64 {
        UInt64(
            last.withLock { last in
                last = max(last + 1, milliseconds * 10_000)
                return last
            })
    }
}

/// A function of values that are there or not.
struct ScalarFunction: Sendable {
    /// As it was called: some have an old name and one with underscores.
    var name: String
    var parameters: [CQLType]
    var result: CQLType
    /// Whether the same arguments always give the same result.
    var isPure = true
    /// Set for a function over rows; then `call` is never used.
    var aggregate: AggregatePlan.Kind?
    var call: @Sendable ([[UInt8]?], EvaluationContext) throws(StatementError) -> [UInt8]?

    init(
        name: String, parameters: [CQLType], result: CQLType, isPure: Bool = true,
        aggregate: AggregatePlan.Kind? = nil,
        call: @escaping @Sendable ([[UInt8]?], EvaluationContext) throws(StatementError) -> [UInt8]?
    ) {
        self.name = name
        self.parameters = parameters
        self.result = result
        self.isPure = isPure
        self.aggregate = aggregate
        self.call = call
    }

    /// Finds the function of that name for these arguments; `nil` types fit everything (markers).
    static func find(
        _ name: CQLName, _ arguments: [CQLType?], as expected: CQLType?
    ) throws(StatementError) -> ScalarFunction {
        try FunctionResolver.find(
            FunctionRequest(
                name,
                arguments.map { type in
                    FunctionArgument(
                        shape: type.map { .typed($0) } ?? .anything,
                        text: type?.description ?? "?")
                }, receiver: expected))
    }

    /// The same function under another name.
    func named(_ other: String) -> ScalarFunction {
        var copy = self
        copy.name = other
        return copy
    }
}

extension FixedWidthInteger {
    var bigBytes: [UInt8] { withUnsafeBytes(of: bigEndian, Array.init) }
}

extension [UInt8] {
    func check(as type: CQLType) throws(StatementError) {
        try withUnsafeBufferPointer { bytes throws(StatementError) in
            try ValueCheck.check(UnsafeRawBufferPointer(bytes), type)
        }
    }
}
