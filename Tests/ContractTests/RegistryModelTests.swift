// The registry's values without a server: GUIDs, subjects, paths, records, users.

import MillraceBase
import MillraceSchemas
import Testing

@testable import SchemaRegistry

@Suite struct RegistryModelTests {
    /// Source: Confluent's schema-md5-golden-data.json; bits are references, metadata, rules.
    private static let vectors: [(bits: Int, guid: String)] = [
        (0b000, "d629bb05-ad85-3d20-fbcb-895de3c459f7"),
        (0b001, "c0708b8f-65f6-b698-bffe-45c1dfa8987c"),
        (0b010, "2034166c-90a8-1166-0ff2-f5f62c80dbe0"),
        (0b011, "d9877161-cfdf-d8c5-4eb4-ab37ed50e9d5"),
        (0b100, "5c08d70e-5347-41b2-6369-199425d044eb"),
        (0b101, "96825311-eb10-b7f5-48be-2a023b4c018e"),
        (0b110, "3619d8e0-2ee8-de51-0d9e-2520d39174d5"),
        (0b111, "589556fb-ad98-e8e0-94fa-e6da3455433a"),
    ]

    private static let text =
        #"{"type":"record","name":"Person","namespace":"io.confluent.kafka.example","fields":"#
        + #"[{"name":"name","type":"string"},{"name":"age","type":"int"},{"name":"ssn","type":"#
        + #""string"},{"name":"user","type":"io.confluent.kafka.example.User"},{"name":"address","#
        + #""type":"io.confluent.kafka.example.Address"}]}"#

    private static func rule(
        _ name: String, _ doc: String, _ kind: String, _ mode: String, _ type: String,
        field: String, _ expression: String
    ) -> JSONValue {
        [
            "name": .string(name), "doc": .string(doc), "kind": .string(kind),
            "mode": .string(mode), "type": .string(type), "tags": ["PERSON"],
            "params": ["field": .string(field)], "expr": .string(expression),
            "onSuccess": "none", "onFailure": "error", "disabled": false,
        ]
    }

    private static let rules: JSONValue = [
        "migrationRules": [
            rule(
                "upgrade-rule-1", "Upgrade rule for field changes", "TRANSFORM", "UPGRADE",
                "FIELD_UPDATE", field: "name", "field.name = field.name.toUpperCase()"),
            rule(
                "downgrade-rule-1", "Downgrade rule for compatibility", "TRANSFORM", "DOWNGRADE",
                "FIELD_DELETE", field: "ssn", "delete field.ssn"),
        ],
        "domainRules": [
            rule(
                "validation-rule-1", "Validate age field", "CONDITION", "WRITE",
                "FIELD_VALIDATION", field: "age", "field.age >= 0 && field.age <= 150"),
            rule(
                "masking-rule-1", "Mask sensitive data on read", "TRANSFORM", "READ",
                "DATA_MASKING", field: "ssn", "field.ssn = '***-**-****'"),
        ],
    ]

    private static let metadata: JSONValue = [
        "tags": ["team": ["data-engineering"], "environment": ["staging", "production"]],
        "properties": [
            "owner": "data-team", "description": "Person schema for user management",
            "version": "1.0.0",
        ],
        "sensitive": ["ssn", "credit-card"],
    ]

