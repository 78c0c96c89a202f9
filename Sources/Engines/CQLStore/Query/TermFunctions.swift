// Calls, type hints and arithmetic inside of terms.

import CQLProtocol

extension TermCompiler {
    mutating func function(
        _ name: CQLName, _ arguments: [CQLTerm], as type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        if name.isFromJSON { return try fromJSON(name, arguments, as: type, receiver) }
        if name.isToJSON {
            throw .invalid(
                "\(name.shownJSONName)() may only be used within the selection clause of SELECT statements"
            )
        }
        let function = try FunctionResolver.find(
            FunctionRequest(
                name, arguments.map { argument($0) }, receiver: type, table: table))
        guard function.aggregate == nil else {
            throw .invalid("Aggregation function are not supported in the where clause")
        }
        guard
            type.acceptsValues(of: function.result)
                || (type.isCounter && function.result == .bigint)
        else {
            throw .invalid(
                "Type error: cannot assign result of function system.\(function.name) (type "
                    + "\(function.result)) to \(receiver) (type \(type))")
        }
        return try call(function, arguments)
    }

    private mutating func call(
        _ function: ScalarFunction, _ arguments: [CQLTerm]
    ) throws(StatementError) -> Expression {
        var parts: [Expression] = []
        for (index, argument) in arguments.enumerated() {
            parts.append(
                try compile(
                    argument, as: function.parameters[index],
                    receiver: "arg\(index)(system.\(function.name))"))
        }
        let call = Expression.call(function, parts)
        return function.isPure ? try folded(call, parts) : call
    }

    private mutating func fromJSON(
        _ name: CQLName, _ arguments: [CQLTerm], as type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        guard arguments.count == 1 else {
            throw .invalid(
                "Invalid number of arguments in call to function system.\(name.name): 1 required "
                    + "but \(arguments.count) provided")
        }
        guard shape(arguments[0]).fit(.text) > .none else {
            throw .invalid(
                "Type error: \(arguments[0]) cannot be passed as argument 0 of function "
                    + "system.\(name.name) of type text")
        }
        return try call(JSONValues.fromJSON(name.name, type), arguments)
    }

    // MARK: Hints

    /// `(type) term`: the term must fit the type, and the type must fit what takes it.
    mutating func hinted(
        _ inner: CQLTerm, _ syntax: CQLTypeSyntax, _ whole: CQLTerm, as type: CQLType,
        _ receiver: String
    ) throws(StatementError) -> Expression {
        let hinted = try TypeResolver.resolve(
            syntax, types: keyspace.types, keyspace: keyspace.name)
        guard shape(inner).fit(hinted) > .none else {
            throw .invalid("Cannot cast value \(inner) to type \(hinted)")
        }
        guard type.acceptsValues(of: hinted) else {
            throw .invalid("Cannot assign value \(whole) to \(receiver) of type \(type)")
        }
        switch inner {
        // What is a value of several types takes the one that is wanted.
        case .string, .integer, .float, .boolean, .uuid, .hex, .duration, .null:
            return try compile(inner, as: type, receiver: receiver)
        default: return try compile(inner, as: hinted, receiver: receiver)
        }
    }

    mutating func cast(
        _ inner: CQLTerm, _ syntax: CQLTypeSyntax, as type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        let target = try TypeResolver.resolve(
            syntax, types: keyspace.types, keyspace: keyspace.name)
        let function = try Casting.find(argument(inner), to: target)
        guard type.acceptsValues(of: target) else {
            throw .invalid(
                "Type error: cannot assign result of function system.\(function.name) (type "
                    + "\(target)) to \(receiver) (type \(type))")
        }
        return try call(function, [inner])
    }

    // MARK: Arithmetic

    mutating func operation(
        _ term: CQLTerm, as type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        try operation(OperationNode(term, self), as: type, receiver)
    }

    private mutating func operation(
        _ node: OperationNode, as type: CQLType, _ receiver: String
    ) throws(StatementError) -> Expression {
        let function: ScalarFunction
        switch node.kind {
        case .leaf(let term): return try compile(term, as: type, receiver: receiver)
        case .binary(let operation, let left, let right):
            function = try OperationFunctions.find(
                operation, left.argument, right.argument, receiver: type)
        case .negation(let inner):
            function = try OperationFunctions.negation(of: inner.argument, receiver: type)
        }
        var parts: [Expression] = []
        for (index, part) in node.parts.enumerated() {
            parts.append(
                try operation(
                    part, as: function.parameters[index],
                    "arg\(index)(system.\(function.name))"))
        }
        return try folded(.call(function, parts), parts)
    }

