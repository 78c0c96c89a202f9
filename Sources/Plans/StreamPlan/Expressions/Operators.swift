// The operators between columns, and between a column and a Swift value.

extension Column {
    public static func == (left: Column, right: some ColumnOperand) -> Column {
        left.binary(.equal, right)
    }
    public static func != (left: Column, right: some ColumnOperand) -> Column {
        left.binary(.notEqual, right)
    }
    public static func < (left: Column, right: some ColumnOperand) -> Column {
        left.binary(.less, right)
    }
    public static func <= (left: Column, right: some ColumnOperand) -> Column {
        left.binary(.lessOrEqual, right)
    }
    public static func > (left: Column, right: some ColumnOperand) -> Column {
        left.binary(.greater, right)
    }
    public static func >= (left: Column, right: some ColumnOperand) -> Column {
        left.binary(.greaterOrEqual, right)
    }

    public static func && (left: Column, right: Column) -> Column { left.binary(.and, right) }
    public static func || (left: Column, right: Column) -> Column { left.binary(.or, right) }
    public static prefix func ! (inner: Column) -> Column { Column(.not(inner.expression)) }

    /// An overflow fails its row, as in Spark 4 (ANSI).
    public static func + (left: Column, right: some ColumnOperand) -> Column {
        left.binary(.add, right)
    }
    public static func - (left: Column, right: some ColumnOperand) -> Column {
        left.binary(.subtract, right)
    }
    public static func * (left: Column, right: some ColumnOperand) -> Column {
        left.binary(.multiply, right)
    }
    /// Always a `double`. Division by zero fails its row.
    public static func / (left: Column, right: some ColumnOperand) -> Column {
        left.binary(.divide, right)
    }
    /// With the sign of the left side. Division by zero fails its row.
    public static func % (left: Column, right: some ColumnOperand) -> Column {
        left.binary(.remainder, right)
    }
    public static prefix func - (inner: Column) -> Column {
        Column(.negative(inner.expression))
    }

    private func binary(_ symbol: BinaryOperator, _ right: some ColumnOperand) -> Column {
        Column(.binary(symbol, expression, right.column.expression))
    }
}
