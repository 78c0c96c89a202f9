// `millrace schemas`: subjects and their versions, checked, registered, removed.

import ArgumentParser
import Foundation
import MillraceBase
import MillraceSchemas
import RegistryClient

struct SchemasCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schemas", abstract: "List, show, check, register and delete schemas.",
        discussion: """
            Examples:
              millrace schemas register orders-value order.avsc
              millrace schemas check orders-value order2.avsc --registry http://registry:8081
            """,
        subcommands: [
            List.self, Show.self, Register.self, Check.self, Level.self, Delete.self,
        ],
        defaultSubcommand: List.self)

    static func with<Value: Sendable>(
        _ arguments: SettingsArguments,
        _ work: @escaping @Sendable (RegistryConnection) async throws -> Value
    ) async throws -> Value {
        let settings = try arguments.settings()
        let isReal = settings.endpoint(StageName.registry.rawValue).scheme != "embedded"
        let stages: Set<StageName> = isReal ? [.registry] : [.kafka, .registry]
        return try await KafkaAccess.reached(arguments, stages: stages) { endpoint in
            let registry = RegistryConnection(try endpoint(.registry))
            do { return try await work(registry) } catch let error as RegistryError {
                throw Failure(
                    "the registry refuses", at: registry.url, because: "\(error)",
                    next: error.isNotFound
                        ? "millrace schemas list" : "millrace schemas show SUBJECT")
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List subjects.")
        @OptionGroup var arguments: SettingsArguments
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let schemas = try await SchemasCommand.with(arguments) { registry in
                try await registry.allSchemas(latestOnly: true)
            }
            if json {
                let list = schemas.map { SchemasCommand.json($0) }
                return Terminal.print(JSONValue.array(list).prettyText)
            }
            guard !schemas.isEmpty else { return Terminal.print("no subjects") }
            var table = Table(head: ["subject", "type", "version", "id"], numbers: [2, 3])
            for schema in schemas {
                table.rows.append([
                    schema.subject, schema.schema.kind.rawValue, "\(schema.version)",
                    "\(schema.id)",
                ])
            }
            Terminal.print(table.text)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a subject's schema.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The subject.") var subject: String
        @Option(help: "The version; the latest if left out.") var version: Int?
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let (subject, version) = (subject, version)
            let (schema, versions) = try await SchemasCommand.with(arguments) { registry in
                let schema =
                    if let version { try await registry.version(version, of: subject) } else {
                        try await registry.latest(subject: subject)
                    }
                return (schema, try await registry.versions(of: subject))
            }
            if json { return Terminal.print(SchemasCommand.json(schema).prettyText) }
            let all = versions.map(String.init).joined(separator: ", ")
            Terminal.print(
                "\(schema.subject)  \(schema.schema.kind.rawValue), version \(schema.version) of \(all), "
                    + "id \(schema.id)\n")
            let pretty = (try? JSONValue(parsing: schema.schema.text))?.prettyText
            Terminal.print(pretty ?? schema.schema.text)
        }
    }

    /// A schema in a file, and what it borrows.
    struct FileArguments: ParsableArguments {
        @Argument(help: "The subject.") var subject: String
        @Argument(help: "The schema's file; its ending says the type (.avsc, .json, .proto).")
        var file: String
        @Option(help: "avro, json or protobuf.") var type: String?
        @Option(help: "name=subject:version of a schema it borrows from; may be repeated.")
        var reference: [NamedValue] = []

        func schema(_ registry: RegistryConnection) async throws -> SchemaDocument {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw Failure("the file cannot be read", at: file, next: "a file that is there")
            }
            let endings = ["avsc": SchemaKind.avro, "json": .json, "proto": .protobuf]
            let ending = file.split(separator: ".").last.map(String.init) ?? ""
            let kind = type.map { SchemaKind(rawValue: $0.uppercased()) } ?? endings[ending]
            guard let kind else {
                throw Failure(
                    "the schema's type is not known", at: file,
                    next: "--type avro, json or protobuf")
            }
            var (list, texts): ([SchemaReference], [String: String]) = ([], [:])
            for reference in reference {
                let parts = reference.value.split(separator: ":").map(String.init)
                guard parts.count >= 2, let version = parts.last.flatMap({ Int($0) }) else {
                    throw Failure(
                        "no reference", at: reference.value, next: "name=subject:version")
                }
                let subject = parts.dropLast().joined(separator: ":")
                let found = try await registry.version(version, of: subject).schema
                texts.merge(found.references.texts) { $1 }
                texts[reference.name] = found.text
                list.append(
                    SchemaReference(name: reference.name, subject: subject, version: version))
            }
            do {
                return try SchemaDocument(
                    kind: kind, text: String(decoding: data, as: UTF8.self),
                    references: SchemaReferences(list, texts: texts))
            } catch {
                throw Failure(
                    "the file is no schema", at: file, because: "\(error)", next: "mend it")
            }
        }
    }

    struct Register: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register a file as a subject's next version.",
            discussion: "Example: millrace schemas register orders-value order.avsc")
        @OptionGroup var arguments: SettingsArguments
        @OptionGroup var given: FileArguments

        func run() async throws {
            let given = given
            let id = try await SchemasCommand.with(arguments) { registry in
                try await registry.register(
                    subject: given.subject, schema: try await given.schema(registry))
            }
            Terminal.print("\(given.subject) has it under id \(id)")
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask whether a file could be registered; exit code 1 when not.",
            discussion: "Example: millrace schemas check orders-value order2.avsc")
        @OptionGroup var arguments: SettingsArguments
        @OptionGroup var given: FileArguments

        func run() async throws {
            let given = given
            let faults = try await SchemasCommand.with(arguments) { registry in
                try await registry.isCompatible(
                    subject: given.subject, schema: try await given.schema(registry))
            }
            guard faults.isEmpty else {
                throw Failure(
                    "the schema is not compatible", at: given.file,
                    because: faults.joined(separator: "\n           "),
                    next: "millrace schemas level \(given.subject) shows what is asked for")
            }
            Terminal.print("\(given.file) could be the next version of \(given.subject)")
        }
    }

    struct Level: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show or set the compatibility level of a subject, or of all.",
            discussion: "Example: millrace schemas level orders-value --set FULL_TRANSITIVE")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The subject; all, if left out.") var subject: String?
        @Option(help: "\(CompatibilityLevel.allCases.map(\.rawValue).joined(separator: ", ")).")
        var set: String?

        func run() async throws {
            let subject = subject
            let level = try set.map { text throws(Failure) in
                guard let level = CompatibilityLevel(rawValue: text.uppercased()) else {
                    throw Failure(
                        "no such level", at: "--set \(text)",
                        next: CompatibilityLevel.allCases.map(\.rawValue).joined(separator: ", "))
                }
                return level
            }
            let now = try await SchemasCommand.with(arguments) { registry in
                if let level { try await registry.setCompatibility(level, of: subject) }
                return try await registry.compatibility(of: subject)
            }
            Terminal.print("\(subject ?? "all subjects"): \(now.rawValue)")
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a subject or one version; --permanently after that, for good.")
        @OptionGroup var arguments: SettingsArguments
        @Argument(help: "The subject.") var subject: String
        @Option(help: "Only this version.") var version: Int?
        @Flag(help: "Remove for good what was deleted before.") var permanently = false

        func run() async throws {
            let (subject, version, permanently) = (subject, version, permanently)
            let deleted = try await SchemasCommand.with(arguments) { registry in
                guard let version else {
                    return try await registry.delete(subject: subject, permanently: permanently)
                }
                try await registry.delete(
                    version: version, of: subject, permanently: permanently)
                return [version]
            }
            Terminal.print(
                "deleted \(subject), versions \(deleted.map(String.init).joined(separator: ", "))")
        }
    }

    static func json(_ schema: RegisteredSchema) -> JSONValue {
        [
            "subject": .string(schema.subject), "version": JSONValue(schema.version),
            "id": JSONValue(schema.id), "schemaType": .string(schema.schema.kind.rawValue),
            "schema": .string(schema.schema.text),
        ]
    }
}
