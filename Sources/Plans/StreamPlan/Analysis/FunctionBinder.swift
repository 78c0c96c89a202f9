// Which arguments each function takes.

extension ExpressionBinder {
    func function(_ name: FunctionName, _ arguments: [Expression], _ whole: Expression)
        throws(AnalysisError) -> TypedExpression
    {
        switch name {
        case .concat: return .concat(try texts(arguments, in: whole))
        case .concatWithSeparator:
            try check(arguments, 1..., name, whole)
            let all = try texts(arguments, in: whole)
            return .concatWithSeparator(all[0], Array(all.dropFirst()))
        case .lower: return .change(.lower, try text(arguments, name, whole))
        case .upper: return .change(.upper, try text(arguments, name, whole))
        case .trim: return .change(.trim, try text(arguments, name, whole))
        case .length:
            try check(arguments, 1...1, name, whole)
            let bound = try bind(arguments[0])
            guard bound.type == .string || bound.type == .binary else {
                throw mismatch(arguments[0], bound, wanted: "string or binary", in: whole)
            }
            return .length(bound)
        case .coalesce:
            try check(arguments, 1..., name, whole)
            let values = try unified(arguments, in: whole)
            return .coalesce(values, values[0].type)
        case .substring:
            try check(arguments, 3...3, name, whole)
            return .substring(
                try bind(arguments[0], as: .string, in: whole),
                try bind(arguments[1], as: .int, in: whole),
                try bind(arguments[2], as: .int, in: whole))
        case .startsWith: return try match(.startsWith, arguments, name, whole)
        case .endsWith: return try match(.endsWith, arguments, name, whole)
        case .contains: return try match(.contains, arguments, name, whole)
        case .like: return try match(.like, arguments, name, whole)
        }
    }

    private func match(
        _ match: TextMatch, _ arguments: [Expression], _ name: FunctionName, _ whole: Expression
    ) throws(AnalysisError) -> TypedExpression {
        try check(arguments, 2...2, name, whole)
        return .match(
            match, try bind(arguments[0], as: .string, in: whole),
            try bind(arguments[1], as: .string, in: whole))
    }

    private func text(_ arguments: [Expression], _ name: FunctionName, _ whole: Expression)
        throws(AnalysisError) -> TypedExpression
    {
        try check(arguments, 1...1, name, whole)
        return try bind(arguments[0], as: .string, in: whole)
    }

    /// As Spark's `concat`, other types than text become text by themselves.
    private func texts(_ arguments: [Expression], in whole: Expression) throws(AnalysisError)
        -> [TypedExpression]
    {
        var all: [TypedExpression] = []
        for argument in arguments { all.append(try bind(argument).widened(to: .string)) }
        return all
    }

    private func check(
        _ arguments: [Expression], _ allowed: some RangeExpression<Int>, _ name: FunctionName,
        _ whole: Expression
    ) throws(AnalysisError) {
        guard allowed.contains(arguments.count) else {
            throw error(
                .wrongNumberOfArguments,
                "\(name.rawValue) does not take \(arguments.count) arguments", in: whole)
        }
    }
}