    @Test(arguments: vectors)
    func guidsAreConfluents(bits: Int, guid: String) throws {
        var content = SchemaContent(kind: .avro, text: Self.text)
        if bits & 4 != 0 {
            content.references = [
                SchemaReference(
                    name: "io.confluent.kafka.example.User", subject: "User", version: 1),
                SchemaReference(
                    name: "io.confluent.kafka.example.Address", subject: "Address", version: 2),
            ]
        }
        if bits & 2 != 0 { content.metadata = try #require(SchemaMetadata(Self.metadata)) }
        if bits & 1 != 0 { content.ruleSet = try #require(RuleSet(Self.rules)) }
        #expect(content.guid == guid)
    }

    @Test(
        arguments: [
            ("a", ".", "a"), (":.c:a", ".c", "a"), (":.c:", ".c", ""), (":.c", ".c", ""),
            (":.:a", ".", "a"), (":a", ".", ":a"), (":.c:a:b", ".c", "a:b"), ("", ".", ""),
        ])
    func subjectsHaveContexts(text: String, context: String, name: String) {
        let subject = QualifiedSubject(text)
        #expect((subject.context, subject.name) == (context, name))
        #expect(QualifiedSubject(subject.text) == subject)
    }

    @Test(
        arguments: [
            ("/subjects/a%2Fb", RegistryRoute.subject("a/b")),
            ("/subjects/%22q%22/versions/", .versions("\"q\"")),
            ("/contexts/.c/subjects/s/versions/1", .version(":.c:s", "1")),
            ("/contexts/:.c:/subjects/:.d:s", .subject(":.d:s")),
            ("/contexts/.c/config", .config(":.c:")),
            ("/contexts/.c/mode/s", .mode(":.c:s")),
            ("/contexts/.c", .context(":.c:")),
            (
                "/contexts/.c/compatibility/subjects/s/versions",
                .compatibility(":.c:s", version: nil)
            ),
            ("/", .root),
        ])
    func pathsAreRead(path: String, route: RegistryRoute) throws {
        let parsed = try #require(RegistryPath(path: path, query: ""))
        #expect(RegistryRoute(segments: parsed.segments) == route)
    }

    @Test(arguments: ["/nowhere", "/subjects/a/b", "/schemas/ids/1/2/3", "/v1/metadata/x"])
    func otherPathsAreNone(path: String) throws {
        let parsed = try #require(RegistryPath(path: path, query: ""))
        #expect(RegistryRoute(segments: parsed.segments) == nil)
    }

    @Test func aLonePercentSignIsNoPath() {
        #expect(RegistryPath(path: "/subjects/50%", query: "") == nil)
    }

    @Test func contextsGoIntoParameters() throws {
        let path = try #require(
            RegistryPath(path: "/contexts/.c/schemas/ids/1", query: "subject=s"))
        #expect(path.query["subject"] == [":.c:s"])
        let list = try #require(RegistryPath(path: "/contexts/.c/subjects", query: "key=a&key=b"))
        #expect(list.query["subjectPrefix"] == [":.c:"])
        #expect(list.query["key"] == ["a", "b"])
    }

    private static let association = Association(
        key: AssociationKey(
            resourceName: "t", resourceNamespace: "n", resourceType: "topic",
            associationType: "key", subject: ":.c:s"),
        guid: "g", resourceID: "r", lifecycle: .strong, isFrozen: true, createdMilliseconds: 5)

    /// Method: an association over a table without a broker; the subject goes with it, for good.
    @Test func aStrongAssociationTakesItsSubjectAlong() throws {
        var table = SchemaTable()
        let content = SchemaContent(kind: .avro, text: #""string""#)
        table.apply(.schema(SchemaVersion(subject: ":.c:s", version: 1, id: 1, content: content)))
        table.apply(.association(Self.association.key, Self.association))
        #expect(throws: APIError.subjectAssociated(":.c:s")) {
            try Deletion(table: table, subject: ":.c:s").all(permanently: false)
        }
        func deletion(isCascading: Bool) -> AssociationDeletion {
            AssociationDeletion(
                resourceID: "r", filter: AssociationFilter(), isCascading: isCascading)
        }
        #expect(throws: APIError.associationFrozen(Self.association)) {
            try deletion(isCascading: false).decide(table)
        }
        for record in try deletion(isCascading: true).decide(table) { table.apply(record) }
        #expect(table.associations.isEmpty && table.versions.isEmpty)
        #expect(table.nextID(context: ".c") == 2)
    }

    @Test(
        arguments: [
            ("a", "", true), (":.c:a", "", false), (":.c:a", ":.c:", true), ("a", ":.:a", true),
            (":.c:a", ":*:a", true), ("ab", ":*:a", true), (":.c:a", ":.d:", false),
        ])
    func prefixesAreOfTheDefaultContext(subject: String, prefix: String, matches: Bool) {
        #expect(SchemaTable.matches(subject, prefix) == matches)
    }

