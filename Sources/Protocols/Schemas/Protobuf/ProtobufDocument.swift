// A Protobuf schema, checked and ready to be compared.

struct ProtobufDocument: Sendable {
    let file: ProtobufFile
    /// What it imports, directly and not, as far as it is known: by import path.
    let dependencies: [String: ProtobufFile]
    let names: ProtobufNames
    let text: String

    /// - Parameter text: of a .proto file, or a `FileDescriptorProto` in base 64.
    init(_ text: String, references: SchemaReferences) throws(SchemaError) {
        var borrowed: [String: ProtobufFile] = [:]
        for (path, text) in references.texts {
            do throws(SchemaError) {
                borrowed[path] = try Self.parse(text, knowing: ProtobufNames())
            } catch {
                throw SchemaError("the reference \(path): \(error)")
            }
        }
        let known = Self.withBuiltIn(borrowed, importedBy: ProtobufFile())
        let file = try Self.parse(text, knowing: Self.names(known, references))
        guard file != ProtobufFile() else { throw SchemaError("is empty") }
        let dependencies = Self.withBuiltIn(borrowed, importedBy: file)
        var names = Self.names(dependencies, references)
        names.add(file, reference: SchemaReference(name: "", subject: "", version: -1))
        names.addExtensions(file)
        self.file = file
        self.dependencies = dependencies
        self.names = names
        self.text = ProtobufText.of(file, normalizedBy: nil)
        try ProtobufCheck.check(file, names: names)
    }

    private static func parse(_ text: String, knowing names: ProtobufNames)
        throws(SchemaError) -> ProtobufFile
    {
        do throws(SchemaError) { return try ProtobufParser.parse(text) } catch {
            // Confluent's Python client registers a descriptor instead of a text.
            guard let bytes = Base64Text.bytes(of: text), !bytes.isEmpty else { throw error }
            return try ProtobufDescriptorReader.file(of: bytes, knowing: names)
        }
    }

    /// The files that everybody may import without a reference.
    private static func withBuiltIn(
        _ borrowed: [String: ProtobufFile], importedBy file: ProtobufFile
    ) -> [String: ProtobufFile] {
        var all = borrowed
        var waiting = ([file] + borrowed.values).flatMap(\.allImports)
        while let path = waiting.popLast() {
            guard all[path] == nil, let file = ProtobufBuiltIn.files[path] else { continue }
            all[path] = file
            waiting += file.allImports
        }
        return all
    }

    private static func names(
        _ files: [String: ProtobufFile], _ references: SchemaReferences
    ) -> ProtobufNames {
        var names = ProtobufNames()
        for (path, file) in files {
            names.add(file, reference: references.list.last { $0.name == path })
        }
        for file in files.values { names.addExtensions(file) }
        return names
    }

    var normalizedText: String { ProtobufText.of(file, normalizedBy: names) }

    /// Without custom options and without what the file adds to other messages.
    var textWithoutExtensions: String {
        ProtobufText.of(file.withoutExtensions, normalizedBy: nil)
    }

    /// A `FileDescriptorProto` in base 64. Its name is "default", as Confluent's.
    var serializedText: String {
        Base64Text.text(of: ProtobufDescriptorWriter.bytes(of: self, named: "default"))
    }

    private var firstMessage: ProtobufMessage? {
        for case .message(let message) in file.types { return message }
        return nil
    }

    var topLevelFields: [String] { firstMessage?.allFields.map(\.name) ?? [] }

    /// With the package.
    var firstMessageName: String? {
        firstMessage.map { ProtobufNames.joined(file.package ?? "", $0.name) }
    }
}

extension ProtobufFile {
    var allImports: [String] { imports + publicImports + weakImports }
}
