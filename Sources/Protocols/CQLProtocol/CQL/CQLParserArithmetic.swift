// Parses chains of `+ - * / %`, whatever they join: terms of statements, selectors of a SELECT.
// Source: Cassandra's Parser.g, `termAddition`, `termMultiplication` and their twins of selectors.

/// What operations join, and are.
protocol CQLOperand {
    static func arithmetic(_ left: Self, _ operation: CQLArithmetic, _ right: Self) -> Self
    func isDeeper(than levels: Int) -> Bool
}

extension CQLTerm: CQLOperand {}
extension CQLSelector: CQLOperand {}

extension CQLParser {
    typealias Part<Operand> = (inout CQLParser) throws(CQLSyntaxError) -> Operand

    /// Sums of products of what `factor` reads.
    mutating func chain<Operand: CQLOperand>(
        _ factor: Part<Operand>
    ) throws(CQLSyntaxError) -> Operand {
        let whole = try deeper { parser throws(CQLSyntaxError) in try parser.sum(factor) }
        guard depth > 0 || !whole.isDeeper(than: Self.treeDepthMax) else { throw tooDeep }
        return whole
    }

    private mutating func sum<Operand: CQLOperand>(
        _ factor: Part<Operand>
    ) throws(CQLSyntaxError) -> Operand {
        var left = try product(factor)
        var operations = 0
        while isSymbol("+") || isSymbol("-") {
            operations += 1
            try checkOperations(operations)
            let operation: CQLArithmetic = isSymbol("+") ? .add : .subtract
            at += 1
            left = .arithmetic(left, operation, try product(factor))
        }
        return left
    }

    private mutating func product<Operand: CQLOperand>(
        _ factor: Part<Operand>
    ) throws(CQLSyntaxError) -> Operand {
        var left = try factor(&self)
        var operations = 0
        while token.kind == .symbol, let operation = CQLArithmetic(rawValue: token.text),
            operation != .add, operation != .subtract
        {
            operations += 1
            try checkOperations(operations)
            at += 1
            left = .arithmetic(left, operation, try factor(&self))
        }
        return left
    }

    /// Chains inside of chains make a tree that is deeper than both limits.
    var tooDeep: CQLSyntaxError {
        failure("operations and brackets that stand more than \(Self.treeDepthMax) deep")
    }

    /// A chain of operations is a tree as deep as the chain is long.
    func checkOperations(_ count: Int) throws(CQLSyntaxError) {
        guard count < Self.depthMax else {
            throw failure("more than \(Self.depthMax) operations in a row")
        }
    }
}
