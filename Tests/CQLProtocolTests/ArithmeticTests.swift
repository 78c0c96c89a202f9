// Sums, products and quotients of varints and decimals, against vectors made with Python's integers.

import CQLProtocol
import Testing

@Suite("Arithmetic of numbers of any size")
struct ArithmeticTests {
    private struct Vector: Sendable {
        var a: String
        var b: String
        var sum: String
        var product: String
        var quotient: String
        var remainder: String
    }

    private static let vectors = [
        Vector(
            a: "17485029721327973432", b: "12007621696699967246", sum: "29492651418027940678",
            product: "209953622249261555814060869697958208272", quotient: "1",
            remainder: "5477408024628006186"),
        Vector(
            a: "642339135128645349171", b: "5865589240", sum: "642339135134510938411",
            product: "3767697519441488175873460520040", quotient: "109509737018",
            remainder: "634862851"),
        Vector(
            a: "674371923778402505224963148109042426209427247884491588525460",
            b: "-1673359773981742884",
            sum: "674371923778402505224963148109042426209425574524717606782576",
            product:
                "-1128466849953460755784712699845493003387466887965207869121676821313306407826640",
            quotient: "-403004741875527007586555443424734225134100",
            remainder: "1362208534967781060"),
        Vector(
            a: "-9223372036854775808", b: "-1", sum: "-9223372036854775809",
            product: "9223372036854775808", quotient: "9223372036854775808", remainder: "0"),
    ]

    @Test func varints() throws {
        for vector in Self.vectors {
            let a = try #require(CQLVarint(vector.a))
            let b = try #require(CQLVarint(vector.b))
            let parts = try #require(a.quotientAndRemainder(dividingBy: b))
            #expect((a + b).description == vector.sum)
            #expect((a * b).description == vector.product)
            #expect(parts.quotient.description == vector.quotient)
            #expect(parts.remainder.description == vector.remainder)
        }
        #expect(CQLVarint(5).quotientAndRemainder(dividingBy: .zero) == nil)
    }

    /// Method: laws of numbers over random ones of every length, close to powers of 2^32 too.
    @Test func varintsKeepTheLaws() throws {
        var random = SystemRandomNumberGenerator()
        func number() -> CQLVarint {
            let count = Int.random(in: 1...40, using: &random)
            return CQLVarint(
                bytes: (0..<count).map { _ in
                    [0, 0xFF, UInt8.random(in: 0...255, using: &random)].randomElement(
                        using: &random) ?? 0
                })
        }
        for _ in 0..<3_000 {
            let (a, b, c) = (number(), number(), number())
            let holds =
                a + b - b == a && (a + b) * c == a * c + b * c && a - b == -(b - a)
                && divides(a, b)
            if !holds { Issue.record("\(a), \(b), \(c)") }
        }
    }

    private func divides(_ a: CQLVarint, _ b: CQLVarint) -> Bool {
        guard let parts = a.quotientAndRemainder(dividingBy: b) else { return b.isZero }
        let rest = parts.remainder.isNegative ? -parts.remainder : parts.remainder
        let size = b.isNegative ? -b : b
        return parts.quotient * b + parts.remainder == a && rest < size
            && (parts.remainder.isZero || parts.remainder.isNegative == a.isNegative)
    }

    @Test(arguments: [
        ("1", "3", "0.33333333333333333333333333333333"), ("1", "4", "0.25"), ("10", "5", "2"),
        ("-2", "3", "-0.66666666666666666666666666666667"), ("0", "7", "0"),
        ("1E+20", "1E-20", "1E+40"), ("100", "1", "1E+2"),
    ])
    func dividesDecimals(left: String, right: String, quotient: String) throws {
        let a = try #require(CQLDecimal(left))
        let b = try #require(CQLDecimal(right))
        #expect(try CQLDecimal.dividing(a, by: b).description == quotient)
    }

    @Test func addsDecimalsOfAnyExponent() throws {
        func decimal(_ text: String) throws -> CQLDecimal { try #require(CQLDecimal(text)) }
        #expect(try CQLDecimal.adding(decimal("1.10"), decimal("2.205")).description == "3.305")
        #expect(try CQLDecimal.adding(decimal("1E+3"), decimal("1")).description == "1001")
        // No digits are made for what lies a billion places apart.
        #expect(
            try CQLDecimal.adding(decimal("1E+1000000000"), decimal("1")).description
                == "1E+1000000000")
        #expect(
            try CQLDecimal.subtracting(decimal("1"), decimal("1E-1000000000")).description == "1")
        #expect(throws: CQLArithmeticError.tooLong) {
            _ = try CQLDecimal.multiplying(decimal("1E+2000000000"), decimal("1E+2000000000"))
        }
        #expect(throws: CQLArithmeticError.dividedByZero) {
            _ = try CQLDecimal.dividing(decimal("1"), by: decimal("0.00"))
        }
        #expect(try CQLDecimal.remainder(decimal("5.5"), decimal("-2")).description == "1.5")
    }
}
