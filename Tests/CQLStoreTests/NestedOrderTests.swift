// Keys of nested values sort as Cassandra compares such values, element by element.

import CQLProtocol
import Testing

@testable import CQLStore

@Suite("Order of nested values")
struct NestedOrderTests {
    /// An order written down apart from the encoding. Source: `compareCustom` of ListType, MapType,
    /// TupleType and VectorType: parts in turn; of equal ones the shorter value first; null before all.
    private static func order(_ a: CQLValue, _ b: CQLValue) -> Int {
        switch (a, b) {
        case (.null, .null), (.empty, .empty): return 0
        case (.null, _): return -1
        case (_, .null): return 1
        case (.empty, _): return -1
        case (_, .empty): return 1
        case (.int(let a), .int(let b)): return a == b ? 0 : a < b ? -1 : 1
        case (.text(let a), .text(let b)):
            let (a, b) = (Array(a.utf8), Array(b.utf8))
            return a == b ? 0 : a.isLess(than: b) ? -1 : 1
        case (.inet(let a), .inet(let b)):
            return a.bytes == b.bytes ? 0 : a.bytes.isLess(than: b.bytes) ? -1 : 1
        case (.list(let a), .list(let b)), (.set(let a), .set(let b)),
            (.vector(let a), .vector(let b)):
            return order(a, b, countsTell: true)
        case (.map(let a), .map(let b)):
            return order(
                a.flatMap { [$0.key, $0.value] }, b.flatMap { [$0.key, $0.value] },
                countsTell: true)
        case (.tuple(let a), .tuple(let b)), (.udt(let a), .udt(let b)):
            return order(a, b, countsTell: false)
        default: return 0
        }
    }

    /// - Parameter countsTell: a tuple's missing parts are nulls; a list's are not.
    private static func order(_ a: [CQLValue], _ b: [CQLValue], countsTell: Bool) -> Int {
        for index in 0..<max(a.count, b.count) {
            if countsTell, index >= a.count || index >= b.count {
                return a.count < b.count ? -1 : 1
            }
            let found = order(
                index < a.count ? a[index] : .null, index < b.count ? b[index] : .null)
            if found != 0 { return found }
        }
        return 0
    }

    private static func int(_ random: inout SeededGenerator) -> CQLValue {
        .int(Int32.random(in: -2...2, using: &random))
    }

    private static func text(_ random: inout SeededGenerator) -> CQLValue {
        .text(["", "a", "a\u{0}", "ab", "b", "\u{FF}"].randomElement(using: &random) ?? "")
    }

    private static func several(
        _ most: Int, _ random: inout SeededGenerator,
        _ make: (inout SeededGenerator) -> CQLValue
    ) -> [CQLValue] {
        (0..<Int.random(in: 0...most, using: &random)).map { _ in make(&random) }
    }

    private static func nullable(
        _ random: inout SeededGenerator, _ make: (inout SeededGenerator) -> CQLValue
    ) -> CQLValue {
        Int.random(in: 0..<3, using: &random) == 0 ? .null : make(&random)
    }

    private func check(
        _ type: CQLType, _ make: (inout SeededGenerator) -> CQLValue
    ) throws {
        try KeyOrderCheck.run(type, seed: 17, make) { Self.order($0, $1) }
    }

    @Test func listsAndMaps() throws {
        try check(.frozen(.list(.int))) { .list(Self.several(3, &$0, Self.int)) }
        try check(.frozen(.list(.text))) { .list(Self.several(3, &$0, Self.text)) }
        try check(.frozen(.map(.int, .text))) { random in
            .map(
                (0..<Int32.random(in: 0...2, using: &random)).map {
                    CQLValue.MapEntry(.int($0), Self.text(&random))
                })
        }
        try check(.frozen(.list(.frozen(.list(.text))))) { random in
            .list(Self.several(2, &random) { .list(Self.several(2, &$0, Self.text)) })
        }
    }

    /// Goal: nulls come first, and those at the end say nothing.
    @Test func tuples() throws {
        try check(.tuple([.int, .text, .int])) { random in
            let parts = [
                Self.nullable(&random, Self.int), Self.nullable(&random, Self.text),
                Self.nullable(&random, Self.int),
            ]
            return .tuple(Array(parts.prefix(Int.random(in: 1...3, using: &random))))
        }
        try check(.tuple([.tuple([.int, .int]), .text])) { random in
            .tuple([
                Self.nullable(&random) { .tuple([Self.int(&$0), Self.nullable(&$0, Self.int)]) },
                Self.nullable(&random, Self.text),
            ])
        }
    }

    @Test func vectorsAndAddresses() throws {
        try check(.vector(.int, dimensions: 2)) { .vector([Self.int(&$0), Self.int(&$0)]) }
        try check(.vector(.text, dimensions: 2)) { .vector([Self.text(&$0), Self.text(&$0)]) }
        try check(.inet) { random in
            let count = Bool.random(using: &random) ? 4 : 16
            let bytes = (0..<count).map { _ in
                UInt8([0, 1, 255].randomElement(using: &random) ?? 0)
            }
            return CQLInet(bytes: bytes).map { .inet($0) } ?? .null
        }
    }

    /// Goal: a value of a type that has grown since equals one with null in the new field.
    @Test func typesThatGrew() throws {
        let type = CQLType.frozen(
            .udt(
                CQLUserType(
                    keyspace: "k", name: "t", fields: [.init("a", .int), .init("b", .text)])))
        try check(type) { random in
            let whole = [Self.nullable(&random, Self.int), Self.nullable(&random, Self.text)]
            return .udt(Array(whole.prefix(Int.random(in: 1...2, using: &random))))
        }
    }
}
