// writetime(), maxwritetime() and ttl() of columns and of their parts.
// Source: Cassandra's WritetimeOrTTLSelector and ColumnTimestamps.

import CQLProtocol

/// When a cell was written, and when it ends.
struct CellTime: Sendable {
    /// Microseconds.
    var timestamp: Int64
    /// Seconds since 1970; 0 for never.
    var expiry: UInt32
}

struct CellTimesPlan: Sendable {
    enum Kind: String, Sendable {
        case writeTime = "writetime"
        case newest = "maxwritetime"
        case timeToLive = "ttl"
    }

    /// The way from the column to its part.
    enum Step: Sendable {
        case element(Expression)
        case slice(from: Expression?, to: Expression?)
        case field(Int)
    }

    var kind: Kind
    var slot: Int
    var steps: [Step] = []
    /// The types along the way, the column's first: one more than steps.
    var types: [CQLType]

    /// Several cells may be meant: the result is a list, but for the newest of them.
    var givesList: Bool {
        kind != .newest && (types.last?.isMultiCell ?? false)
    }

    var result: CQLType {
        let single: CQLType = kind == .timeToLive ? .int : .bigint
        return givesList ? .list(single) : single
    }

    private enum Times {
        case none
        case one(CellTime)
        /// `nil` for parts that are not there.
        case many([CellTime?])
    }

    func evaluate(_ scope: SelectScope) throws(StatementError) -> [UInt8]? {
        guard var bytes = scope.view.array(slot) else { return nil }
        var times: Times
        if scope.view.table.columns[slot].isMultiCell {
            times = .many(scope.view.elementTimes[slot] ?? [])
        } else {
            let value = scope.view.slots[slot]
            times = .one(CellTime(timestamp: value.timestamp, expiry: value.expiry))
        }
        for (step, type) in zip(steps, types) {
            guard let next = try take(step, type, bytes, times, scope) else { return nil }
            (bytes, times) = next
        }
        switch times {
        case .none: return nil
        case .one(let time): return encoded(time, scope)
        case .many(let all):
            if kind == .newest {
                return all.compactMap { $0?.timestamp }.max()?.bigBytes
            }
            guard !all.isEmpty else { return nil }
            return CollectionSelection.list(all.map { $0.flatMap { encoded($0, scope) } })
        }
    }

    private func encoded(_ time: CellTime, _ scope: SelectScope) -> [UInt8]? {
        switch kind {
        case .writeTime, .newest: return time.timestamp.bigBytes
        case .timeToLive:
            guard time.expiry != 0 else { return nil }
            return Int32(clamping: Int64(time.expiry) - Int64(scope.view.now)).bigBytes
        }
    }

    private func take(
        _ step: Step, _ type: CQLType, _ bytes: [UInt8], _ times: Times, _ scope: SelectScope
    ) throws(StatementError) -> ([UInt8], Times)? {
        func value(_ expression: Expression?) throws(StatementError) -> [UInt8]? {
            guard let expression else { return nil }
            return try expression.evaluate(scope.values, scope.context).bytes(
                unset: "Invalid unset value for a collection's element")
        }
        func part(_ index: Int) -> Times {
            switch times {
            case .none, .one: return times
            case .many(let all):
                guard index < all.count, let time = all[index] else { return .none }
                return .one(time)
            }
        }
        switch step {
        case .element(let key):
            guard let key = try value(key),
                let found = CollectionSelection.element(of: bytes, key, type),
                let index = bytes.withUnsafeBytes({
                    CollectionSelection.index(of: key, in: $0, type)
                })
            else { return nil }
            return (found, part(index))
        case .slice(let from, let to):
            let (from, to) = (try value(from), try value(to))
            let range = bytes.withUnsafeBytes { CollectionSelection.range($0, from, to, type) }
            guard !range.isEmpty,
                let found = CollectionSelection.slice(of: bytes, from, to, type)
            else { return nil }
            if case .many(let all) = times { return (found, .many(Array(all[range]))) }
            return (found, times)
        case .field(let index):
            let found = bytes.withUnsafeBytes { all -> [UInt8]? in
                let parts = CollectionBytes.fields(all)
                return index < parts.count ? parts[index].map { Array($0) } : nil
            }
            guard let found else { return nil }
            return (found, part(index))
        }
    }
}
