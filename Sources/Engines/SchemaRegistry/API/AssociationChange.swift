// The decisions what changes of associations write. No I/O.
// Source: Confluent's KafkaSchemaRegistry.createOrUpdateAssociation and deleteAssociations.

import MillraceBase
import MillraceSchemas

/// Creates or updates associations of one resource.
struct AssociationChange: Sendable {
    let table: SchemaTable
    let parsed: ParsedSchemas
    let request: AssociationRequest
    /// Of subjects that name none; a prefix.
    let context: String

    /// The operations with the subjects they mean: qualified, aliases replaced.
    func resolved() throws(APIError) -> [AssociationOperation] {
        var operations = request.operations
        for index in operations.indices {
            var subject = QualifiedSubject(operations[index].subject ?? "")
            if subject.isInDefaultContext { subject.context = QualifiedSubject(context).context }
            let name = table.alias(of: subject.text)
            if table.modeInScope(name).isReadOnly { throw .readOnly(name) }
            operations[index].subject = name
        }
        var types: Set<String> = []
        for operation in operations where !types.insert(operation.type).inserted {
            throw .invalidAssociation(
                "associationType", "Duplicate association type: \(operation.type)")
        }
        return operations
    }

    /// Refuses what must not be.
    func check(_ operations: [AssociationOperation]) throws(APIError) {
        try check(operations, isRegistered: false)
        for operation in operations { try checkSchema(operation) }
    }

    /// - Parameter isRegistered: the schemas of the operations are in their subjects already.
    private func check(_ operations: [AssociationOperation], isRegistered: Bool) throws(APIError) {
        let own = existing
        var isFrozen = own.first?.isFrozen
        for operation in operations {
            let old = own.first { $0.key.associationType == operation.type }
            try check(operation, old, isFrozen)
            if old == nil, !isRegistered { try checkIsEmpty(operation) }
            isFrozen = isFrozen ?? operation.isFrozen
        }
        for operation in operations {
            try checkSubject(operation, own.first { $0.key.associationType == operation.type })
        }
    }

    /// After the registration. What others wrote since `check` counts too.
    ///
    /// - Parameter guid: for a new one.
    func decide(_ operations: [AssociationOperation], guid: () -> String)
        throws(APIError) -> (records: [StoreRecord], answer: [Association])
    {
        try check(operations, isRegistered: true)
        var records: [StoreRecord] = []
        var answer: [Association] = []
        let own = existing
        for operation in operations {
            var association: Association
            if let old = own.first(where: { $0.key.associationType == operation.type }) {
                association = old
                association.lifecycle = operation.lifecycle ?? old.lifecycle
                if association == old {
                    answer.append(old)
                    continue
                }
            } else {
                let key = AssociationKey(
                    resourceName: request.resourceName,
                    resourceNamespace: request.resourceNamespace,
                    resourceType: request.resourceType, associationType: operation.type,
                    subject: operation.subject ?? "")
                association = Association(
                    key: key, guid: guid(), resourceID: request.resourceID ?? "",
                    lifecycle: lifecycle(operation, nil), isFrozen: operation.isFrozen ?? false)
            }
            records.append(.association(association.key, association))
            answer.append(association)
        }
        return (records, answer)
    }

    private var existing: [Association] {
        guard let id = request.resourceID else { return [] }
        return table.associations(resourceID: id).filter {
            $0.key.resourceType == request.resourceType
        }
    }

    private func lifecycle(_ operation: AssociationOperation, _ old: Association?)
        -> AssociationLifecycle
    {
        operation.lifecycle ?? old?.lifecycle ?? .weak
    }

    private func checkIsEmpty(_ operation: AssociationOperation) throws(APIError) {
        guard operation.isFrozen == true,
            table.version(nil, of: operation.subject ?? "", deleted: false) != nil
        else { return }
        throw .invalidAssociation(
            "frozen",
            "cannot create a frozen association when schemas already exist in the subject")
    }