    // MARK: Shapes

    func argument(_ term: CQLTerm) -> FunctionArgument {
        FunctionArgument(shape: shape(term), text: term.description)
    }

    /// As much of a term's type as it says itself.
    func shape(_ term: CQLTerm) -> ArgumentShape {
        switch term {
        case .null: return .null
        case .marker: return .anything
        case .string, .integer, .float, .boolean, .uuid, .hex, .duration: return .constant(term)
        case .list(let items): return .list(items.map { shape($0) })
        case .set(let items): return .set(items.map { shape($0) })
        case .map(let entries):
            return .map(entries.flatMap { [shape($0.key), shape($0.value)] })
        case .tuple(let items): return .tuple(items.map { shape($0) })
        case .fields(let entries):
            return .fields(
                Dictionary(entries.map { ($0.name, shape($0.value)) }, uniquingKeysWith: { $1 }))
        case .function(let name, let arguments):
            if name.isFromJSON { return .anything }
            let found = try? FunctionResolver.find(
                FunctionRequest(name, arguments.map { argument($0) }, table: table))
            return found.map { .typed($0.result) } ?? .anything
        case .hint(let syntax, _), .cast(_, let syntax):
            let type = try? TypeResolver.resolve(
                syntax, types: keyspace.types, keyspace: keyspace.name)
            return type.map { .typed($0) } ?? .anything
        case .negated(let inner):
            if let literal = inner.negatedLiteral { return .constant(literal) }
            return OperationNode(term, self).argument.shape
        case .arithmetic: return OperationNode(term, self).argument.shape
        }
    }
}

extension CQLName {
    fileprivate var isSystem: Bool { keyspace == nil || keyspace == "system" }
    var isFromJSON: Bool { isSystem && (name == "from_json" || name == "fromjson") }
    var isToJSON: Bool { isSystem && (name == "to_json" || name == "tojson") }
    /// As Cassandra writes the old names of these two functions.
    var shownJSONName: String {
        switch name {
        case "fromjson": "fromJson"
        case "tojson": "toJson"
        default: name
        }
    }
}

/// A tree of operations with what each of them may give. Made once from the leaves up, since asking
/// again at each level would take time that doubles with the depth.
private struct OperationNode {
    indirect enum Kind {
        case leaf(CQLTerm)
        case binary(CQLArithmetic, OperationNode, OperationNode)
        case negation(OperationNode)
    }

    let kind: Kind
    let argument: FunctionArgument

    /// The operands, in their order.
    var parts: [OperationNode] {
        switch kind {
        case .leaf: []
        case .binary(_, let left, let right): [left, right]
        case .negation(let inner): [inner]
        }
    }

    init(_ term: CQLTerm, _ terms: TermCompiler) {
        let text = term.description
        switch term {
        case .arithmetic(let left, let operation, let right):
            let (left, right) = (OperationNode(left, terms), OperationNode(right, terms))
            kind = .binary(operation, left, right)
            let table = Self.table { type throws(StatementError) in
                try OperationFunctions.find(
                    operation, left.argument, right.argument, receiver: type)
            }
            argument = FunctionArgument(shape: table, text: text)
        case .negated(let inner) where inner.negatedLiteral == nil:
            let inner = OperationNode(inner, terms)
            kind = .negation(inner)
            let table = Self.table { type throws(StatementError) in
                try OperationFunctions.negation(of: inner.argument, receiver: type)
            }
            argument = FunctionArgument(shape: table, text: text)
        // Brackets around an operation only group.
        case .tuple(let items) where items.count == 1:
            self = OperationNode(items[0], terms)
        default:
            kind = .leaf(term)
            argument = terms.argument(term)
        }
    }

    /// What an operation fits: exactly the types that some function for it gives. Where none or
    /// several do, it may still be meant: what is wrong is told when its own turn comes.
    private static func table(
        _ find: (CQLType) throws(StatementError) -> ScalarFunction
    ) -> ArgumentShape {
        var fits: [CQLType: Fit] = [:]
        for type in Arithmetic.numericTypes + [.timestamp, .date, .text, .ascii] {
            do throws(StatementError) {
                fits[type] = try find(type).result == type ? .exact : .weak
            } catch {
                fits[type] = .weak
            }
        }
        return .operation(fits)
    }
}
