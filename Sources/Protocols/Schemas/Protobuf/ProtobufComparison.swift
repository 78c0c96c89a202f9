// Whether a reader's Protobuf schema reads what a writer's wrote, by Confluent's rules.
// Source: Confluent's protobuf/diff classes; protobuf.dev, "Updating A Message Type".

/// "Old" is the writer's schema, "new" the reader's. Names of fields, packages, syntax, services
/// and the order of messages do not count.
struct ProtobufComparison {
    private let old: ProtobufNames
    private let new: ProtobufNames
    private var found: [SchemaIncompatibility] = []
    /// What was found between two messages, by their full names.
    private var known: [[String]: [SchemaIncompatibility]] = [:]
    private var active: Set<[String]> = []
    /// Too deep to be compared at once: taken for compatible, and compared at the end.
    private var deferred: [(old: ProtobufMessage, new: ProtobufMessage, scopes: Scopes)] = []

    /// Two places that are being compared, and how the place is called in messages.
    private struct Scopes {
        var old: String
        var new: String
        var path: [String]

        func inside(_ name: String) -> Scopes {
            Scopes(
                old: ProtobufNames.joined(old, name), new: ProtobufNames.joined(new, name),
                path: path + [name])
        }

        func at(_ name: String) -> Scopes { Scopes(old: old, new: new, path: path + [name]) }
    }

    static func incompatibilities(reader: ProtobufDocument, writer: ProtobufDocument)
        -> [SchemaIncompatibility]
    {
        var comparison = ProtobufComparison(old: writer.names, new: reader.names)
        comparison.compare(
            writer.file.types, reader.file.types,
            Scopes(old: writer.file.package ?? "", new: reader.file.package ?? "", path: []))
        while let next = comparison.deferred.popLast() {
            comparison.found += comparison.differences(next.old, next.new, next.scopes)
        }
        return Array(comparison.found.prefix(SchemaLimits.incompatibilitiesMax))
    }

    private init(old: ProtobufNames, new: ProtobufNames) {
        self.old = old
        self.new = new
    }

    private mutating func note(_ difference: ProtobufDifference, _ place: Scopes) {
        let path = "#/" + place.path.joined(separator: "/")
        found.append(
            SchemaIncompatibility(
                difference.rawValue, difference.description(at: path), at: path))
    }

    private mutating func compare(
        _ oldTypes: [ProtobufType], _ newTypes: [ProtobufType], _ scopes: Scopes
    ) {
        var newMessages: [String: ProtobufMessage] = [:]
        for case .message(let message) in newTypes { newMessages[message.name] = message }
        for case .message(let message) in oldTypes {
            let inside = scopes.inside(message.name)
            if let newMessage = newMessages[message.name] {
                compare(message, newMessage, inside)
            } else if !message.isMapEntry {
                note(.messageRemoved, inside)
            }
        }
    }

    // MARK: - Messages

    private mutating func compare(
        _ oldMessage: ProtobufMessage, _ newMessage: ProtobufMessage, _ scopes: Scopes
    ) {
        guard active.insert([scopes.old, scopes.new]).inserted else { return }
        defer { active.remove([scopes.old, scopes.new]) }
        let oldMembers = Members(oldMessage)
        let newMembers = Members(newMessage)
        compareOneofs(oldMembers, newMembers, scopes)
        for number in oldMembers.fields.keys.sorted() {
            guard let oldField = oldMembers.fields[number] else { continue }
            if let newField = newMembers.fields[number] {
                compare(oldField, newField, scopes.at("\(number)"))
            } else if oldField.label == .required {
                note(.requiredFieldRemoved, scopes.at("\(number)"))
            }
        }
        for number in newMembers.fields.keys.sorted() where oldMembers.fields[number] == nil {
            if newMembers.fields[number]?.label == .required {
                note(.requiredFieldAdded, scopes.at("\(number)"))
            }
        }
        compare(oldMessage.types, newMessage.types, scopes)
    }

    /// Fields by number, in oneofs or not; groups are fields of their message.
    private struct Members {
        var fields: [Int: ProtobufField] = [:]
        /// The oneof that a field is in.
        var oneofOf: [Int: String] = [:]
        var oneofs: [(name: String, numbers: [Int])] = []

        init(_ message: ProtobufMessage) {
            for field in message.fields { fields[field.number] = field }
            for group in message.groups { fields[group.number] = group.field }
            for oneof in message.oneofs {
                let members = oneof.fields + oneof.groups.map(\.field)
                oneofs.append((oneof.name, members.map(\.number)))
                for field in members {
                    fields[field.number] = field
                    oneofOf[field.number] = oneof.name
                }
            }
        }
    }

    private mutating func compareOneofs(_ old: Members, _ new: Members, _ scopes: Scopes) {
        for oneof in new.oneofs {
            let moved = oneof.numbers.count { old.fields[$0] != nil && old.oneofOf[$0] == nil }
            let existing = oneof.numbers.count { old.oneofOf[$0] != nil }
            if moved > 1 {
                note(.multipleFieldsMovedToOneof, scopes.at(oneof.name))
            } else if moved == 1, existing > 0 {
                note(.fieldMovedToExistingOneof, scopes.at(oneof.name))
            }
        }
        for oneof in old.oneofs where new.oneofs.contains(where: { $0.name == oneof.name }) {
            for number in oneof.numbers.sorted() where new.oneofOf[number] != oneof.name {
                note(.oneofFieldRemoved, scopes.at(oneof.name).at("\(number)"))
            }
        }
    }

