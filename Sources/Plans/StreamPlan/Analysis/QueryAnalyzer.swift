// Walks through a query's steps with the columns that each can see.

extension StreamQuery {
    /// Looks up every name and checks every type.
    ///
    /// - Throws: `AnalysisError` for the first mistake, in the order of the steps.
    package func analyzed() throws(AnalysisError) -> AnalyzedQuery {
        var analyzer = QueryAnalyzer(query: name)
        return try analyzer.analyze(self)
    }

    /// The same check for whoever only wants to know; what it finds is `analyzed()`'s.
    public func validate() throws(AnalysisError) { _ = try analyzed() }

    /// The names and types of the columns that reach the sink.
    public func outputSchema() throws(AnalysisError) -> StructType {
        StructType(
            try analyzed().output.map { StructField($0.name, $0.type, nullable: $0.isNullable) })
    }
}

struct QueryAnalyzer {
    let query: String
    private var scope: [Attribute] = []
    private var steps: [AnalyzedStep] = []
    /// Columns of the batch; more than `scope` while a select is being put together.
    private var width = 0

    init(query: String) { self.query = query }

    mutating func analyze(_ query: StreamQuery) throws(AnalysisError) -> AnalyzedQuery {
        try checkName(query.name)
        guard let source = query.source else {
            throw error(.missingPart, "it reads nothing: add .read(.kafka(topic: …))")
        }
        guard let sink = query.sink else {
            throw error(.missingPart, "it writes nowhere: add .write(.cassandra(…))")
        }
        guard query.outputMode == .append else {
            throw error(
                .unsupportedOutputMode,
                "\(query.outputMode.rawValue) output mode is not supported when there are no "
                    + "streaming aggregations on streaming DataFrames; use append")
        }
        for field in source.schema.fields { scope.append(Attribute(field, qualifier: nil)) }
        width = scope.count
        for step in query.steps { try apply(step) }
        if let field = scope.first(where: { $0.qualifier != nil }), let name = field.qualifier {
            throw error(
                .dataTypeMismatch,
                "column `\(name)` is a struct, which no sink takes; select(\"\(name).*\") makes "
                    + "its fields columns", in: name)
        }
        return AnalyzedQuery(
            name: query.name, source: source, steps: steps, output: scope, sink: sink,
            trigger: query.trigger, deadLetterTopic: query.deadLetterTopic)
    }

