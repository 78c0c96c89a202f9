// similarity_cosine, similarity_euclidean and similarity_dot_product.
// Source: Cassandra's VectorFcts and FunctionParameter.vector.

import CQLProtocol

enum VectorFunctions {
    static let families: [String: FunctionFamily] = [
        "similarity_cosine": { request throws(StatementError) in
            try similarity(request, .cosine)
        },
        "similarity_euclidean": { request throws(StatementError) in
            try similarity(request, .euclidean)
        },
        "similarity_dot_product": { request throws(StatementError) in
            try similarity(request, .dotProduct)
        },
    ]

    private static func similarity(
        _ request: FunctionRequest, _ similarity: VectorSimilarity
    ) throws(StatementError) -> [ScalarFunction] {
        let name = "system.\(request.name.name)"
        guard request.arguments.count == 2 else {
            throw .invalid(
                "Invalid number of arguments for function \(name)(vector<float, n>, "
                    + "vector<float, n>)")
        }
        var type: CQLType?
        for argument in request.arguments {
            guard let own = try vectorType(argument, name) else { continue }
            if let type, type != own {
                throw .invalid(
                    "All arguments must have the same vector dimensions, but found \(type) and "
                        + "\(own)")
            }
            type = own
        }
        guard let type else {
            let text = request.arguments[0].text
            throw .invalid("Cannot infer type of argument \(text) in call to function \(name)")
        }
        return [function(request.name.name, similarity, type)]
    }

    /// The type an argument says itself; `nil` for markers and null, which take that of the other.
    private static func vectorType(
        _ argument: FunctionArgument, _ name: String
    ) throws(StatementError) -> CQLType? {
        switch argument.shape {
        case .anything, .null: return nil
        case .list(let parts): return .vector(.float, dimensions: parts.count)
        default: break
        }
        let type = argument.shape.compatibleType
        guard let type, type.isFloatVector else {
            throw .invalid(
                "Function \(name) requires a float vector argument, but found argument "
                    + "\(argument.text)" + (type.map { " of type \($0)" } ?? ""))
        }
        return type.withoutOuterFrozen
    }

    private static func function(
        _ name: String, _ similarity: VectorSimilarity, _ type: CQLType
    ) -> ScalarFunction {
        ScalarFunction(name: name, parameters: [type, type], result: .float) {
            (arguments, _) throws(StatementError) in
            guard let a = arguments[0], let b = arguments[1] else { return nil }
            if similarity == .cosine, isZero(a) || isZero(b) {
                throw .invalid("Function system.\(name) doesn't support all-zero vectors.")
            }
            return a.withUnsafeBytes { a in
                b.withUnsafeBytes { b in similarity.score(a, b).bitPattern.bigBytes }
            }
        }
    }

    private static func isZero(_ vector: [UInt8]) -> Bool {
        vector.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).allSatisfy { VectorSimilarity.float(bytes, $0) == 0 }
        }
    }
}
