// A .proto file without its extensions, as `?format=ignore_extensions` asks for it.

extension ProtobufFile {
    var withoutExtensions: ProtobufFile {
        var file = self
        file.options.removeCustom()
        file.extends = []
        file.types = types.map(\.withoutExtensions)
        for index in file.services.indices {
            file.services[index].options.removeCustom()
            for method in file.services[index].methods.indices {
                file.services[index].methods[method].options.removeCustom()
            }
        }
        return file
    }
}

extension [ProtobufOption] {
    fileprivate mutating func removeCustom() { removeAll(where: \.isCustom) }
}

extension [ProtobufField] {
    fileprivate mutating func removeCustom() {
        for index in indices { self[index].options.removeCustom() }
    }
}

extension ProtobufType {
    fileprivate var withoutExtensions: ProtobufType {
        switch self {
        case .message(let message): return .message(message.withoutExtensions)
        case .enumeration(var item):
            item.options.removeCustom()
            for index in item.constants.indices { item.constants[index].options.removeCustom() }
            return .enumeration(item)
        }
    }
}

extension ProtobufMessage {
    fileprivate var withoutExtensions: ProtobufMessage {
        var message = self
        message.options.removeCustom()
        message.extends = []
        message.fields.removeCustom()
        message.types = types.map(\.withoutExtensions)
        message.groups = groups.map(\.withoutExtensions)
        for index in message.oneofs.indices {
            message.oneofs[index].options.removeCustom()
            message.oneofs[index].fields.removeCustom()
            message.oneofs[index].groups = oneofs[index].groups.map(\.withoutExtensions)
        }
        return message
    }
}

extension ProtobufGroup {
    fileprivate var withoutExtensions: ProtobufGroup {
        var group = self
        group.options.removeCustom()
        group.body = body.withoutExtensions
        return group
    }
}
