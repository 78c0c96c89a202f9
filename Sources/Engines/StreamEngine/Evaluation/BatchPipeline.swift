// Runs a plan's steps over a batch: from Kafka's columns to the columns of the sink.

package import StreamPlan

/// A plan made ready to run; it keeps what was learnt about the records' shape.
package struct BatchPipeline: Sendable {
    private let plan: AnalyzedQuery
    private let usedSourceColumns: Set<Int>
    /// By the step's index.
    private var readers: [Int: JSONColumnReader] = [:]

    package init(_ plan: AnalyzedQuery) {
        self.plan = plan
        usedSourceColumns = plan.usedSourceColumns
        for (index, step) in plan.steps.enumerated() {
            guard case .parseJSON(_, let schema) = step else { continue }
            readers[index] = JSONColumnReader(schema, isStrict: plan.deadLetterTopic != nil)
        }
    }

    /// - Returns: the batch with the plan's output columns; its selection holds the rows for the
    ///   sink, its rejections those for the dead letters.
    package mutating func run(_ rows: SourceRows) -> RowBatch {
        var batch = RowBatch(rows)
        batch.addSourceColumns(used: usedSourceColumns)
        for (index, step) in plan.steps.enumerated() {
            switch step {
            case .parseJSON(let column, _): readers[index]?.read(column: column, of: &batch)
            case .append(let expressions):
                batch.columns += compute(expressions, &batch)
            case .project(let expressions):
                batch.columns = compute(expressions, &batch)
            case .filter(let condition):
                let column = compute([condition], &batch)[0]
                batch.selection.removeAll { row in
                    column.isNull(Int(row)) || column.cell(Int(row)) == 0
                }
            }
        }
        return batch
    }

    private func compute(_ expressions: [TypedExpression], _ batch: inout RowBatch)
        -> [ColumnVector]
    {
        var evaluator = ExpressionEvaluator()
        var columns: [ColumnVector] = []
        for expression in expressions {
            columns.append(evaluator.evaluate(expression, batch.selection, in: &batch))
        }
        batch.reject(
            evaluator.failures.sorted { $0.key < $1.key }
                .map { Rejection(row: Int($0.key), reason: $0.value) })
        return columns
    }
}
