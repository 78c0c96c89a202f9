// The functions that statements may call, by name and types.

import CQLProtocol
import MillraceBase
import Synchronization

/// What functions and defaults take from outside: the time, and ids that are never given twice.
struct EvaluationContext: Sendable {
    /// Microseconds since 1970, the statement's own time.
    var nowMicroseconds: Int64
    var ids: TimeIDSource

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
    var name: String
    var parameters: [CQLType]
    var result: CQLType
    /// Whether the same arguments always give the same result.
    var isPure = true
    var call: @Sendable ([[UInt8]?], EvaluationContext) throws(StatementError) -> [UInt8]?

    /// Finds the function of that name for these arguments; `nil` types fit everything (markers).
    static func find(
        _ name: CQLName, _ arguments: [CQLType?], as expected: CQLType?
    ) throws(StatementError) -> ScalarFunction {
        guard name.keyspace == nil || name.keyspace == "system" else {
            throw .invalid("Unknown function '\(name.keyspace ?? "").\(name.name)'")
        }
        let canonical = name.name.filter { $0 != "_" }
        let named = all[canonical] ?? blobConversion(canonical, expected)
        guard !named.isEmpty else { throw .invalid("Unknown function '\(name.name)'") }
        let fitting = named.filter { function in
            function.parameters.count == arguments.count
                && zip(function.parameters, arguments).allSatisfy { parameter, argument in
                    argument.map { parameter.matches($0) } ?? true
                }
        }
        guard let found = fitting.first else {
            throw .invalid(
                "Invalid call to function \(name.name), none of its type signatures match")
        }
        return found
    }

    /// By name without underscores: `toTimestamp` and `to_timestamp` are one.
    private static let all: [String: [ScalarFunction]] = {
        var all: [String: [ScalarFunction]] = [:]
        for function in timeFunctions + idFunctions {
            all[function.name, default: []].append(function)
        }
        return all
    }()

    private static let idFunctions: [ScalarFunction] = [
        ScalarFunction(name: "now", parameters: [], result: .timeuuid, isPure: false) {
            _, context in
            context.ids.next(milliseconds: context.nowMilliseconds).bytes
        },
        ScalarFunction(name: "currenttimeuuid", parameters: [], result: .timeuuid, isPure: false) {
            _, context in context.ids.next(milliseconds: context.nowMilliseconds).bytes
        },
        ScalarFunction(name: "uuid", parameters: [], result: .uuid, isPure: false) { _, _ in
            CQLUUID.random().bytes
        },
        ScalarFunction(name: "mintimeuuid", parameters: [.timestamp], result: .timeuuid) {
            arguments, _ in
            TimeParts.milliseconds(arguments[0]).map {
                CQLUUID.time(unixMilliseconds: $0, clockSequenceAndNode: 0x8080_8080_8080_8080)
                    .bytes
            }
        },
        ScalarFunction(name: "maxtimeuuid", parameters: [.timestamp], result: .timeuuid) {
            arguments, _ in
            TimeParts.milliseconds(arguments[0]).map {
                CQLUUID.time(
                    unixMilliseconds: $0, extraTicks: 9999,
                    clockSequenceAndNode: 0x7F7F_7F7F_7F7F_7F7F
                ).bytes
            }
        },
    ]

    private static let timeFunctions: [ScalarFunction] = {
        var list: [ScalarFunction] = [
            ScalarFunction(
                name: "currenttimestamp", parameters: [], result: .timestamp, isPure: false
            ) {
                _, context in context.nowMilliseconds.bigBytes
            },
            ScalarFunction(name: "currentdate", parameters: [], result: .date, isPure: false) {
                _, context in TimeParts.date(context.nowMilliseconds)
            },
            ScalarFunction(name: "currenttime", parameters: [], result: .time, isPure: false) {
                _, context in
                (context.nowMicroseconds % 86_400_000_000 * 1000).bigBytes
            },
            ScalarFunction(name: "dateof", parameters: [.timeuuid], result: .timestamp) {
                arguments, _ in TimeParts.milliseconds(ofID: arguments[0])?.bigBytes
            },
            ScalarFunction(name: "unixtimestampof", parameters: [.timeuuid], result: .bigint) {
                arguments, _ in TimeParts.milliseconds(ofID: arguments[0])?.bigBytes
            },
        ]
        for type in [CQLType.timeuuid, .timestamp, .date] {
            list += [
                ScalarFunction(name: "todate", parameters: [type], result: .date) { arguments, _ in
                    TimeParts.milliseconds(arguments[0], of: type).map(TimeParts.date)
                },
                ScalarFunction(name: "totimestamp", parameters: [type], result: .timestamp) {
                    arguments, _ in TimeParts.milliseconds(arguments[0], of: type)?.bigBytes
                },
                ScalarFunction(name: "tounixtimestamp", parameters: [type], result: .bigint) {
                    arguments, _ in TimeParts.milliseconds(arguments[0], of: type)?.bigBytes
                },
            ]
        }
        return list
    }()

    /// `intAsBlob` and `blobAsInt`, of every simple type.
    private static func blobConversion(_ name: String, _ expected: CQLType?) -> [ScalarFunction] {
        if name.hasSuffix("asblob"), let type = CQLType.simpleTypes[String(name.dropLast(6))] {
            return [
                ScalarFunction(name: name, parameters: [type], result: .blob) { arguments, _ in
                    arguments[0]
                }
            ]
        }
        if name.hasPrefix("blobas"), let type = CQLType.simpleTypes[String(name.dropFirst(6))] {
            return [
                ScalarFunction(name: name, parameters: [.blob], result: type) {
                    (arguments, _) throws(StatementError) in
                    guard let bytes = arguments[0] else { return nil }
                    try bytes.check(as: type)
                    return bytes
                }
            ]
        }
        return []
    }
}

/// Conversions between the types that tell a time.
enum TimeParts {
    static func milliseconds(_ bytes: [UInt8]?) -> Int64? {
        guard let bytes, bytes.count == 8 else { return nil }
        return bytes.withUnsafeBytes { $0.big() }
    }

    static func milliseconds(ofID bytes: [UInt8]?) -> Int64? {
        bytes.flatMap { CQLUUID($0) }?.unixMilliseconds
    }

    static func milliseconds(_ bytes: [UInt8]?, of type: CQLType) -> Int64? {
        switch type {
        case .timeuuid: return milliseconds(ofID: bytes)
        case .date:
            guard let bytes, bytes.count == 4 else { return nil }
            let days = Int64(bytes.withUnsafeBytes { $0.big(as: UInt32.self) }) - 1 << 31
            return days * 86_400_000
        default: return milliseconds(bytes)
        }
    }

    static func date(_ milliseconds: Int64) -> [UInt8] {
        let day = (milliseconds - (milliseconds < 0 ? 86_399_999 : 0)) / 86_400_000
        return UInt32(clamping: day + 1 << 31).bigBytes
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
