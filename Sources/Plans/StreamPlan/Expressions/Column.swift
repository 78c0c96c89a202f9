// A column of a query: a name, or what it is computed from. Names follow PySpark's `Column`.

/// An expression over the columns of a row. It is only a value: nothing is looked up or computed
/// until the query is analysed.
///
/// Null follows SQL's three-valued logic: a comparison with null is null, `filter` keeps only rows
/// whose condition is true, `null OR true` is true, `null AND false` is false.
public struct Column: Sendable, Codable, CustomStringConvertible {
    public let expression: Expression

    public init(_ expression: Expression) { self.expression = expression }

    public var description: String { expression.description }

    /// Gives the column a name.
    public func alias(_ name: String) -> Column { Column(.alias(expression, name)) }

    public var isNull: Column { Column(.isNull(expression)) }
    public var isNotNull: Column { Column(.not(.isNull(expression))) }

    public func isin(_ values: any ColumnOperand...) -> Column {
        Column(.isIn(expression, values.map(\.column.expression)))
    }

    public func between(_ lower: some ColumnOperand, _ upper: some ColumnOperand) -> Column {
        self >= lower && self <= upper
    }

    /// Equal, where null equals null.
    public func eqNullSafe(_ other: some ColumnOperand) -> Column {
        Column(.binary(.nullSafeEqual, expression, other.column.expression))
    }

    /// Changes the type, strictly as Spark 4 does (ANSI): a value that has no counterpart fails its
    /// row. Such a row becomes a dead letter and its neighbours go on; only a query without dead
    /// letters fails as a whole, as Spark's would.
    public func cast(_ type: DataType) -> Column {
        Column(.cast(expression, type, isTry: false))
    }

    /// Changes the type; a value that has no counterpart becomes null.
    public func tryCast(_ type: DataType) -> Column {
        Column(.cast(expression, type, isTry: true))
    }

    public func startswith(_ prefix: some ColumnOperand) -> Column { call(.startsWith, prefix) }
    public func endswith(_ suffix: some ColumnOperand) -> Column { call(.endsWith, suffix) }
    public func contains(_ part: some ColumnOperand) -> Column { call(.contains, part) }

    /// SQL's LIKE: `%` is any text, `_` one character, `\` takes the next character as it is.
    public func like(_ pattern: String) -> Column { call(.like, pattern) }

    /// - Parameter position: of the first character, counted from 1; from the end when negative.
    public func substr(_ position: Int, _ length: Int) -> Column {
        substring(self, position, length)
    }

    /// The next branch of a `when(…)`.
    public func when(_ condition: Column, _ value: some ColumnOperand) -> Column {
        guard case .when(let branches, otherwise: nil) = expression else {
            return Column(.invalid("when() can only follow another when()"))
        }
        let branch = WhenBranch(
            condition: condition.expression, value: value.column.expression)
        return Column(.when(branches + [branch], otherwise: nil))
    }

    /// The value where no `when` was true; null without it.
    public func otherwise(_ value: some ColumnOperand) -> Column {
        guard case .when(let branches, otherwise: nil) = expression else {
            return Column(.invalid("otherwise() can only follow when(), and once"))
        }
        return Column(.when(branches, otherwise: value.column.expression))
    }

    private func call(_ name: FunctionName, _ argument: some ColumnOperand) -> Column {
        Column(.function(name, [expression, argument.column.expression]))
    }
}
