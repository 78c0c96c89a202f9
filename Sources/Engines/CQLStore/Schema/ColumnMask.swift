// The mask of a column: one of the system's masking functions, and its arguments behind the value.
// Source: Cassandra's ColumnMask.

import CQLProtocol

struct ColumnMask: Sendable, Hashable {
    /// Without its keyspace: there are only those of `system`.
    var function: String
    /// Encoded; `nil` is null.
    var arguments: [[UInt8]?]

    init(function: String, arguments: [[UInt8]?]) {
        self.function = function
        self.arguments = arguments
    }

    /// Checks what a statement says about a column.
    init(
        _ mask: CQLColumnMask, of column: Column, keyspace: Keyspace
    ) throws(StatementError) {
        let function = try Self.find(mask, column, keyspace)
        var terms = Self.terms(keyspace)
        var arguments: [[UInt8]?] = []
        for (term, type) in zip(mask.arguments, function.parameters.dropFirst()) {
            let expression = try terms.compile(term, as: type, receiver: "(dummy)")
            guard terms.markers.all.isEmpty else {
                throw .invalid(
                    "Bind variables are not allowed in the mask of column \(column.name)")
            }
            arguments.append(
                try expression.evaluate(.none, terms.context).bytes(
                    unset: "Invalid unset value in the mask of column \(column.name)"))
        }
        self.init(function: function.name, arguments: arguments)
    }

    private static func terms(_ keyspace: Keyspace) -> TermCompiler {
        TermCompiler(
            markers: MarkerList(keyspace: keyspace.name, table: ""), keyspace: keyspace,
            context: EvaluationContext(nowMicroseconds: 0, ids: TimeIDSource()))
    }

    private static func find(
        _ mask: CQLColumnMask, _ column: Column, _ keyspace: Keyspace
    ) throws(StatementError) -> ScalarFunction {
        let name = mask.function
        let shown = CQLTerm.function(name, mask.arguments).description
        let isOurs = name.keyspace == nil || name.keyspace == "system"
        guard isOurs, FunctionRegistry.isKnown(name.name) else {
            throw .invalid(
                "Unable to find masking function for \(column.name), no declared function matches "
                    + "the signature \(shown)")
        }
        let terms = Self.terms(keyspace)
        let value = FunctionArgument(shape: .typed(column.type), text: column.type.description)
        let function = try FunctionResolver.find(
            FunctionRequest(
                name,
                [value]
                    + mask.arguments.map {
                        FunctionArgument(shape: terms.shape($0), text: $0.description)
                    }, receiver: column.type))
        guard function.aggregate == nil else {
            throw .invalid(
                "Aggregate function \(shown) cannot be used for masking table columns")
        }
        guard MaskFunctions.families[name.name] != nil else {
            throw .invalid(
                "Not-masking function \(shown) cannot be used for masking table columns")
        }
        guard function.result.matches(column.type) else {
            throw .invalid(
                "Masking function \(shown) return type is \(function.result). This is different to "
                    + "the type of the masked column \(column.name) of type \(column.type). "
                    + "Masking functions can only be attached to table columns if they return the "
                    + "same data type as the masked column.")
        }
        return function
    }

    // MARK: Use

    /// Of its arguments, for a column of that type.
    func argumentTypes(of type: CQLType) -> [CQLType] {
        switch function {
        case "mask_replace": [type]
        case "mask_hash": [.text]
        default: Array([CQLType.int, .int, .text].prefix(arguments.count))
        }
    }

    private func function(of type: CQLType) throws(StatementError) -> ScalarFunction {
        let types = [type] + argumentTypes(of: type).prefix(arguments.count)
        return try FunctionResolver.find(
            FunctionRequest(
                CQLName(keyspace: "system", function),
                types.map { FunctionArgument(shape: .typed($0), text: $0.description) },
                receiver: type))
    }

    /// What is shown of a column instead of its value.
    func selector(slot: Int, type: CQLType) throws(StatementError) -> SelectorPlan {
        .call(try function(of: type), [.slot(slot)] + arguments.map { .constant($0) })
    }

    /// What is shown of one value.
    func shown(
        _ value: [UInt8]?, of type: CQLType, _ context: EvaluationContext
    ) throws(StatementError) -> [UInt8]? {
        try function(of: type).call([value] + arguments, context)
    }

    // MARK: Text

    /// As DESCRIBE shows it.
    func text(of type: CQLType) -> String {
        let shown = zip(arguments, argumentTypes(of: type)).map { bytes, type in
            Self.value(bytes, type).literal(of: type)
        }
        return "system.\(function)(\(shown.joined(separator: ", ")))"
    }

    /// As `system_schema.column_masks` holds them: no quotes, and nothing for null.
    func plainArguments(of type: CQLType) -> [String] {
        zip(arguments, argumentTypes(of: type)).map { bytes, type in
            guard let bytes else { return "" }
            if case .blob = type { return bytes.hexText }
            return Self.value(bytes, type).description
        }
    }

    private static func value(_ bytes: [UInt8]?, _ type: CQLType) -> CQLValue {
        guard let bytes, let value = try? CQLValue.decode(bytes, as: type) else { return .null }
        return value
    }
}

extension CQLValue {
    /// As it may stand in a statement; user types with the names of their fields.
    fileprivate func literal(of type: CQLType) -> String {
        func joined(_ values: [CQLValue], _ type: CQLType) -> String {
            values.map { $0.literal(of: type) }.joined(separator: ", ")
        }
        switch (self, type.withoutOuterFrozen) {
        case (.udt(let values), .udt(let user)), (.tuple(let values), .udt(let user)):
            return "{"
                + zip(user.fields, values).map { field, value in
                    "\(CQLIdentifier.quoted(field.name)): \(value.literal(of: field.type))"
                }.joined(separator: ", ") + "}"
        case (.list(let values), .list(let element)),
            (.vector(let values), .vector(let element, _)):
            return "[\(joined(values, element))]"
        case (.set(let values), .set(let element)): return "{\(joined(values, element))}"
        default: return literal
        }
    }
}
