// Parses what is said about roles, users, permissions and identities.
// Source: Cassandra's Parser.g, rules createRoleStatement to dropIdentityStatement.

extension CQLParser {
    // MARK: Roles and users

    /// `ROLE …` or `USER …` behind CREATE.
    mutating func createRole() throws(CQLSyntaxError) -> CQLStatement {
        let isUser = isWord("user")
        at += 1
        let ifNotExists = try ifNotExists()
        let name = isUser ? try userName() : try roleName()
        var options = CQLRoleOptions()
        if isUser {
            try userOptions(&options)
            options.canLogin = true
            options.isSuperuser = options.isSuperuser ?? false
        } else if takeWord("with") {
            try roleOptions(&options)
        }
        return .role(.create(name, options, ifNotExists: ifNotExists))
    }

    mutating func alterRole() throws(CQLSyntaxError) -> CQLStatement {
        let isUser = isWord("user")
        at += 1
        let ifExists = try ifExists()
        let name = isUser ? try userName() : try roleName()
        var options = CQLRoleOptions()
        if isUser {
            try userOptions(&options)
        } else if takeWord("with") {
            try roleOptions(&options)
        }
        return .role(.alter(name, options, ifExists: ifExists))
    }

    mutating func dropRole() throws(CQLSyntaxError) -> CQLStatement {
        let isUser = isWord("user")
        at += 1
        let ifExists = try ifExists()
        return .role(.drop(isUser ? try userName() : try roleName(), ifExists: ifExists))
    }

    /// Unquoted names are folded; strings and quoted names are not.
    private mutating func roleName() throws(CQLSyntaxError) -> String {
        switch token.kind {
        case .word where !CQLKeywords.reserved.contains(token.folded):
            defer { at += 1 }
            return token.folded
        case .string, .quotedName:
            defer { at += 1 }
            return token.text
        case .symbol where isSymbol("?"):
            throw failure("Bind variables cannot be used for role names")
        default: throw noAlternative()
        }
    }

    /// As Cassandra has it, a user's name keeps its case.
    private mutating func userName() throws(CQLSyntaxError) -> String {
        switch token.kind {
        case .word where !CQLKeywords.reserved.contains(token.folded), .string:
            defer { at += 1 }
            return token.text
        case .quotedName:
            throw failure(
                "Quoted strings are are not supported for user names and USER is deprecated, "
                    + "please use ROLE")
        case .symbol where isSymbol("?"):
            throw failure("Bind variables cannot be used for user names")
        default: throw noAlternative()
        }
    }

    private mutating func string() throws(CQLSyntaxError) -> String {
        guard token.kind == .string else { throw unexpected(expecting: "STRING_LITERAL") }
        defer { at += 1 }
        return token.text
    }

    private mutating func userOptions(
        _ options: inout CQLRoleOptions
    ) throws(CQLSyntaxError) {
        if takeWord("with") {
            if takeWord("hashed") {
                try word("password")
                options.hashedPassword = try string()
            } else {
                try word("password")
                options.password = try string()
            }
        }
        if takeWord("superuser") {
            options.isSuperuser = true
        } else if takeWord("nosuperuser") {
            options.isSuperuser = false
        }
    }

    private mutating func roleOptions(
        _ options: inout CQLRoleOptions
    ) throws(CQLSyntaxError) {
        repeat { try roleOption(&options) } while takeWord("and")
    }

    private mutating func roleOption(
        _ options: inout CQLRoleOptions
    ) throws(CQLSyntaxError) {
        if takeWord("password") {
            guard options.password == nil else { throw repeated("PASSWORD") }
            try symbol("=")
            options.password = try string()
        } else if takeWord("hashed") {
            guard options.hashedPassword == nil else { throw repeated("HASHED_PASSWORD") }
            try word("password")
            try symbol("=")
            options.hashedPassword = try string()
        } else if takeWord("superuser") {
            guard options.isSuperuser == nil else { throw repeated("SUPERUSER") }
            options.isSuperuser = try boolean()
        } else if takeWord("login") {
            guard options.canLogin == nil else { throw repeated("LOGIN") }
            options.canLogin = try boolean()
        } else if takeWord("options") {
            guard options.options == nil else { throw repeated("OPTIONS") }
            try symbol("=")
            options.options = try list("{", "}", mayBeEmpty: true) {
                parser throws(CQLSyntaxError) in
                let key = try parser.constantText()
                try parser.symbol(":")
                return CQLOptionEntry(key: key, value: try parser.constantText())
            }
        } else if takeWord("access") {
            try access(&options)
        } else {
            throw noAlternative()
        }
    }

    private mutating func access(_ options: inout CQLRoleOptions) throws(CQLSyntaxError) {
        if takeWord("to") {
            guard options.dataCenters == nil else { throw repeated("ACCESS TO DATACENTERS") }
            if takeWord("all") {
                try word("datacenters")
                options.dataCenters = .all
            } else {
                try word("datacenters")
                options.dataCenters = .only(
                    try list("{", "}") { parser throws(CQLSyntaxError) in try parser.string() })
            }
            return
        }
        try word("from")
        guard options.cidrGroups == nil else { throw repeated("ACCESS FROM CIDRS") }
        if takeWord("all") {
            try word("cidrs")
            options.cidrGroups = .all
        } else {
            try word("cidrs")
            options.cidrGroups = .only(
                try list("{", "}") { parser throws(CQLSyntaxError) in try parser.string() })
        }
    }

