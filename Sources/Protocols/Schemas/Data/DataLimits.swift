// Bounds of reading and writing data by a schema.

enum DataLimits {
    /// Values inside each other: a recursive schema must not take the stack.
    static let depthMax = 200
    /// Items that take no bytes (nulls) in all arrays of one datum.
    static let emptyItemsMax = 100_000
}