    /// Goal: what is written is read back, and equal keys are equal bytes.
    @Test func recordsGoThereAndBack() throws {
        var version = SchemaVersion(
            subject: "s", version: 2, id: 7,
            content: SchemaContent(
                kind: .json, text: #"{"type":"object"}"#,
                references: [SchemaReference(name: "n", subject: "o", version: 1)],
                metadata: SchemaMetadata(Self.metadata), ruleSet: RuleSet(Self.rules)))
        version.isDeleted = true
        var config = SubjectConfig()
        config.alias = "other"
        config.level = .full
        let records: [StoreRecord] = [
            .schema(version), .schemaRemoved(subject: "s", version: 2),
            .subjectDeleted("s", upTo: 2), .subjectsCleared(nil), .subjectsCleared(":.c:"),
            .config(subject: nil, config), .config(subject: "s", nil),
            .mode(subject: "s", .importing), .mode(subject: nil, nil),
            .context(".c", exists: true), .context(".c", exists: false), .other,
            .association(Self.association.key, Self.association),
            .association(Self.association.key, nil),
        ]
        for record in records {
            let read = try StoreRecord(
                key: record.key, value: record.value, milliseconds: nil)
            #expect(read == record)
        }
        #expect(
            String(decoding: StoreRecord.schemaRemoved(subject: "s", version: 2).key, as: UTF8.self)
                == #"{"keytype":"SCHEMA","subject":"s","version":2,"magic":1}"#)
    }

    /// Method: every prefix of a record; the outline must refuse each.
    @Test func recordsCutShortAreRefused() {
        let whole = Array(#"{"id":1,"schema":"a\"}b","references":[{"a":"]"}],"x":null}"#.utf8)
        #expect(RecordOutline(whole)?.members.map(\.name) == ["id", "schema", "references", "x"])
        for count in whole.indices { #expect(RecordOutline(Array(whole[..<count])) == nil) }
    }

    @Test func anIDKeepsItsFirstMeaning() {
        func version(_ subject: String, _ number: Int, _ id: Int, _ text: String) -> SchemaVersion {
            SchemaVersion(
                subject: subject, version: number, id: id,
                content: SchemaContent(kind: .avro, text: text))
        }
        var table = SchemaTable()
        let counts = [
            version("a", 1, 1, "x"), version("b", 1, 1, "x"), version("c", 1, 1, "y"),
            version("a", 1, 1, "y"), version(":.c:a", 1, 1, "y"),
        ].map { table.apply(.schema($0)) }
        #expect(counts == [true, true, false, false, true])
        #expect(table.versions["c"] == nil)
        #expect(table.nextID(context: ".") == 2 && table.nextID(context: ".c") == 2)
        table.apply(.schemaRemoved(subject: "a", version: 1))
        table.apply(.schemaRemoved(subject: "b", version: 1))
        // The schema that comes back gets the id that data was written with.
        #expect(table.id(of: SchemaContent(kind: .avro, text: "x"), context: ".") == 1)
        #expect(table.nextID(context: ".") == 2)
    }

    @Test func usersAreReadAndChecked() throws {
        let users = try RegistryUsers(
            parsing: "# all\n\nalice: secret,admin\nbob=MD5:662f707d5491e9bce8238a6c0be92190\n",
            from: "users")
        func header(_ text: String) -> String { "Basic " + base64(Array(text.utf8)) }
        #expect(users.allows(header("alice:secret")))
        #expect(users.allows(header("bob:hidden")))
        for wrong in ["alice:", "alice:secre", "alice:secret1", "bob:x", "carol:secret", "alice"] {
            #expect(!users.allows(header(wrong)))
        }
        #expect(!users.allows(nil) && !users.allows("Basic ???") && !users.allows("Bearer x"))
        #expect(users.anyone?.name == "alice")
        #expect(throws: RegistryServerError.self) {
            try RegistryUsers(parsing: "no user here", from: "users")
        }
    }

    /// Goal: a file written on Windows names the same users, though it begins with a comment.
    @Test(arguments: ["\n", "\r\n", "\r"])
    func linesOfUsersEndInEveryWay(end: String) throws {
        let text = ["# all", "alice: secret", "bob=hidden,admin", ""].joined(separator: end)
        #expect(
            try RegistryUsers(parsing: text, from: "users")
                == RegistryUsers(["alice": "secret", "bob": "hidden"]))
    }

    private func base64(_ bytes: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var out = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0..<4 {
                out.append(place > group.count ? "=" : letters[bits >> (18 - 6 * place) & 63])
            }
        }
        return out
    }
}
