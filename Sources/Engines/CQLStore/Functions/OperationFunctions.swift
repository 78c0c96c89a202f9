// `a + b` and its like as functions: which types an operation takes, and what it gives.
// Source: Cassandra's OperationFcts.

import CQLProtocol

enum OperationFunctions {
    /// - Throws: an invalid request where no types, or several, fit both sides.
    static func find(
        _ operation: CQLArithmetic, _ left: FunctionArgument, _ right: FunctionArgument,
        receiver: CQLType?
    ) throws(StatementError) -> ScalarFunction {
        let candidates = all[operation] ?? []
        let request = FunctionRequest(
            CQLName(Arithmetic.functionName(operation)), [left, right], receiver: receiver)
        var compatible: [ScalarFunction] = []
        for candidate in candidates where FunctionResolver.returns(candidate, receiver) {
            switch FunctionResolver.fit(candidate, request) {
            case .exact: return candidate
            case .weak: compatible.append(candidate)
            case .none: break
            }
        }
        if compatible.count == 1 { return compatible[0] }
        guard !compatible.isEmpty else {
            throw .invalid(
                "the '\(operation.rawValue)' operation is not supported between \(left.text) and "
                    + right.text)
        }
        if let receiver, !isMarker(left), !isMarker(right),
            let same = compatible.first(where: {
                $0.parameters.allSatisfy { $0.matches(receiver) }
            })
        {
            return same
        }
        throw .invalid(
            "Ambiguous '\(operation.rawValue)' operation with args \(left.text) and \(right.text)"
                + ": use type hint to disambiguate, example '(int) ?'")
    }

    static func negation(
        of argument: FunctionArgument, receiver: CQLType?
    ) throws(StatementError) -> ScalarFunction {
        let request = FunctionRequest(CQLName("_negate"), [argument], receiver: receiver)
        var compatible: [ScalarFunction] = []
        for candidate in negations where FunctionResolver.returns(candidate, receiver) {
            switch FunctionResolver.fit(candidate, request) {
            case .exact: return candidate
            case .weak: compatible.append(candidate)
            case .none: break
            }
        }
        if compatible.count == 1 { return compatible[0] }
        throw .invalid(
            compatible.isEmpty
                ? "Invalid call to function system._negate, none of its type signatures match "
                    + "(known type signatures: \(FunctionResolver.shown(negations)))"
                : "Ambiguous negation: use type casts to disambiguate")
    }

    private static func isMarker(_ argument: FunctionArgument) -> Bool {
        if case .anything = argument.shape { true } else { false }
    }

    private static let all: [CQLArithmetic: [ScalarFunction]] = {
        var all: [CQLArithmetic: [ScalarFunction]] = [:]
        for operation in [CQLArithmetic.add, .subtract, .multiply, .divide, .remainder] {
            all[operation] = Arithmetic.signatures(operation).compactMap { left, right in
                Arithmetic.resultType(left, operation, right).map { result in
                    ScalarFunction(
                        name: Arithmetic.functionName(operation), parameters: [left, right],
                        result: result
                    ) { (arguments, _) throws(StatementError) in
                        try Arithmetic.apply(arguments[0], left, operation, arguments[1], right)
                    }
                }
            }
        }
        all[.add, default: []] += [
            joining(.text, .text, .text), joining(.ascii, .ascii, .ascii),
            joining(.text, .ascii, .text), joining(.ascii, .text, .text),
        ]
        return all
    }()

    /// Texts are joined by `+`.
    private static func joining(
        _ left: CQLType, _ right: CQLType, _ result: CQLType
    ) -> ScalarFunction {
        ScalarFunction(
            name: Arithmetic.functionName(.add), parameters: [left, right], result: result
        ) { arguments, _ in
            guard let left = arguments[0], let right = arguments[1] else { return nil }
            return left + right
        }
    }

    private static let negations: [ScalarFunction] = Arithmetic.numericTypes.map { type in
        ScalarFunction(name: "_negate", parameters: [type], result: type) {
            (arguments, _) throws(StatementError) in try Arithmetic.negate(arguments[0], type)
        }
    }
}