    // MARK: - Fields

    private mutating func compare(
        _ oldField: ProtobufField, _ newField: ProtobufField, _ place: Scopes
    ) {
        let labels = (oldField.label, newField.label)
        let isLabelChanged = labels.0 != nil && labels.1 != nil && labels.0 != labels.1
        compare(oldField.type, newField.type, isLabelChanged: isLabelChanged, place)
    }

    private enum Kind: Equatable {
        case scalar(ProtobufWireClass)
        case map(key: String, value: String)
        case message
    }

    private static func kind(
        _ type: ProtobufFieldType, _ names: ProtobufNames, _ scope: String
    ) -> Kind {
        switch type {
        case .map(let key, let value): return .map(key: key, value: value)
        case .name(let name):
            if let scalar = ProtobufScalar(rawValue: name) { return .scalar(scalar.wireClass) }
            guard let entry = names.entry(name, in: scope) else { return .message }
            if case .map(let key, let value) = entry.mapType { return .map(key: key, value: value) }
            if case .enumeration = entry.type { return .scalar(.number) }
            return .message
        }
    }

    private mutating func compare(
        _ oldType: ProtobufFieldType, _ newType: ProtobufFieldType, isLabelChanged: Bool,
        _ place: Scopes
    ) {
        switch (Self.kind(oldType, old, place.old), Self.kind(newType, new, place.new)) {
        case (.scalar(let from), .scalar(let to)):
            if from != to {
                note(.fieldScalarKindChanged, place)
            } else if isLabelChanged, from != .stringOrBytes {
                note(.fieldNumericLabelChanged, place)
            }
        case (.map(let oldKey, let oldValue), .map(let newKey, let newValue)):
            compare(.name(oldKey), .name(newKey), isLabelChanged: false, place)
            compare(.name(oldValue), .name(newValue), isLabelChanged: false, place)
        case (.message, .message): compareNamed(oldType.text, newType.text, place)
        case (.scalar, _), (.map, _), (.message, _): note(.fieldKindChanged, place)
        }
    }

    private mutating func compareNamed(_ oldName: String, _ newName: String, _ place: Scopes) {
        guard let oldFull = old.resolve(oldName, in: place.old),
            let newFull = new.resolve(newName, in: place.new), let oldEntry = old.types[oldFull],
            let newEntry = new.types[newFull], case .message(let oldMessage) = oldEntry.type,
            case .message(let newMessage) = newEntry.type
        else {
            if oldName != newName { note(.fieldNamedTypeChanged, place) }
            return
        }
        let local = Self.local(oldFull, oldEntry.package)
        guard local == Self.local(newFull, newEntry.package) else {
            return note(.fieldNamedTypeChanged, place)
        }
        // Two local types are compared where they stand; a version that is borrowed by both is one.
        if let a = oldEntry.reference, let b = newEntry.reference, a.subject == b.subject,
            a.version == b.version
        {
            return
        }
        let inner = Scopes(
            old: oldFull, new: newFull, path: local.split(separator: ".").map(String.init))
        let differences = differences(oldMessage, newMessage, inner)
        found += differences
        if !differences.isEmpty { note(.fieldNamedTypeChanged, place) }
    }

    /// What the same two messages were found to differ in is told again, not sought again.
    private mutating func differences(
        _ oldMessage: ProtobufMessage, _ newMessage: ProtobufMessage, _ scopes: Scopes
    ) -> [SchemaIncompatibility] {
        if let known = known[[scopes.old, scopes.new]] { return known }
        guard active.count < SchemaLimits.comparisonDepthMax else {
            deferred.append((oldMessage, newMessage, scopes))
            return []
        }
        let outer = found
        found = []
        compare(oldMessage, newMessage, scopes)
        let result = found
        found = outer
        known[[scopes.old, scopes.new]] = result
        return result
    }

    private static func local(_ full: String, _ package: String) -> String {
        full.hasPrefix(package + ".") ? String(full.dropFirst(package.count + 1)) : full
    }
}

extension ProtobufGroup {
    fileprivate var field: ProtobufField {
        ProtobufField(
            label: label, type: .name(body.name), name: body.name.lowercased(), number: number)
    }
}

/// Scalars whose bytes can be read as each other's.
enum ProtobufWireClass {
    case number, signedNumber, stringOrBytes, fixed32, fixed64, float, double
}

extension ProtobufScalar {
    fileprivate var wireClass: ProtobufWireClass {
        switch self {
        case .int32, .int64, .uint32, .uint64, .bool: .number
        case .sint32, .sint64: .signedNumber
        case .string, .bytes: .stringOrBytes
        case .fixed32, .sfixed32: .fixed32
        case .fixed64, .sfixed64: .fixed64
        case .float: .float
        case .double: .double
        }
    }
}
