// Chooses the function that a call means. Source: Cassandra's FunctionResolver.

import CQLProtocol

/// A call, before its function is known.
struct FunctionRequest: Sendable {
    var name: CQLName
    var arguments: [FunctionArgument]
    /// The type that takes the result, where it is known.
    var receiver: CQLType?
    /// The table whose statement this is; `token` needs its partition key.
    var table: Table?

    init(
        _ name: CQLName, _ arguments: [FunctionArgument], receiver: CQLType? = nil,
        table: Table? = nil
    ) {
        self.name = name
        self.arguments = arguments
        self.receiver = receiver
        self.table = table
    }

    var shownName: String { name.keyspace.map { "\($0).\(name.name)" } ?? name.name }
}

/// Makes functions for the arguments of one call, where signatures are endless (`count` of any
/// type). Gives none when no signature fits.
typealias FunctionFamily =
    @Sendable (FunctionRequest) throws(StatementError) -> [ScalarFunction]

enum FunctionResolver {
    static func find(_ request: FunctionRequest) throws(StatementError) -> ScalarFunction {
        guard request.name.keyspace == nil || request.name.keyspace == "system" else {
            throw unknown(request)
        }
        let name = request.name.name
        if let family = FunctionRegistry.families[name] {
            let made = try family(request)
            guard !made.isEmpty else {
                throw .invalid(
                    "Invalid call to function \(request.shownName), none of its type signatures "
                        + "match (known type signatures: \(FunctionRegistry.shownFamily(name)))")
            }
            return try choose(made, request)
        }
        guard let candidates = FunctionRegistry.fixed[name] else { throw unknown(request) }
        return try choose(candidates, request)
    }

    private static func unknown(_ request: FunctionRequest) -> StatementError {
        .invalid("Unknown function '\(request.shownName)'")
    }

    /// - Parameter candidates: at least one.
    static func choose(
        _ candidates: [ScalarFunction], _ request: FunctionRequest
    ) throws(StatementError) -> ScalarFunction {
        if candidates.count == 1, let only = candidates.first {
            try check(only, request)
            return only
        }
        var compatible: [ScalarFunction] = []
        for candidate in candidates where returns(candidate, request.receiver) {
            switch fit(candidate, request) {
            case .exact: return candidate
            case .weak: compatible.append(candidate)
            case .none: break
            }
        }
        guard let first = compatible.first else {
            throw .invalid(
                "Invalid call to function \(request.shownName), none of its type signatures match "
                    + "(known type signatures: \(shown(candidates)))")
        }
        guard compatible.count == 1 else {
            throw .invalid(
                "Ambiguous call to function \(request.shownName) (can be matched by following "
                    + "signatures: \(shown(compatible))): use type casts to disambiguate")
        }
        return first
    }

    static func returns(_ function: ScalarFunction, _ receiver: CQLType?) -> Bool {
        receiver.map { ArgumentShape.typed(function.result).fit($0) > .none } ?? true
    }

    /// Exact when all arguments are, none as soon as one does not fit.
    static func fit(_ function: ScalarFunction, _ request: FunctionRequest) -> Fit {
        guard function.parameters.count == request.arguments.count else { return .none }
        return zip(request.arguments, function.parameters).map { $0.shape.fit($1) }.min() ?? .exact
    }

    private static func check(
        _ function: ScalarFunction, _ request: FunctionRequest
    ) throws(StatementError) {
        guard function.parameters.count == request.arguments.count else {
            throw .invalid(
                "Invalid number of arguments in call to function system.\(function.name): "
                    + "\(function.parameters.count) required but \(request.arguments.count) "
                    + "provided")
        }
        for (index, parameter) in function.parameters.enumerated() {
            guard request.arguments[index].shape.fit(parameter) > .none else {
                throw .invalid(
                    "Type error: \(request.arguments[index].text) cannot be passed as argument "
                        + "\(index) of function system.\(function.name) of type \(parameter)")
            }
        }
    }

    static func shown(_ functions: [ScalarFunction]) -> String {
        functions.map { function in
            "system.\(function.name) : "
                + "(\(function.parameters.map(\.description).joined(separator: ", "))) -> "
                + function.result.description
        }.joined(separator: ", ")
    }
}
