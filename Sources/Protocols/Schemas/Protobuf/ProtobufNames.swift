// Which types a .proto file can name, and which type a name means at a place.
// Source: protobuf.dev, "Packages and Name Resolution".

/// The types and extensions of a file and of all it imports.
struct ProtobufNames: Sendable {
    struct Entry: Sendable {
        var type: ProtobufType
        var package: String
        /// Of the schema it is borrowed from: `nil` for what a borrowed schema imports in turn.
        var reference: SchemaReference?
        /// What the map holds, when the type was made for a map field.
        var mapType: ProtobufFieldType?
    }

    struct Extension: Sendable {
        var field: ProtobufField
        /// The full name of the message that is extended.
        var extendee: String
        /// Where it is declared: its type is looked for from here.
        var scope: String
    }

    /// By full name, without a leading dot.
    private(set) var types: [String: Entry] = [:]
    private(set) var extensions: [String: Extension] = [:]
    /// Full names of each message's extensions, by the message.
    private(set) var extensionsOf: [String: [String]] = [:]

    mutating func add(_ file: ProtobufFile, reference: SchemaReference?) {
        let package = file.package ?? ""
        for type in file.types { add(type, in: package, package, reference) }
    }

    /// Once all types are known, since extensions name them.
    mutating func addExtensions(_ file: ProtobufFile) {
        let package = file.package ?? ""
        for extend in file.extends { add(extend, in: package) }
        for case .message(let message) in file.types { addExtensions(message, in: package) }
    }

    static func joined(_ scope: String, _ name: String) -> String {
        scope.isEmpty ? name : "\(scope).\(name)"
    }

    private mutating func add(
        _ type: ProtobufType, in scope: String, _ package: String, _ reference: SchemaReference?
    ) {
        let full = Self.joined(scope, type.name)
        var entry = Entry(type: type, package: package, reference: reference)
        if case .message(let message) = type {
            entry.mapType = message.mapType
            for inner in message.types { add(inner, in: full, package, reference) }
            for group in message.allGroups + message.extends.flatMap(\.groups) {
                add(.message(group.body), in: full, package, reference)
            }
        }
        types[full] = entry
    }

    private mutating func addExtensions(_ message: ProtobufMessage, in scope: String) {
        let full = Self.joined(scope, message.name)
        for extend in message.extends { add(extend, in: full) }
        for inner in message.messages { addExtensions(inner, in: full) }
    }

    private mutating func add(_ extend: ProtobufExtend, in scope: String) {
        guard let extendee = resolve(extend.name, in: scope) else { return }
        for field in extend.fields {
            let full = Self.joined(scope, field.name)
            extensions[full] = Extension(field: field, extendee: extendee, scope: scope)
            extensionsOf[extendee, default: []].append(full)
        }
    }

    /// - Parameter scope: the full name of the message around, or the package.
    /// - Returns: the full name of a type; `nil` when there is none.
    func resolve(_ name: String, in scope: String) -> String? {
        find(name, in: scope) { types[$0] != nil }
    }

    func resolveExtension(_ name: String, in scope: String) -> String? {
        find(name, in: scope) { extensions[$0] != nil }
    }

    /// From the inside out.
    private func find(_ name: String, in scope: String, _ exists: (String) -> Bool) -> String? {
        if name.hasPrefix(".") {
            let full = String(name.dropFirst())
            return exists(full) ? full : nil
        }
        var scope = scope
        while !scope.isEmpty {
            let full = "\(scope).\(name)"
            if exists(full) { return full }
            scope = scope.lastIndex(of: ".").map { String(scope[..<$0]) } ?? ""
        }
        return exists(name) ? name : nil
    }

    func entry(_ name: String, in scope: String) -> Entry? {
        resolve(name, in: scope).flatMap { types[$0] }
    }

    // MARK: - The normal form

    /// With a leading dot; a name nobody knows stays as it is.
    func normalName(_ name: String, in scope: String) -> String {
        resolve(name, in: scope).map { "." + $0 } ?? name
    }

    func normalType(_ type: ProtobufFieldType, in scope: String) -> ProtobufFieldType {
        switch type {
        case .name(let name):
            if ProtobufScalar(rawValue: name) != nil { return type }
            guard let full = resolve(name, in: scope) else { return type }
            if let map = types[full]?.mapType { return normalType(map, in: full) }
            return .name("." + full)
        case .map(let key, let value):
            if ProtobufScalar(rawValue: value) != nil { return type }
            return .map(key: key, value: normalName(value, in: scope))
        }
    }
}
