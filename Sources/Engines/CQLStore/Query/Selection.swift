// What a SELECT gives for each row, and aggregates over rows.

import CQLProtocol
import MillraceBase

/// A compiled selector.
indirect enum SelectorPlan: Sendable {
    case slot(Int)
    case constant([UInt8]?)
    case writeTime(Int)
    case timeToLive(Int)
    /// Of the row's own partition key.
    case token(ScalarFunction)
    case call(ScalarFunction, [SelectorPlan])
    case cast(SelectorPlan, from: CQLType, to: CQLType)
    case mapElement(SelectorPlan, [UInt8], key: CQLType)
    case field(SelectorPlan, Int)

    func evaluate(_ view: RowView, _ context: EvaluationContext) throws(StatementError) -> [UInt8]?
    {
        switch self {
        case .slot(let slot): return view.array(slot)
        case .constant(let bytes): return bytes
        case .writeTime(let slot):
            let value = view.slots[slot]
            return value.start == nil ? nil : value.timestamp.bigBytes
        case .timeToLive(let slot):
            let value = view.slots[slot]
            guard value.start != nil, value.expiry != 0 else { return nil }
            return Int32(clamping: Int64(value.expiry) - Int64(view.now)).bigBytes
        case .token(let function):
            return try function.call(
                view.table.partitionKey.indices.map { view.array($0) }, context)
        case .call(let function, let parts):
            var arguments: [[UInt8]?] = []
            for part in parts { arguments.append(try part.evaluate(view, context)) }
            return try function.call(arguments, context)
        case .cast(let inner, let from, let to):
            guard let bytes = try inner.evaluate(view, context) else { return nil }
            return try Casting.cast(bytes, from: from, to: to)
        case .mapElement(let inner, let key, let type):
            guard let bytes = try inner.evaluate(view, context) else { return nil }
            return bytes.withUnsafeBytes {
                BoundFilter.element(of: $0, key, type).map { Array($0) }
            }
        case .field(let inner, let index):
            guard let bytes = try inner.evaluate(view, context) else { return nil }
            return bytes.withUnsafeBytes { all in
                let parts = CollectionBytes.fields(all)
                return index < parts.count ? parts[index].map { Array($0) } : nil
            }
        }
    }
}

/// `count`, `min`, `max`, `sum`, `avg`.
struct AggregatePlan: Sendable {
    enum Kind: String, Sendable { case count, min, max, sum, avg }

    var kind: Kind
    /// `nil`: count all rows.
    var argument: SelectorPlan?
    var type: CQLType
}

/// The running state of one aggregate.
struct AggregateState {
    private let plan: AggregatePlan
    private var count: Int64 = 0
    private var best: [UInt8]?
    private var whole: Int64 = 0
    private var real: Double = 0
    private var wholeOverflows = false

    init(_ plan: AggregatePlan) { self.plan = plan }

    mutating func add(_ view: RowView, _ context: EvaluationContext) throws(StatementError) {
        guard let argument = plan.argument else {
            count += 1
            return
        }
        guard let bytes = try argument.evaluate(view, context) else { return }
        count += 1
        switch plan.kind {
        case .count: break
        case .min, .max:
            guard let best else {
                self.best = bytes
                return
            }
            let order = bytes.withUnsafeBytes { a in
                best.withUnsafeBytes { b in Comparison.order(a, b, plan.type) }
            }
            if plan.kind == .min ? order < 0 : order > 0 { self.best = bytes }
        case .sum, .avg:
            switch Casting.value(bytes, plan.type) {
            case .float(let value): real += Double(value)
            case .double(let value): real += value
            case let value:
                guard let number = value?.int64 else {
                    wholeOverflows = true
                    return
                }
                let (sum, overflows) = whole.addingReportingOverflow(number)
                whole = sum
                wholeOverflows = wholeOverflows || overflows
            }
        }
    }

    func result() throws(StatementError) -> [UInt8]? {
        switch plan.kind {
        case .count: return count.bigBytes
        case .min, .max: return best
        case .sum, .avg:
            if plan.kind == .avg, count == 0 { return try encoded(0) }
            switch plan.type {
            case .float, .double:
                let value = plan.kind == .avg ? real / Double(count) : real
                return plan.type == .float
                    ? Float(value).bitPattern.bigBytes : value.bitPattern.bigBytes
            default:
                guard !wholeOverflows else {
                    throw .invalid("the sum of \(plan.type) values is too large in this release")
                }
                return try encoded(plan.kind == .avg ? whole / count : whole)
            }
        }
    }

