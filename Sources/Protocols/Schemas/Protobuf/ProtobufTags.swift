// Tags inside a Protobuf schema: the options `confluent.message_meta` and `confluent.field_meta`.
// Source: Confluent's meta.proto and ProtobufSchema.

/// A message or a field that may have tags.
package struct ProtobufTagPlace: Sendable, Equatable {
    /// "Outer.Inner" and "Outer.Inner.field", without the package.
    package var path: String
    /// Of a field of a oneof also: "Outer.choice.field".
    package var otherPath: String?
    package var isField: Bool
}

package enum ProtobufTags {
    /// A schema's text with other tags.
    ///
    /// - Parameters:
    ///   - text: of a .proto file.
    ///   - change: gets the tags of each place, in the text's order, and gives the new ones.
    package static func rewritten(
        _ text: String, _ change: (ProtobufTagPlace, [String]) -> [String]
    ) throws(SchemaError) -> String {
        var file = try ProtobufParser.parse(text)
        for index in file.types.indices { visit(&file.types[index], inside: "", change) }
        return ProtobufText.of(file, normalizedBy: nil)
    }

    private typealias Change = (ProtobufTagPlace, [String]) -> [String]

    private static func visit(
        _ type: inout ProtobufType, inside outer: String, _ change: Change
    ) {
        guard case .message(var message) = type else { return }
        let path = ProtobufNames.joined(outer, message.name)
        message.options.retag(
            "confluent.message_meta", ProtobufTagPlace(path: path, isField: false), change)
        for index in message.fields.indices {
            visit(&message.fields[index], inside: path, oneof: nil, change)
        }
        for index in message.oneofs.indices {
            let name = message.oneofs[index].name
            for field in message.oneofs[index].fields.indices {
                visit(&message.oneofs[index].fields[field], inside: path, oneof: name, change)
            }
        }
        for index in message.types.indices { visit(&message.types[index], inside: path, change) }
        type = .message(message)
    }

    private static func visit(
        _ field: inout ProtobufField, inside path: String, oneof: String?, _ change: Change
    ) {
        let place = ProtobufTagPlace(
            path: "\(path).\(field.name)", otherPath: oneof.map { "\(path).\($0).\(field.name)" },
            isField: true)
        field.options.retag("confluent.field_meta", place, change)
    }
}

extension [ProtobufOption] {
    /// All options of this name become one, in the form `{ tags: […] }`, when tags change.
    fileprivate mutating func retag(
        _ name: String, _ place: ProtobufTagPlace,
        _ change: (ProtobufTagPlace, [String]) -> [String]
    ) {
        let own = filter { $0.isCustom && ($0.name == name || $0.name == ".\(name)") }
        var members = own.flatMap(\.value.members)
        let tags = members.filter { $0.key == "tags" }.flatMap(\.value.strings)
        let changed = change(place, tags)
        guard changed != tags else { return }
        let start = members.firstIndex { $0.key == "tags" } ?? members.count
        members.removeAll { $0.key == "tags" }
        if !changed.isEmpty {
            let list = ProtobufOptionValue.list(changed.map { .string($0) })
            members.insert(
                ProtobufMember(key: "tags", value: list), at: Swift.min(start, members.count))
        }
        let index = firstIndex { own.contains($0) } ?? count
        removeAll { own.contains($0) }
        if !members.isEmpty {
            let option = ProtobufOption(name: name, isCustom: true, value: .map(members))
            insert(option, at: Swift.min(index, count))
        }
    }
}

extension ProtobufOptionValue {
    /// What stands in `{ … }`, or behind the point of `(name).member`.
    fileprivate var members: [ProtobufMember] {
        switch self {
        case .map(let members): members
        case .inner(let option):
            [
                ProtobufMember(
                    key: option.isCustom ? "[\(option.name)]" : option.name, value: option.value)
            ]
        case .string, .boolean, .number, .constant, .list: []
        }
    }

    fileprivate var strings: [String] {
        switch self {
        case .string(let text): [text]
        case .list(let items): items.flatMap(\.strings)
        case .boolean, .number, .constant, .inner, .map: []
        }
    }
}