    private func repeated(_ option: String) -> CQLSyntaxError {
        failure("Multiple definition for property '\(option)'")
    }

    private mutating func boolean() throws(CQLSyntaxError) -> Bool {
        try symbol("=")
        if takeWord("true") { return true }
        guard takeWord("false") else { throw unexpected(expecting: "BOOLEAN") }
        return false
    }

    /// A constant of a map, as its text.
    private mutating func constantText() throws(CQLSyntaxError) -> String {
        let sign = takeSymbol("-") ? "-" : ""
        switch token.kind {
        case .string, .integer, .float, .uuid, .hex, .duration: break
        case .word where ["true", "false", "nan", "infinity"].contains(token.folded): break
        default: throw noAlternative()
        }
        defer { at += 1 }
        return sign + token.text
    }

    // MARK: GRANT, REVOKE, LIST

    /// `GRANT role TO role` or `GRANT permissions ON resource TO role`; REVOKE says FROM.
    mutating func grantOrRevoke() throws(CQLSyntaxError) -> CQLStatement {
        let grants = isWord("grant")
        at += 1
        if let permissions = try permissions(before: "on") {
            try word("on")
            let resource = try resource()
            let able = permissions.filter { resource.applicable.contains($0) }
            guard !able.isEmpty else {
                throw failure(
                    "Resource type \(resource.kind) does not support any of the requested "
                        + "permissions")
            }
            try word(grants ? "to" : "from")
            let role = try roleName()
            return .role(
                grants
                    ? .grant(able, on: resource, to: role)
                    : .revoke(able, on: resource, from: role))
        }
        let role = try roleName()
        try word(grants ? "to" : "from")
        let other = try roleName()
        return .role(grants ? .grantRole(role, to: other) : .revokeRole(role, from: other))
    }

    mutating func listStatement() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        if takeWord("users") { return .role(.listUsers) }
        if takeWord("superusers") { return .role(.listSuperusers) }
        if takeWord("roles") {
            let of = takeWord("of") ? try roleName() : nil
            return .role(.listRoles(of: of, recursive: !takeWord("norecursive")))
        }
        guard let permissions = try permissions(before: nil) else { throw noAlternative() }
        let resource = takeWord("on") ? try resource() : nil
        let of = takeWord("of") ? try roleName() : nil
        return .role(
            .listPermissions(
                permissions, on: resource, of: of, recursive: !takeWord("norecursive")))
    }

    /// - Parameter next: the word that must follow, by which a role of a permission's name is told
    ///   from the permission.
    /// - Returns: `nil` when there are none, and then nothing is taken.
    private mutating func permissions(
        before next: String?
    ) throws(CQLSyntaxError) -> [CQLPermission]? {
        let mark = self
        if takeWord("all") {
            takeWord("permissions")
            return CQLPermission.allCases
        }
        var permissions: [CQLPermission] = []
        repeat {
            guard token.kind == .word,
                let permission = CQLPermission(rawValue: token.text.uppercased())
            else {
                guard permissions.isEmpty else { throw noAlternative() }
                self = mark
                return nil
            }
            at += 1
            takeWord("permission")
            permissions.append(permission)
        } while takeSymbol(",")
        if permissions.count == 1, let next, !isWord(next), isWord("to") || isWord("from") {
            self = mark
            return nil
        }
        return permissions
    }

    private mutating func resource() throws(CQLSyntaxError) -> CQLResource {
        if isWord("all") {
            at += 1
            if takeWord("keyspaces") { return .allKeyspaces }
            if takeWord("roles") { return .allRoles }
            if takeWord("mbeans") { return .allMBeans }
            if takeWords("tables", "in", "keyspace") { return .allTables(keyspace: try name()) }
            try word("functions")
            return takeWords("in", "keyspace") ? .functions(keyspace: try name()) : .allFunctions
        }
        // Words that begin a resource, unless they are the name of a table.
        let isAlone = isSymbol(".", ahead: 1) || isWord("to", ahead: 1) || isWord("from", ahead: 1)
        if !isAlone {
            if takeWord("keyspace") { return .keyspace(try name()) }
            if takeWord("role") { return .role(try roleName()) }
            if takeWord("mbean", or: "mbeans") { return .mbean(try string()) }
            if takeWord("function") { return try function() }
            takeWord("table", or: "columnfamily")
        }
        return .table(try qualifiedName())
    }

    private mutating func function() throws(CQLSyntaxError) -> CQLResource {
        let name = try qualifiedName()
        guard isSymbol("(") else { return .function(name, arguments: nil) }
        return .function(
            name,
            arguments: try list(mayBeEmpty: true) { parser throws(CQLSyntaxError) in
                try parser.type()
            })
    }

    // MARK: Identities

    mutating func addIdentity() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        try word("identity")
        let ifNotExists = try ifNotExists()
        let identity = try string()
        try word("to")
        try word("role")
        return .role(.addIdentity(identity, role: try roleName(), ifNotExists: ifNotExists))
    }

    /// `IDENTITY …` behind DROP.
    mutating func dropIdentity() throws(CQLSyntaxError) -> CQLStatement {
        at += 1
        let ifExists = try ifExists()
        return .role(.dropIdentity(try string(), ifExists: ifExists))
    }
}
