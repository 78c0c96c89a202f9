// Functions over rows: count, min, max, sum, avg. Source: Cassandra's AggregateFcts.

import CQLProtocol
import MillraceBase

/// One aggregate of a SELECT.
struct AggregatePlan: Sendable {
    enum Kind: String, Sendable { case count, min, max, sum, avg }

    var kind: Kind
    /// `nil`: count all rows.
    var argument: SelectorPlan?
    /// Of the argument.
    var type: CQLType

    /// Over masks where columns have one, by slot.
    func masked(_ masks: [Int: SelectorPlan]) -> AggregatePlan {
        guard !masks.isEmpty else { return self }
        var plan = self
        plan.argument = argument?.masked(masks)
        return plan
    }

    var result: CQLType {
        switch kind {
        case .count: .bigint
        case .min, .max, .sum, .avg: type.isCounter ? .bigint : type
        }
    }
}

enum AggregateFunctions {
    /// `sum` and `avg` of every number.
    static let numeric: [ScalarFunction] = [AggregatePlan.Kind.sum, .avg].flatMap { kind in
        Arithmetic.numericTypes.map { function(kind, $0) }
    }

    /// `count`, `min` and `max` of anything.
    static let families: [String: FunctionFamily] = [
        "count": { request throws(StatementError) in try ofAnything(request, .count) },
        "min": { request throws(StatementError) in try ofAnything(request, .min) },
        "max": { request throws(StatementError) in try ofAnything(request, .max) },
    ]

    private static func ofAnything(
        _ request: FunctionRequest, _ kind: AggregatePlan.Kind
    ) throws(StatementError) -> [ScalarFunction] {
        guard request.arguments.count == 1 else { return [] }
        guard let type = request.arguments[0].shape.compatibleType else {
            throw .invalid(
                "Cannot infer type of argument \(request.arguments[0].text) in call to function "
                    + "system.\(kind.rawValue)(any): use type casts to disambiguate")
        }
        return [function(kind, type)]
    }

    private static func function(_ kind: AggregatePlan.Kind, _ type: CQLType) -> ScalarFunction {
        ScalarFunction(
            name: kind.rawValue, parameters: [type],
            result: AggregatePlan(kind: kind, type: type).result, aggregate: kind
        ) { _, _ in nil }
    }
}

/// The running state of one aggregate.
struct AggregateState {
    private let plan: AggregatePlan
    private var count: Int64 = 0
    private var best: [UInt8]?
    private var whole: Int64 = 0
    private var real = FloatSum()
    /// Set when 64 bits are not enough, and for varint.
    private var big: CQLVarint?
    /// The sum, or the average so far.
    private var decimal = CQLDecimal(unscaled: .zero, scale: 0)

    init(_ plan: AggregatePlan) { self.plan = plan }

    /// `count(*)`: a row came.
    mutating func addRow() { count += 1 }

    /// - Parameter bytes: the argument's value; `nil` is skipped.
    mutating func add(_ bytes: [UInt8]?) throws(StatementError) {
        guard let bytes else { return }
        switch plan.kind {
        case .count: count += 1
        case .min, .max: keep(bytes)
        case .sum, .avg:
            guard !bytes.isEmpty else { return }
            count += 1
            try addNumber(bytes)
        }
    }

    private mutating func keep(_ bytes: [UInt8]) {
        guard let best else {
            self.best = bytes
            return
        }
        let order = bytes.withUnsafeBytes { a in
            best.withUnsafeBytes { b in Comparison.order(a, b, plan.type) }
        }
        if plan.kind == .min ? order < 0 : order > 0 { self.best = bytes }
    }