    /// Sums of small integers wrap, as they do in Cassandra.
    private func encoded(_ value: Int64) throws(StatementError) -> [UInt8]? {
        switch plan.type {
        case .tinyint: return Int8(truncatingIfNeeded: value).bigBytes
        case .smallint: return Int16(truncatingIfNeeded: value).bigBytes
        case .int: return Int32(truncatingIfNeeded: value).bigBytes
        case .varint: return CQLVarint(value).bytes
        case .float: return Float(value).bitPattern.bigBytes
        case .double: return Double(value).bitPattern.bigBytes
        default: return value.bigBytes
        }
    }
}

/// CAST(… AS …), and values for it.
enum Casting {
    static func value(_ bytes: [UInt8], _ type: CQLType) -> CQLValue? {
        try? CQLValue.decode(bytes, as: type)
    }

    /// Whether numbers or anything to text; times among each other.
    static func canCast(_ from: CQLType, _ to: CQLType) -> Bool {
        if from == to { return true }
        switch (from, to) {
        case (_, .text), (_, .ascii): return from.simpleName != nil && from != .blob
        case (.timeuuid, .timestamp), (.timeuuid, .date), (.timestamp, .date), (.date, .timestamp):
            return true
        default: return isNumber(from) && isNumber(to) && to != .counter
        }
    }

    static func isNumber(_ type: CQLType) -> Bool {
        switch type {
        case .tinyint, .smallint, .int, .bigint, .counter, .float, .double, .varint, .decimal: true
        default: false
        }
    }

    static func cast(
        _ bytes: [UInt8], from: CQLType, to: CQLType
    ) throws(StatementError) -> [UInt8]? {
        if from == to || bytes.isEmpty { return bytes }
        switch to {
        case .text, .ascii: return Array(text(bytes, from).utf8)
        case .timestamp: return TimeParts.milliseconds(bytes, of: from)?.bigBytes
        case .date: return TimeParts.milliseconds(bytes, of: from).map(TimeParts.date)
        default: break
        }
        let number: Double
        let whole: Int64?
        switch value(bytes, from) {
        case .float(let value):
            (number, whole) = (Double(value), Int64(exactly: Double(value).rounded(.towardZero)))
        case .double(let value):
            (number, whole) = (value, Int64(exactly: value.rounded(.towardZero)))
        case .decimal(let value):
            number = Double(value.description) ?? 0
            whole = Int64(exactly: number.rounded(.towardZero))
        case let value:
            whole = value?.int64
            number = whole.map(Double.init) ?? 0
        }
        switch to {
        case .float: return Float(number).bitPattern.bigBytes
        case .double: return number.bitPattern.bigBytes
        case .decimal:
            let text =
                whole.map { Double($0) == number ? String($0) : String(number) } ?? String(number)
            return CQLDecimal(text).flatMap { try? CQLValue.decimal($0).encoded(as: .decimal) }
        default:
            guard let whole else { throw .invalid("the value is too large to be cast to \(to)") }
            switch to {
            case .tinyint: return Int8(truncatingIfNeeded: whole).bigBytes
            case .smallint: return Int16(truncatingIfNeeded: whole).bigBytes
            case .int: return Int32(truncatingIfNeeded: whole).bigBytes
            case .varint: return CQLVarint(whole).bytes
            default: return whole.bigBytes
            }
        }
    }

    /// A value of a simple type as CAST writes it.
    static func text(_ bytes: [UInt8], _ type: CQLType) -> String {
        switch value(bytes, type) {
        case .ascii(let text), .text(let text): text
        case .bigint(let value), .counter(let value): String(value)
        case .int(let value): String(value)
        case .smallint(let value): String(value)
        case .tinyint(let value): String(value)
        case .boolean(let value): String(value)
        case .float(let value): String(value)
        case .double(let value): String(value)
        case .varint(let value): value.description
        case .decimal(let value): value.description
        case .uuid(let value), .timeuuid(let value): value.description
        case .inet(let value): value.description
        case .duration(let value): value.description
        case .date(let days): CivilTime.dateText(days: Int(days))
        case .time(let value): CivilTime.timeText(nanoseconds: value)
        case .timestamp(let value): CivilTime.timestampText(milliseconds: value)
        default: "0x" + bytes.hexText
        }
    }
}
