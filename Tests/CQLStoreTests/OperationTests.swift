// Operations between values of CQL's types.

import CQLProtocol
import Testing

@testable import CQLStore

@Suite("Operations")
struct OperationTests {
    private func value(
        _ a: CQLValue, _ aType: CQLType, _ operation: CQLArithmetic, _ b: CQLValue,
        _ bType: CQLType
    ) throws -> CQLValue? {
        let type = try #require(Arithmetic.resultType(aType, operation, bType))
        let bytes = try Arithmetic.apply(
            try a.encoded(as: aType), aType, operation, try b.encoded(as: bType), bType)
        return try bytes.map { try CQLValue.decode($0, as: type) }
    }

    @Test func typesWiden() {
        #expect(Arithmetic.resultType(.tinyint, .add, .smallint) == .smallint)
        #expect(Arithmetic.resultType(.int, .add, .float) == .float)
        #expect(Arithmetic.resultType(.bigint, .add, .float) == .double)
        #expect(Arithmetic.resultType(.varint, .add, .float) == .decimal)
        #expect(Arithmetic.resultType(.varint, .add, .tinyint) == .varint)
        #expect(Arithmetic.resultType(.counter, .add, .int) == .bigint)
        #expect(Arithmetic.resultType(.date, .add, .duration) == .date)
        #expect(Arithmetic.resultType(.date, .multiply, .duration) == nil)
        #expect(Arithmetic.resultType(.duration, .add, .date) == nil)
    }

    @Test func integersWrapAndCut() throws {
        #expect(try value(.int(.max), .int, .add, .int(1), .int) == .int(.min))
        #expect(try value(.int(.min), .int, .divide, .int(-1), .int) == .int(.min))
        #expect(try value(.int(.min), .int, .remainder, .int(-1), .int) == .int(0))
        #expect(try value(.int(-7), .int, .divide, .int(2), .int) == .int(-3))
        #expect(try value(.int(-7), .int, .remainder, .int(2), .int) == .int(-1))
        #expect(try value(.tinyint(127), .tinyint, .add, .tinyint(1), .tinyint) == .tinyint(-128))
        #expect(
            try value(.bigint(.max), .bigint, .multiply, .int(2), .int) == .bigint(-2))
    }

    @Test func zeroDivides() throws {
        for (type, zero) in [(CQLType.int, CQLValue.int(0)), (.varint, .varint(.zero))] {
            let error = #expect(throws: StatementError.self) {
                _ = try value(.int(1), .int, .divide, zero, type)
            }
            guard case .functionFailed(_, let function, let types, let message)? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(function == "_divide")
            #expect(types == ["int", type.description])
            #expect(message.hasPrefix("the operation 'int / \(type)' failed: "))
        }
        #expect(
            try value(.double(1), .double, .divide, .double(0), .double) == .double(.infinity))
    }

    @Test func nothingGivesNothing() throws {
        #expect(try value(.null, .int, .add, .int(1), .int) == nil)
        #expect(try value(.empty, .int, .add, .int(1), .int) == nil)
    }

    @Test func datesMoveByDurations() throws {
        func duration(_ text: String) throws -> CQLValue {
            .duration(try DurationParser.parse(text))
        }
        func date(_ text: String) throws -> CQLValue {
            .date(Int32(try #require(CivilTime.parseDate(text[...]))))
        }
        #expect(
            try value(date("2024-01-31"), .date, .add, duration("1mo"), .duration)
                == date("2024-02-29"))
        #expect(
            try value(date("2024-03-31"), .date, .subtract, duration("1y1mo2d"), .duration)
                == date("2023-02-26"))
        #expect(
            try value(.timestamp(-1), .timestamp, .add, duration("1s"), .duration)
                == .timestamp(999))
        #expect(throws: StatementError.self) {
            _ = try value(date("2024-01-31"), .date, .add, duration("1h"), .duration)
        }
    }
}
