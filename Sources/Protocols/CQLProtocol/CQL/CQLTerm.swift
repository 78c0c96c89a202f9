// Terms, relations and selectors of a CQL statement, as written and untyped.

/// A value as written: which type it has is decided by the column it meets.
package indirect enum CQLTerm: Sendable, Hashable {
    case null
    case string(String)
    /// Digits, perhaps with a sign.
    case integer(String)
    /// With a point or an exponent, or NaN, Infinity, -NaN, -Infinity.
    case float(String)
    case boolean(Bool)
    case uuid(String)
    /// The digits after `0x`.
    case hex(String)
    case duration(String)
    /// `[a, b]`
    case list([CQLTerm])
    /// `{a, b}`; an empty one may also be meant as a map.
    case set([CQLTerm])
    /// `{a: b}`
    case map([CQLMapEntry])
    /// `{field: b}` of a user-defined type.
    case fields([CQLFieldEntry])
    /// `(a, b)`
    case tuple([CQLTerm])
    case marker(CQLMarker)
    case function(CQLName, [CQLTerm])
    /// `(type) term`
    case hint(CQLTypeSyntax, CQLTerm)
    /// `CAST(term AS type)`
    case cast(CQLTerm, CQLTypeSyntax)
    /// `a + b`, `a - b`, `a * b`, `a / b`, `a % b`
    case arithmetic(CQLTerm, CQLArithmetic, CQLTerm)
    case negated(CQLTerm)
}

package enum CQLArithmetic: String, Sendable {
    case add = "+", subtract = "-", multiply = "*", divide = "/", remainder = "%"
}

package struct CQLMapEntry: Sendable, Hashable {
    package var key: CQLTerm
    package var value: CQLTerm
}

package struct CQLFieldEntry: Sendable, Hashable {
    package var name: String
    package var value: CQLTerm
}

/// `?` or `:name`, in the order they were written.
package struct CQLMarker: Sendable, Hashable {
    package var index: Int
    package var name: String?

    package init(index: Int, name: String?) {
        self.index = index
        self.name = name
    }
}

package enum CQLOperator: String, Sendable {
    case equal = "=", less = "<", greater = ">", lessOrEqual = "<=", greaterOrEqual = ">="
    case notEqual = "!=", contains = "CONTAINS", containsKey = "CONTAINS KEY", like = "LIKE"
}

/// What `IN` compares with.
package enum CQLInList: Sendable, Hashable {
    case terms([CQLTerm])
    /// One marker for the whole list: `IN ?`.
    case marker(CQLMarker)
}

/// One condition of `WHERE`.
package enum CQLRelation: Sendable, Hashable {
    case compare(String, CQLOperator, CQLTerm)
    case isIn(String, CQLInList)
    /// `token(a, b) < …`
    case token([String], CQLOperator, CQLTerm)
    /// `(a, b) > (1, 2)`; the term may be a tuple or one marker.
    case compareTuple([String], CQLOperator, CQLTerm)
    case tupleIn([String], CQLInList)
    /// `column[key] = …`
    case element(String, CQLTerm, CQLOperator, CQLTerm)
    case isNotNull(String)
    /// `expr(index, …)`: what a custom index understands.
    case expression(CQLName, CQLTerm)
}

/// One condition of `IF`.
package enum CQLCondition: Sendable, Hashable {
    case compare(String, CQLOperator, CQLTerm)
    case isIn(String, CQLInList)
    case element(String, CQLTerm, CQLOperator, CQLTerm)
    case elementIn(String, CQLTerm, CQLInList)
    /// Of a field of a user-defined type.
    case field(String, String, CQLOperator, CQLTerm)
    case fieldIn(String, String, CQLInList)
}

/// What a conditional statement asks for.
package enum CQLConditions: Sendable, Hashable {
    case none
    case ifExists
    case ifNotExists
    case all([CQLCondition])
}

/// `USING TTL … AND TIMESTAMP …`
package struct CQLUsing: Sendable, Hashable {
    package var timestamp: CQLTerm?
    package var timeToLive: CQLTerm?
}

/// What is selected, before the schema is known.
package indirect enum CQLSelector: Sendable, Hashable {
    case column(String)
    case countRows
    /// `function(…)`, `token`, `writetime` and `ttl` among them.
    case function(CQLName, [CQLSelector])
    case cast(CQLSelector, CQLTypeSyntax)
    case element(CQLSelector, CQLTerm)
    /// `m[a..b]`, either end open.
    case slice(CQLSelector, CQLTerm?, CQLTerm?)
    case field(CQLSelector, String)
    /// `(type) selector`
    case hint(CQLTypeSyntax, CQLSelector)
    case list([CQLSelector])
    /// An empty one may also be meant as a map.
    case set([CQLSelector])
    /// Keys and values in turn; of a user-defined type, its fields' names are columns here.
    case map([CQLSelector])
    /// One alone is a bracketed selector.
    case tuple([CQLSelector])
    case arithmetic(CQLSelector, CQLArithmetic, CQLSelector)
    case negated(CQLSelector)
    /// A constant, null or a marker.
    case term(CQLTerm)
}
