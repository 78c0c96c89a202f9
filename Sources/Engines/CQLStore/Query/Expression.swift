// Terms compiled against the types they meet, and what they give when a statement runs.

import CQLProtocol
import MillraceBase

/// What a term gives.
enum Evaluated: Sendable, Equatable {
    case null
    case unset
    case bytes([UInt8])

    /// The bytes of a value; an unset one is refused with this sentence.
    func bytes(unset message: String) throws(StatementError) -> [UInt8]? {
        switch self {
        case .null: return nil
        case .unset: throw .invalid(message)
        case .bytes(let bytes): return bytes
        }
    }
}

/// The bind markers of a statement as they are found.
struct MarkerList {
    private(set) var columns: [CQLColumn?]
    let keyspace: String
    let table: String

    init(keyspace: String, table: String) {
        columns = []
        self.keyspace = keyspace
        self.table = table
    }

    /// - Parameter name: what the marker is bound to, when it has no name of its own.
    mutating func add(_ marker: CQLMarker, name: String, type: CQLType) {
        while columns.count <= marker.index { columns.append(nil) }
        columns[marker.index] = CQLColumn(
            keyspace: keyspace, table: table, name: marker.name ?? name, type: type)
    }

    /// All markers in their order. Of a statement in a batch, only its own.
    var all: [CQLColumn] { columns.compactMap { $0 } }
}

/// A term that knows its type.
indirect enum Expression: Sendable {
    /// `nil` is null.
    case constant([UInt8]?)
    case marker(Int, CQLType)
    case call(ScalarFunction, [Expression])
    /// A list, set or map whose parts are not all constant; of a map, keys and values in turn.
    case collection(CQLType, [Expression])
    /// Parts of a tuple.
    case fields([Expression])
    case userType(CQLUserType, [Expression])
    /// Elements of a vector, and their type.
    case vector(CQLType, [Expression])
    /// A column's part of a JSON document.
    case json(JSONColumn)

    func evaluate(
        _ values: BoundValues, _ context: EvaluationContext
    ) throws(StatementError) -> Evaluated {
        switch self {
        case .constant(let bytes): return bytes.map { .bytes($0) } ?? .null
        case .marker(let index, let type): return try values.value(index, type)
        case .call(let function, let parts):
            var arguments: [[UInt8]?] = []
            for part in parts {
                arguments.append(
                    try part.evaluate(values, context).bytes(
                        unset:
                            "Invalid unset value for argument in call to function \(function.name)")
                )
            }
            let result = try function.call(arguments, context)
            return result.map { .bytes($0) } ?? .null
        case .collection(let type, let parts):
            var found: [[UInt8]] = []
            for part in parts {
                guard
                    let bytes = try part.evaluate(values, context).bytes(
                        unset: "unset value is not supported inside collections")
                else { throw .invalid("null is not supported inside collections") }
                found.append(bytes)
            }
            return .bytes(CollectionBuilder.bytes(of: found, type: type))
        case .json(let column):
            return try column.evaluate(values, now: context.nowMilliseconds)
        case .vector(let element, let parts):
            var found: [[UInt8]] = []
            for part in parts {
                guard case .bytes(let bytes) = try part.evaluate(values, context),
                    !bytes.isEmpty || element.hasEmptyValues
                else { throw .invalid("null is not supported inside vectors") }
                found.append(bytes)
            }
            return .bytes(CollectionBuilder.vector(of: found, element))
        case .fields(let parts):
            var found: [[UInt8]?] = []
            for (index, part) in parts.enumerated() {
                found.append(
                    try part.evaluate(values, context).bytes(
                        unset: "Invalid unset value for tuple field number \(index)"))
            }
            return .bytes(CollectionBuilder.fields(of: found))
        case .userType(let type, let parts):
            var found: [[UInt8]?] = []
            for (index, part) in parts.enumerated() {
                found.append(
                    try part.evaluate(values, context).bytes(
                        unset: "Invalid unset value for field '\(type.fields[index].name)' of user "
                            + "defined type \(type.name)"))
            }
            return .bytes(CollectionBuilder.fields(of: found))
        }
    }
}

/// The values bound to one execution.
struct BoundValues: Sendable {
    var cells: CellList

    static let none = BoundValues(cells: CellList())

