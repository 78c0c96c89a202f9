// The functions of a query. Names follow PySpark's `functions`.

/// A column by its name.
public func col(_ name: String) -> Column { Column(.column(name)) }

/// A constant.
public func lit(_ value: some ColumnOperand) -> Column { value.column }

/// A null of no type yet; it takes the type of what it stands beside.
public func litNull() -> Column { Column(.literal(.null)) }

/// Reads a JSON object out of a column of text or bytes; in a `select` its fields become columns,
/// as `select("data.*")` would make them.
///
/// A value of another type than the field's behaves as in Spark's PERMISSIVE mode: a number, bool
/// or object for a `string` field becomes its JSON text; a quoted number for a numeric field, or a
/// timestamp that cannot be read, becomes null in that field only; text after the closing brace is
/// ignored; of equal names the last wins; names are case-sensitive. A record that is no JSON object
/// at all, or lacks a field that may not be null, becomes a dead letter (where the query has no
/// dead letters, a row of nulls as in Spark).
public func fromJSON(_ column: String, as schema: StructType) -> Column {
    fromJSON(col(column), as: schema)
}

public func fromJSON(_ column: Column, as schema: StructType) -> Column {
    Column(.fromJSON(column.expression, schema))
}

/// One text after the other; null when any is null.
public func concat(_ parts: any ColumnOperand...) -> Column {
    Column(.function(.concat, parts.map(\.column.expression)))
}

/// One text after the other with a separator between; nulls are left out.
public func concatWS(_ separator: String, _ parts: any ColumnOperand...) -> Column {
    Column(
        .function(
            .concatWithSeparator,
            [.literal(.string(separator))] + parts.map(\.column.expression)))
}

public func lower(_ column: Column) -> Column { function(.lower, column) }
public func upper(_ column: Column) -> Column { function(.upper, column) }

/// Without the blanks (U+0020) at both ends.
public func trim(_ column: Column) -> Column { function(.trim, column) }

/// Characters (code points) of a text, bytes of a `binary`.
public func length(_ column: Column) -> Column { function(.length, column) }

/// - Parameter position: of the first character, counted from 1; from the end when negative.
public func substring(_ column: Column, _ position: Int, _ length: Int) -> Column {
    Column(
        .function(
            .substring,
            [column.expression, position.column.expression, length.column.expression]))
}

/// The first that is not null.
public func coalesce(_ values: any ColumnOperand...) -> Column {
    Column(.function(.coalesce, values.map(\.column.expression)))
}

/// `when(condition, value).when(…).otherwise(value)`: the value of the first true condition.
public func when(_ condition: Column, _ value: some ColumnOperand) -> Column {
    let branch = WhenBranch(condition: condition.expression, value: value.column.expression)
    return Column(.when([branch], otherwise: nil))
}

private func function(_ name: FunctionName, _ column: Column) -> Column {
    Column(.function(name, [column.expression]))
}
