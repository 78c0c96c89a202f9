// Roles without a store: bcrypt's vectors, statements as values, and who may do what.

import CQLProtocol
import Testing

@testable import CQLStore

@Suite struct BcryptTests {
    /// Made by libxcrypt, cost 10, and jBCrypt, cost 4.
    @Test func knownHashesMatch() {
        #expect(
            Bcrypt.matches(
                "cassandra", "$2a$10$abcdefghijklmnopqrstuuPIDYShSVymzTyiCnYIYf1zEE0Em7i8."))
        #expect(
            Bcrypt.matches(
                "super_secret_thing",
                "$2a$04$PoiUnv/9OZ5nYjlN087uIe5KLMV6yJfDkgKAAHO0pRVTEvB3UQU/i"))
    }

    @Test func ownHashesMatchTheirPasswordAlone() {
        let hash = Bcrypt.hash("p\u{e4}ss", salt: Bcrypt.randomSalt())
        #expect(hash.count == 60)
        #expect(Bcrypt.matches("p\u{e4}ss", hash))
        #expect(!Bcrypt.matches("pass", hash))
    }

    @Test(arguments: ["", "$2a$10$", "$2b$10$abcdefghijklmnopqrstuu", "$2a$31$", "plain"])
    func whatIsNoHashIsRefused(_ text: String) {
        #expect(!Bcrypt.isHash(text))
        #expect(!Bcrypt.matches("x", text))
    }
}

@Suite struct RoleEditorTests {
    private static let schema = Schema(
        version: .random(), keyspaces: ["ks": Keyspace(name: "ks", replication: [])])

    private func parse(_ text: String) throws -> CQLRoleStatement {
        guard case .role(let role) = try CQLParser.parse(text) else {
            throw StatementError.invalid("no statement about roles")
        }
        return role
    }

    private func access(_ state: AuthState, _ user: String?) -> Access {
        Access(
            state: state, authenticator: .password, authorizer: .cassandra,
            dataCenter: "datacenter1", user: user)
    }

    /// Runs statements one after the other.
    private func state(after texts: [String], as user: String = "cassandra") throws -> AuthState {
        var state = try AuthState([:])
        for text in texts { state = try run(text, on: state, as: user)?.state ?? state }
        return state
    }

    private func run(
        _ text: String, on state: AuthState, as user: String?
    ) throws -> AuthEdit? {
        let context = EvaluationContext(nowMicroseconds: 0, ids: TimeIDSource())
        let editor = RoleEditor(
            access: access(state, user), schema: Self.schema, keyspace: nil, context: context)
        return try editor.apply(parse(text))
    }

    @Test func anEmptyStoreKnowsTheFirstSuperuser() throws {
        let state = try AuthState([:])
        #expect(state.rights(of: "cassandra").isSuper)
        #expect(state.rights(of: "nobody").roles.isEmpty)
    }

    @Test func rightsComeByMembership() throws {
        let state = try state(after: [
            "CREATE ROLE a", "CREATE ROLE b", "CREATE ROLE c", "GRANT a TO b", "GRANT b TO c",
            "GRANT SELECT ON KEYSPACE ks TO a",
        ])
        let table = CQLResource.table(CQLName(keyspace: "ks", "t"))
        #expect(access(state, "c").has(.select, on: table))
        #expect(!access(state, "c").has(.modify, on: table))
        #expect(!access(state, "c").has(.select, on: .allKeyspaces))
        #expect(throws: StatementError.invalid("c is a member of a")) {
            try run("GRANT c TO a", on: state, as: "cassandra")
        }
    }

    @Test func droppingARoleTakesWhatWasGrantedOnIt() throws {
        let state = try state(after: [
            "CREATE ROLE a", "CREATE ROLE b", "GRANT a TO b", "GRANT ALTER ON ROLE a TO b",
            "DROP ROLE a",
        ])
        #expect(state.roles["b"]?.memberOf.isEmpty == true)
        #expect(state.roles["b"]?.permissions.isEmpty == true)
    }

    @Test func ofOneselfOnlyThePasswordMayChange() throws {
        let state = try state(after: ["CREATE ROLE a"])
        #expect(throws: StatementError.unauthorized("You aren't allowed to alter LOGIN")) {
            try run("ALTER ROLE a WITH LOGIN = true", on: state, as: "a")
        }
        #expect(throws: StatementError.self) { try run("CREATE ROLE x", on: state, as: "a") }
        #expect(throws: StatementError.self) { try run("CREATE ROLE x", on: state, as: nil) }
    }

    @Test func documentsKeepARole() throws {
        var role = Role(name: "a/b")
        role.canLogin = true
        role.memberOf = ["x"]
        role.permissions = ["data/ks": [.select, .modify]]
        #expect(RoleStorage.role(RoleStorage.document(role)) == role)
    }

    @Test(arguments: [
        CQLResource.allKeyspaces, .keyspace("k"), .allTables(keyspace: "k"),
        .table(CQLName(keyspace: "k", "t")), .allRoles, .role("a/b"), .allFunctions,
        .functions(keyspace: "k"), .allMBeans, .mbean("a:b=c/d"),
    ])
    func resourcesAreFoundByTheirNames(_ resource: CQLResource) {
        #expect(CQLResource(name: resource.name) == resource)
    }

    @Test func passwordsAreNotShown() {
        #expect(
            PasswordObfuscator.shown("CREATE ROLE r WITH PASSWORD = 'secret' AND LOGIN = true")
                == "CREATE ROLE r WITH PASSWORD *******")
        #expect(PasswordObfuscator.shown("SELECT * FROM t") == "SELECT * FROM t")
    }
}

@Suite struct CredentialsTests {
    private func read(_ text: String) -> Result<Credentials, StatementError> {
        Credentials.read(Array(text.utf8))
    }

    @Test func plainTokensAreRead() throws {
        let found = try read("\u{0}user\u{0}pass").get()
        #expect(found.name == "user" && found.password == "pass")
        #expect(try read("other\u{0}user\u{0}pass").get().name == "user")
    }

    @Test(arguments: [
        "", "user", "\u{0}user", "\u{0}user\u{0}", "\u{0}\u{0}pass", "a\u{0}b\u{0}c\u{0}d",
    ])
    func badTokensAreRefused(_ text: String) {
        #expect(throws: StatementError.self) { try read(text).get() }
    }
}