    private func check(
        _ operation: AssociationOperation, _ old: Association?, _ isFrozen: Bool?
    ) throws(APIError) {
        let subject = operation.subject ?? ""
        let standard =
            ":.\(request.resourceNamespace):\(request.resourceName)-\(operation.type)"
        if old?.isFrozen ?? operation.isFrozen ?? false, subject != standard {
            throw .invalidAssociation(
                "subject", "frozen associations must use subject '\(standard)'")
        }
        if let wanted = operation.isFrozen, let isFrozen, wanted != isFrozen {
            throw AssociationOperation.mixedFrozen
        }
        guard let old else { return }
        if try isSame(operation, old) { return }
        if operation.kind == .create {
            throw .resourceAssociated(operation.type, request.resourceName)
        }
        guard old.subject == subject else {
            throw .invalidAssociation(
                "subject",
                "subject of association cannot be changed from '\(old.subject)' to '\(subject)'")
        }
        if old.lifecycle == .strong, operation.lifecycle == .weak, old.subject == standard {
            throw .invalidAssociation(
                "lifecycle",
                "cannot change to WEAK when subject matches default format '\(standard)'")
        }
        if old.isFrozen { throw .associationFrozen(old) }
    }

    /// Nothing would change; a client may repeat itself.
    private func isSame(_ operation: AssociationOperation, _ old: Association) throws(APIError)
        -> Bool
    {
        let isEqual =
            old.subject == operation.subject
            && (operation.lifecycle ?? old.lifecycle)
                == old.lifecycle
            && (operation.isFrozen ?? old.isFrozen) == old.isFrozen
        guard isEqual, operation.kind == .create, let schema = operation.schema else {
            return isEqual
        }
        let lookUp = LookUp(
            table: table, parsed: parsed, subject: old.subject,
            isNormalized: operation.isNormalized)
        return try lookUp.find(schema, deleted: false) != nil
    }

    /// A strong association has its subject to itself.
    private func checkSubject(_ operation: AssociationOperation, _ old: Association?)
        throws(APIError)
    {
        let subject = operation.subject ?? ""
        if operation.schema == nil, table.version(nil, of: subject, deleted: false) == nil {
            throw .noActiveVersion(subject)
        }
        let others = table.associations(of: subject).filter { $0.key != old?.key }
        switch lifecycle(operation, old) {
        case .strong: if !others.isEmpty { throw .subjectAssociated(subject) }
        case .weak:
            if others.contains(where: { $0.lifecycle == .strong }) {
                throw .subjectStronglyAssociated(subject)
            }
        }
    }

    private func checkSchema(_ operation: AssociationOperation) throws(APIError) {
        guard let given = operation.schema, let text = given.text, let subject = operation.subject
        else { return }
        let content = given.content(text, of: subject, in: table)
        let document = try parsed.document(content, of: subject, in: table, isNew: true)
        let messages = try CompatibilityCheck(table: table, parsed: parsed, subject: subject)
            .messages(document, content, table.versions(of: subject, .alive))
        guard messages.isEmpty else {
            throw APIError(409, 40901, "[\(messages.joined(separator: ", "))]")
        }
    }
}

/// Deletes associations, and subjects with them when that was asked for.
struct AssociationDeletion: Sendable {
    let resourceID: String
    let filter: AssociationFilter
    /// Subjects of strong associations go too, for good.
    let isCascading: Bool

    func decide(_ table: SchemaTable) throws(APIError) -> [StoreRecord] {
        let gone = filter.matching(table.associations(resourceID: resourceID))
        for association in gone {
            let subject = association.subject
            if table.modeInScope(subject).isReadOnly { throw .readOnly(subject) }
            if !isCascading, association.isFrozen { throw .associationFrozen(association) }
        }
        var rest = table
        var records: [StoreRecord] = []
        for association in gone {
            let subject = association.subject
            var own: [StoreRecord] = [.association(association.key, nil)]
            rest.apply(own[0])
            if isCascading, association.lifecycle == .strong,
                table.modeInScope(subject) != .importing
            {
                own += try subjectGone(subject, &rest)
            }
            records += own
        }
        return records
    }

    /// - Parameter rest: what is left after the records so far; these go into it as well.
    private func subjectGone(_ subject: String, _ rest: inout SchemaTable) throws(APIError)
        -> [StoreRecord]
    {
        var records: [StoreRecord] = []
        for isPermanent in [false, true] where rest.hasSubjects(subject, deleted: isPermanent) {
            let more = try Deletion(table: rest, subject: subject).all(permanently: isPermanent)
                .records
            // Deletions only: nothing here gives an id a meaning.
            for record in more { rest.apply(record) }
            records += more
        }
        return records
    }
}