    /// A query's name is also a folder's.
    private func checkName(_ name: String) throws(AnalysisError) {
        let allowed = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: ".")
        }
        guard allowed, !name.isEmpty, !name.hasPrefix("."), name.utf8.count <= 128 else {
            throw error(
                .invalidName,
                "a name has 1 to 128 letters, digits, \"_\", \"-\", \".\" and does not start "
                    + "with a dot")
        }
    }

    private mutating func apply(_ step: StreamQuery.Step) throws(AnalysisError) {
        switch step {
        case .select(let expressions): try select(expressions)
        case .filter(let condition): try filter(condition)
        case .withColumn(let name, let expression): try withColumn(name, expression)
        case .drop(let names):
            let kept = scope.indices.filter { index in
                !names.contains(scope[index].text)
                    && !names.contains(scope[index].qualifier ?? scope[index].text)
            }
            guard !kept.isEmpty else {
                throw error(.invalidExpression, "drop leaves no column")
            }
            project(kept.map { ($0.column(in: scope), scope[$0]) })
        case .withColumnRenamed(let old, let new):
            let renamed = scope.map { attribute in
                var copy = attribute
                if attribute.qualifier == old {
                    copy.qualifier = new
                } else if attribute.text == old {
                    copy.name = new
                }
                return copy
            }
            try checkDuplicates(renamed)
            scope = renamed
        }
    }

    private mutating func filter(_ condition: Expression) throws(AnalysisError) {
        let bound = try binder.bind(condition)
        guard bound.type == .boolean else {
            throw error(
                .dataTypeMismatch,
                "the condition `\(condition)` of filter is \(bound.type), not boolean",
                in: condition.description)
        }
        steps.append(.filter(bound))
    }

    private mutating func select(_ expressions: [Expression]) throws(AnalysisError) {
        var output: [(TypedExpression, Attribute)] = []
        for expression in expressions {
            if let (inner, schema, name) = expression.parsedJSON {
                let first = try parse(inner, schema)
                for (index, field) in schema.fields.enumerated() {
                    output.append(
                        (
                            .column(first + index, field.type),
                            Attribute(field, qualifier: name)
                        ))
                }
            } else if case .column(let name) = expression, name.hasSuffix("*") {
                for index in try star(name) {
                    var attribute = scope[index]
                    if name != "*" { attribute.qualifier = nil }
                    output.append((index.column(in: scope), attribute))
                }
            } else {
                let bound = try binder.bind(expression)
                output.append((bound, binder.attribute(for: expression, bound)))
            }
        }
        guard !output.isEmpty else {
            throw error(.invalidExpression, "select names no column")
        }
        try checkDuplicates(output.map(\.1))
        project(output)
    }

    private mutating func withColumn(_ name: String, _ expression: Expression)
        throws(AnalysisError)
    {
        if let (inner, schema, _) = expression.parsedJSON {
            let kept = scope.indices.filter {
                scope[$0].text != name && scope[$0].qualifier != name
            }
            let first = try parse(inner, schema)
            let old = kept.map { ($0.column(in: scope), scope[$0]) }
            let new = schema.fields.enumerated().map { index, field in
                (
                    TypedExpression.column(first + index, field.type),
                    Attribute(field, qualifier: name)
                )
            }
            return project(old + new)
        }
        let bound = try binder.bind(expression)
        var attribute = binder.attribute(for: expression, bound)
        attribute.name = name
        attribute.qualifier = nil
        var output = scope.indices.map { ($0.column(in: scope), scope[$0]) }
        if let index = scope.firstIndex(where: { $0.text == name }) {
            output[index] = (bound, attribute)
        } else {
            output.append((bound, attribute))
        }
        project(output)
    }

    /// - Returns: the index of the first field's column.
    private mutating func parse(_ inner: Expression, _ schema: StructType) throws(AnalysisError)
        -> Int
    {
        let names = schema.names
        if let twice = names.enumerated().first(where: { names[..<$0.offset].contains($0.element) })
        {
            throw error(
                .columnAlreadyExists, "the schema of `from_json` names `\(twice.element)` twice",
                in: twice.element)
        }
        guard !names.isEmpty else {
            throw error(.invalidExpression, "the schema of `from_json` has no field")
        }
        let bound = try binder.bind(inner)
        guard bound.type == .string || bound.type == .binary else {
            throw error(
                .dataTypeMismatch,
                "`from_json(\(inner))` needs string or binary, `\(inner)` is \(bound.type)",
                in: inner.description)
        }
        var source = width
        switch bound {
        case .column(let index, _), .cast(.column(let index, .binary), .string, _, _):
            source = index
        default:
            steps.append(.append([bound]))
            width += 1
        }
        steps.append(.parseJSON(column: source, schema: schema))
        defer { width += schema.fields.count }
        return width
    }

    private func star(_ name: String) throws(AnalysisError) -> [Int] {
        guard name != "*" else { return Array(scope.indices) }
        let qualifier = name.hasSuffix(".*") ? String(name.dropLast(2)) : name
        let found = scope.indices.filter { scope[$0].qualifier == qualifier }
        guard !found.isEmpty else {
            throw binder.unresolved(name)
        }
        return found
    }

    private mutating func project(_ output: [(TypedExpression, Attribute)]) {
        steps.append(.project(output.map(\.0)))
        scope = output.map(\.1)
        width = scope.count
    }

    private func checkDuplicates(_ attributes: [Attribute]) throws(AnalysisError) {
        var seen: Set<String> = []
        for attribute in attributes where !seen.insert(attribute.text).inserted {
            throw error(
                .columnAlreadyExists,
                "two columns are named `\(attribute.text)`; give one another name with alias()",
                in: attribute.text)
        }
    }

    private var binder: ExpressionBinder { ExpressionBinder(query: query, scope: scope) }

    private func error(
        _ condition: AnalysisError.Condition, _ message: String, in expression: String = ""
    ) -> AnalysisError {
        AnalysisError(
            condition: condition, query: query, expression: expression, message: message)
    }
}

extension Expression {
    /// A `fromJSON` that stands by itself, with the name it was given.
    fileprivate var parsedJSON: (inner: Expression, schema: StructType, name: String?)? {
        switch self {
        case .fromJSON(let inner, let schema): (inner, schema, nil)
        case .alias(.fromJSON(let inner, let schema), let name): (inner, schema, name)
        default: nil
        }
    }
}

extension Int {
    fileprivate func column(in scope: [Attribute]) -> TypedExpression {
        .column(self, scope[self].type)
    }
}

extension Attribute {
    fileprivate init(_ field: StructField, qualifier: String?) {
        self.init(
            qualifier: qualifier, name: field.name, type: field.type, isNullable: field.nullable)
    }
}
