// How a record says which message of a schema it holds: the places of the message and of those
// around it. Source: reference/kafka.md C3.

extension ProtobufDocument {
    /// `[0]` is the file's first message, `[0, 1]` the second one inside it. Enums do not count.
    ///
    /// - Parameter name: with the package.
    func messageIndexes(of name: String) -> [Int]? {
        Self.indexes(of: name, among: file.types, in: file.package ?? "")
    }

    private static func indexes(of name: String, among types: [ProtobufType], in scope: String)
        -> [Int]?
    {
        var index = 0
        for case .message(let message) in types {
            let full = ProtobufNames.joined(scope, message.name)
            if full == name { return [index] }
            if name.hasPrefix(full + "."),
                let inner = indexes(of: name, among: message.types, in: full)
            {
                return [index] + inner
            }
            index += 1
        }
        return nil
    }

    /// - Returns: the full name; `nil` when there is no message at that place.
    func messageName(at indexes: [Int]) -> String? {
        var scope = file.package ?? ""
        var types = file.types
        for index in indexes {
            let messages = types.compactMap { type in
                if case .message(let message) = type { message } else { nil }
            }
            guard messages.indices.contains(index) else { return nil }
            scope = ProtobufNames.joined(scope, messages[index].name)
            types = messages[index].types
        }
        return indexes.isEmpty ? nil : scope
    }
}

extension SchemaDocument {
    /// The places of a Protobuf message in its file; `nil` when there is none of that name, and for
    /// other kinds.
    public func messageIndexes(of name: String) -> [Int]? {
        switch body {
        case .protobuf(let document): document.messageIndexes(of: name)
        case .avro, .json: nil
        }
    }

    /// The full name of the Protobuf message at these places.
    public func messageName(at indexes: [Int]) -> String? {
        switch body {
        case .protobuf(let document): document.messageName(at: indexes)
        case .avro, .json: nil
        }
    }
}