    func value(_ index: Int, _ type: CQLType) throws(StatementError) -> Evaluated {
        guard index < cells.count else { throw .invalid("Invalid amount of bind variables") }
        if cells.isUnset(index) { return .unset }
        return try cells.withBytes(of: index) { bytes throws(StatementError) -> Evaluated in
            guard let bytes else { return .null }
            try ValueCheck.check(bytes, type)
            return .bytes(CollectionOrder.sorted(bytes, type))
        }
    }

    /// The same of a list that is bound to an IN, whose elements may be null.
    func inList(_ index: Int, _ type: CQLType) throws(StatementError) -> Evaluated {
        guard index < cells.count else { throw .invalid("Invalid amount of bind variables") }
        if cells.isUnset(index) { return .unset }
        return try cells.withBytes(of: index) { bytes throws(StatementError) -> Evaluated in
            guard let bytes else { return .null }
            try ValueCheck.checkIn(bytes, type)
            return .bytes(CollectionOrder.sorted(bytes, type))
        }
    }
}

extension Expression {
    /// Of what stands behind IN as one list.
    func evaluateList(
        _ values: BoundValues, _ context: EvaluationContext
    ) throws(StatementError) -> Evaluated {
        guard case .marker(let index, let type) = self, case .list = type else {
            return try evaluate(values, context)
        }
        return try values.inList(index, type)
    }
}

extension CQLType {
    /// Whether no bytes are a value like others.
    var hasEmptyValues: Bool {
        switch withoutOuterFrozen {
        case .text, .ascii, .blob, .custom: true
        default: false
        }
    }
}

/// Serialises lists, sets and maps; sets and maps sorted and without duplicates.
enum CollectionBuilder {
    /// - Parameter parts: of a map, keys and values in turn.
    static func bytes(of parts: [[UInt8]], type: CQLType) -> [UInt8] {
        var out = RawBytes()
        switch type.withoutOuterFrozen {
        case .set(let element):
            let sorted = unique(parts.map { ($0, $0) }, element)
            out.appendBig(Int32(sorted.count))
            for (part, _) in sorted { append(part, to: &out) }
        case .map(let key, _):
            let pairs = stride(from: 0, to: parts.count - 1, by: 2).map {
                (parts[$0], parts[$0 + 1])
            }
            let sorted = unique(pairs, key)
            out.appendBig(Int32(sorted.count))
            for (key, value) in sorted {
                append(key, to: &out)
                append(value, to: &out)
            }
        default:
            out.appendBig(Int32(parts.count))
            for part in parts { append(part, to: &out) }
        }
        return out.array
    }

    /// Parts of a tuple, fields of a user-defined type.
    static func fields(of parts: [[UInt8]?]) -> [UInt8] {
        var out = RawBytes()
        for part in parts {
            guard let part else {
                out.appendBig(Int32(-1))
                continue
            }
            append(part, to: &out)
        }
        return out.array
    }

    /// Elements of a vector: each with its length before it unless that is fixed.
    static func vector(of parts: [[UInt8]], _ element: CQLType) -> [UInt8] {
        var out = RawBytes()
        for part in parts {
            if element.fixedBytes == nil { out.appendVint(UInt64(part.count)) }
            out.append(part)
        }
        return out.array
    }

    private static func append(_ part: [UInt8], to out: inout RawBytes) {
        out.appendBig(Int32(part.count))
        out.append(part)
    }

    /// In the order of the keys' type; of equal keys the last one.
    static func unique(
        _ pairs: [([UInt8], [UInt8])], _ type: CQLType
    ) -> [([UInt8], [UInt8])] {
        var ordered = pairs.enumerated().map { index, pair in
            (key: Self.ordered(pair.0, type), index: index, pair: pair)
        }
        ordered.sort { a, b in a.key == b.key ? a.index < b.index : a.key.isLess(than: b.key) }
        var out: [(key: [UInt8], pair: ([UInt8], [UInt8]))] = []
        for item in ordered {
            if out.last?.key == item.key { out.removeLast() }
            out.append((item.key, item.pair))
        }
        return out.map(\.pair)
    }

    /// Bytes whose plain order is the order of the type.
    static func ordered(_ bytes: [UInt8], _ type: CQLType) -> [UInt8] {
        var out = RawBytes(capacity: bytes.count + 16)
        bytes.withUnsafeBytes {
            OrderedEncoding.append($0, type: type, descending: false, to: &out)
        }
        return out.array
    }
}
