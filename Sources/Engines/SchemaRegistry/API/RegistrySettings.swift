// Compatibility levels and modes: of all subjects, and of one.

import MillraceBase
import MillraceSchemas

extension RegistryAPI {
    func config(_ request: RegistryRequest, _ subject: String?) async throws(APIError)
        -> RegistryAnswer
    {
        switch request.method {
        case .get:
            let table = await store.table
            guard let subject else { return Self.level(table.globalLevel) }
            if let own = table.ownLevel(of: subject) { return Self.level(own) }
            guard request.flag("defaultToGlobal") else { throw .noSubjectLevel(subject) }
            return Self.level(table.globalLevel)
        case .put:
            let text = try request.json()["compatibility"]?.string?.uppercased() ?? ""
            guard let level = CompatibilityLevel(rawValue: text) else { throw .invalidLevel }
            try await store.change { _ in ([.compatibility(subject: subject, level)], ()) }
            return .json(["compatibility": .string(level.rawValue)])
        case .delete:
            let was = try await store.change { table throws(APIError) in
                let was = subject.map { table.ownLevel(of: $0) } ?? table.globalLevel
                guard let was else { throw .noSubjectLevel(subject ?? "") }
                return ([.compatibility(subject: subject, nil)], was)
            }
            return Self.level(was)
        case .post: throw .methodNotAllowed
        }
    }

    private static func level(_ level: CompatibilityLevel) -> RegistryAnswer {
        .json(["compatibilityLevel": .string(level.rawValue)])
    }

    func mode(_ request: RegistryRequest, _ subject: String?) async throws(APIError)
        -> RegistryAnswer
    {
        switch request.method {
        case .get:
            let table = await store.table
            guard let subject else { return Self.mode(table.globalMode) }
            if let own = table.ownMode(of: subject) { return Self.mode(own) }
            guard request.flag("defaultToGlobal") else { throw .noSubjectMode(subject) }
            return Self.mode(table.globalMode)
        case .put:
            let text = try request.json()["mode"]?.string?.uppercased() ?? ""
            guard let mode = RegistryMode(rawValue: text) else { throw .invalidMode }
            let isForced = request.flag("force")
            try await store.change { table throws(APIError) in
                let hasSchemas =
                    subject.map { !table.versions(of: $0, deleted: false).isEmpty }
                    ?? !table.subjects(deleted: false).isEmpty
                guard mode != .importing || isForced || !hasSchemas else {
                    throw .notPermitted("Cannot import since found existing subjects")
                }
                return ([.mode(subject: subject, mode)], ())
            }
            return Self.mode(mode)
        case .delete:
            let was = try await store.change { table throws(APIError) in
                let was = subject.map { table.ownMode(of: $0) } ?? table.globalMode
                guard let was else { throw .noSubjectMode(subject ?? "") }
                return ([.mode(subject: subject, nil)], was)
            }
            return Self.mode(was)
        case .post: throw .methodNotAllowed
        }
    }

    private static func mode(_ mode: RegistryMode) -> RegistryAnswer {
        .json(["mode": .string(mode.rawValue)])
    }
}
