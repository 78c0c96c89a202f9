// A query as text for a person.

extension StreamQuery {
    /// The plan from sink to source as Spark's `explain` prints one, or the mistake in it.
    public func explain() -> String {
        var lines = ["== Parsed Logical Plan ==", "StreamQuery \(name)"]
        if let sink { lines.append("Write \(sink), \(outputMode.rawValue)") }
        for step in steps.reversed() {
            switch step {
            case .select(let list):
                lines.append("Project [\(list.map(\.description).joined(separator: ", "))]")
            case .filter(let condition): lines.append("Filter \(condition)")
            case .withColumn(let name, let expression):
                lines.append("WithColumn \(name) = \(expression)")
            case .drop(let names): lines.append("Drop [\(names.joined(separator: ", "))]")
            case .withColumnRenamed(let old, let new): lines.append("Rename \(old) to \(new)")
            }
        }
        if let source {
            lines.append(
                "Read kafka topic \(source.topic) from \(source.startingOffsets)")
        }
        lines.append("== Output ==")
        do throws(AnalysisError) {
            lines.append(try outputSchema().description)
        } catch {
            lines.append(error.description)
        }
        return lines.joined(separator: "\n")
    }
}