    private mutating func addNumber(_ bytes: [UInt8]) throws(StatementError) {
        switch plan.type {
        case .float, .double: real.add(Arithmetic.double(bytes, plan.type))
        case .decimal:
            guard bytes.count > 4 else { return }
            let value = CQLDecimal(
                unscaled: CQLVarint(bytes: bytes[4...]), scale: bytes.withUnsafeBytes { $0.big() })
            do throws(CQLArithmeticError) {
                decimal = try .adding(decimal, plan.kind == .avg ? step(to: value) : value)
            } catch {
                throw .invalid("the sum of these decimals has too many digits")
            }
        case .varint: big = (big ?? .zero) + CQLVarint(bytes: bytes)
        default:
            let (sum, overflows) = whole.addingReportingOverflow(Arithmetic.int64(bytes))
            if overflows { big = (big ?? .zero) + CQLVarint(whole) }
            whole = overflows ? Arithmetic.int64(bytes) : sum
        }
    }

    /// What moves the average towards one more value. Rounded each time, as Cassandra does.
    private func step(to value: CQLDecimal) throws(CQLArithmeticError) -> CQLDecimal {
        let gap = try CQLDecimal.subtracting(value, decimal)
        let count = CQLDecimal(unscaled: CQLVarint(count), scale: 0)
        return try .dividing(gap, by: count, scale: Int64(gap.scale), toEven: true)
    }

    func result() throws(StatementError) -> [UInt8]? {
        switch plan.kind {
        case .count: return count.bigBytes
        case .min, .max: return best
        case .sum: return sum()
        case .avg: return average()
        }
    }

    /// Whole numbers wrap around in their type.
    private func sum() -> [UInt8] {
        switch plan.type {
        case .float: Float(real.sum).bitPattern.bigBytes
        case .double: real.sum.bitPattern.bigBytes
        case .decimal: Arithmetic.encoded(decimal)
        case .varint: (big ?? .zero).bytes
        default: Casting.integer(lowBits(of: total), plan.type)
        }
    }

    private func average() -> [UInt8]? {
        let divisor = max(count, 1)
        switch plan.type {
        case .float: return Float(real.average(count)).bitPattern.bigBytes
        case .double: return real.average(count).bitPattern.bigBytes
        case .decimal: return Arithmetic.encoded(decimal)
        case .varint:
            return (big ?? .zero).quotientAndRemainder(dividingBy: CQLVarint(divisor))?.quotient
                .bytes
        default:
            guard big != nil else { return Casting.integer(whole / divisor, plan.type) }
            let quotient = total.quotientAndRemainder(dividingBy: CQLVarint(divisor))?.quotient
            return quotient.map { Casting.integer(lowBits(of: $0), plan.type) }
        }
    }

    private var total: CQLVarint { (big ?? .zero) + CQLVarint(whole) }

    private func lowBits(of value: CQLVarint) -> Int64 {
        value.bytes.suffix(8).reduce(value.isNegative ? -1 : 0) { $0 << 8 | Int64($1) }
    }
}

/// A sum of doubles by Kahan, Babuska and Neumaier's compensation, as Cassandra adds them.
struct FloatSum {
    private var plain = 0.0
    private var total = 0.0
    private var compensation = 0.0
    /// What was added, once finite numbers have an infinite total; only an average needs it.
    private var exact: CQLDecimal?

    mutating func add(_ value: Double) {
        if let exact {
            self.exact = CQLDecimal(JavaNumberText.text(value)).flatMap {
                try? .adding(exact, $0)
            }
        }
        plain += value
        let corrected = value - compensation
        let rounded = total + corrected
        if rounded.isInfinite, total.isFinite, let before = CQLDecimal(JavaNumberText.text(total)),
            let now = CQLDecimal(JavaNumberText.text(value))
        {
            exact = try? .adding(before, now)
        }
        compensation = (rounded - total) - corrected
        total = rounded
    }

    var sum: Double {
        // A compensation is not a number once the sum is infinite.
        total.isNaN && !plain.isNaN ? plain : total
    }

    func average(_ count: Int64) -> Double {
        guard count > 0 else { return 0 }
        if let exact,
            let quotient = try? CQLDecimal.dividing(
                exact, by: CQLDecimal(unscaled: CQLVarint(count), scale: 0),
                scale: Int64(exact.scale), toEven: true)
        {
            return quotient.double
        }
        return sum / Double(count)
    }
}
